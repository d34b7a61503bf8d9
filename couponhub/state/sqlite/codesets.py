"""Code sets as plain private files beside the database, one code per line."""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import attrs

from couponhub.models import ListId, UploadId
from couponhub.state.codesets import TextCodeSet
from couponhub.state.reaped import Reaped
from couponhub.state.sqlite.files import file_name, private_folder, sync_folder
from couponhub.state.workspaces import reap_workspaces, workspace

SetKey = tuple[UploadId, int]
"""An upload, and the number of its part."""

DAY = 86_400.0
_KEPT = ".txt"
_RECORD = ".rows"
_AGED = ".aged-"
"""Followed by when that was, in seconds since the epoch."""
_INDEX = ".index"
BETWEEN_LOOKS = 7 * DAY
"""A clock that is a year ahead is noticed, and set right, within that."""


@attrs.frozen
class CodeSets:
    """The folder of code sets: `<connection>/<list>/<upload>.<part>.txt`, all of it private.

    Names that begin with a dot are not connections: `.work` is where files are prepared, `.locks` says who
    is sending. A set that seems too old has `.aged-` and a time at its end, and counts until it is removed. Beside a large one
    lies an `.index`, made anew from the set when it is missing. The
    folder of a list is never removed: one that is missing was lost. `<upload>.rows` is the record of an upload's rows, which
    goes as the sets do.
    """

    folder: Path

    def path(self, connection: str, list_id: ListId, upload_id: UploadId, number: int) -> Path:
        """Return where the code set of a part is put; see `kept` for where it is."""
        return self.of_list(connection, list_id) / f"{set_name(upload_id, number)}{_KEPT}"

    def kept(self, connection: str, list_id: ListId) -> Mapping[SetKey, TextCodeSet]:
        """Return the code sets of a list that are there; none where the list's folder is not.

        Raises:
            OSError: They cannot be read, which is not to be taken for absence.
        """
        return self.kept_in(self.of_list(connection, list_id))

    def kept_in(self, folder: Path) -> dict[SetKey, TextCodeSet]:
        """Return the code sets in the folder of a list.

        Raises:
            OSError: They cannot be read.
        """
        try:
            names = os.listdir(folder)  # noqa: PTH208 - raises for what cannot be read; globs take that for empty
        except FileNotFoundError:
            return {}
        return {
            _key(_stem(name)): TextCodeSet(folder / name, folder / f"{_stem(name)}{_INDEX}")
            for name in sorted(names)
            if _is_of(_KEPT, name)
        }

    def record_path(self, connection: str, list_id: ListId, upload_id: UploadId) -> Path:
        """Return where the record of an upload's rows is put; see `records_in` for where it is."""
        return self.of_list(connection, list_id) / f"{upload_id}{_RECORD}"

    def records_in(self, folder: Path) -> dict[UploadId, Path]:
        """Return the records of rows in the folder of a list; none where it is not there.

        Raises:
            OSError: They cannot be read.
        """
        try:
            names = os.listdir(folder)  # noqa: PTH208 - as above
        except FileNotFoundError:
            return {}
        return {
            UploadId(name.partition(_AGED)[0].removesuffix(_RECORD)): folder / name
            for name in sorted(names)
            if _is_of(_RECORD, name)
        }

    def has_folder(self, connection: str, list_id: ListId) -> bool:
        """Return True when there is a folder for the list, as there is once codes were sent to it.

        Raises:
            OSError: Nobody can tell.
        """
        try:
            self.of_list(connection, list_id).stat()
        except FileNotFoundError:
            return False
        return True

    def all_kept(self) -> Iterator[tuple[SetKey, TextCodeSet]]:
        """Give every code set that is there, of all lists."""
        for folder in self.folder.glob("[!.]*/*"):
            yield from self.kept_in(folder).items()

    def of_list(self, connection: str, list_id: ListId) -> Path:
        """Return the folder of a list's code sets."""
        return self.folder / file_name(connection) / file_name(list_id)

    def keep(self, codes: Path, path: Path) -> None:
        """Move a file of codes, or a record, to its place for good."""
        private_folder(path.parent)
        codes.chmod(0o600)
        with codes.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(codes, path)  # noqa: PTH105 - says better than Path.replace which is which
        sync_folder(path.parent)

    def workspace(self) -> AbstractContextManager[Path]:
        """Give a private folder on the same file system, which ends with the block.

        What killed processes left of theirs is removed first.
        """
        return workspace(self.folder / ".work")

    def reap(self) -> Reaped:
        """Remove the folders of killed processes; those of living ones stay."""
        return reap_workspaces(self.folder / ".work")

    def purge(self, days: int, now: float) -> None:
        """Remove code sets and records older than that, in two steps, for codes that are forgotten may go out twice.

        What seems too old is laid aside, where it still counts. It is removed when the clock says the same a week
        later, and put back when it does not any more.

        Args:
            days: Of retention.
            now: Seconds since the epoch.
        """
        for path in self.folder.glob(f"[!.]*/*/*{_AGED}*"):
            name, _, since = path.name.partition(_AGED)
            if age_of(path, now) <= days * DAY:
                _rename(path, name)
            elif since.isdecimal() and now - float(since) >= BETWEEN_LOOKS:
                path.unlink(missing_ok=True)
                path.with_name(f"{_stem(path.name)}{_INDEX}").unlink(missing_ok=True)
        for ending in (_KEPT, _RECORD):
            for path in self.folder.glob(f"[!.]*/*/*{ending}"):
                if age_of(path, now) > days * DAY:
                    _rename(path, f"{path.name}{_AGED}{now:.0f}")


def set_name(upload_id: UploadId, number: int) -> str:
    """Return what names the code set of a part among those of its list."""
    return f"{upload_id}.{number}"


def _key(name: str) -> SetKey:
    upload_id, _, number = name.rpartition(".")
    # Of no upload of ours, and a code set all the same.
    return (UploadId(upload_id), int(number)) if number.isdecimal() else (UploadId(name), 0)


def _stem(name: str) -> str:
    return name.partition(_AGED)[0].removesuffix(_KEPT)


def _is_of(ending: str, name: str) -> bool:
    return name.partition(_AGED)[0].endswith(ending)


def _rename(path: Path, name: str) -> None:
    with suppress(FileNotFoundError):  # another process was faster
        path.rename(path.with_name(name))


def age_of(path: Path, now: float) -> float:
    """Return the seconds since a file was last written; 0.0 for one that is gone."""
    try:
        return now - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
