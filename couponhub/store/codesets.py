"""Code sets: the codes of each part as a plain private file beside the database, one per line."""

import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import attrs

from couponhub.errors import LocalError
from couponhub.models import ListId, UploadId
from couponhub.store.living import Swept, living, remove_folder, sweep_all

_DAY = 86_400.0
_LOCK = ".lock"
_KEPT = ".txt"
_ASIDE = ".txt.aged-"
"""Followed by when that was, in seconds since the epoch."""
_BETWEEN_LOOKS = 7 * _DAY
"""A clock that is a year ahead is noticed, and set right, within that."""


@attrs.frozen
class CodeSets:
    """The folder of code sets: `<connection>/<list>/<upload>.<part>.txt`, all of it private.

    Names that begin with a dot are not connections: `.work` is where files are prepared, `.locks` says who
    is sending. A set that seems too old has `.aged-` and a time at its end, and counts until it is removed. The
    folder of a list is never removed: one that is missing was lost.
    """

    folder: Path

    def path(self, connection: str, list_id: ListId, upload_id: UploadId, number: int) -> Path:
        """Where the code set of a part is put; see `kept` for where it is."""
        return self.of_list(connection, list_id) / f"{set_name(upload_id, number)}{_KEPT}"

    def kept(self, connection: str, list_id: ListId) -> Mapping[str, Path]:
        """The code sets of a list that are there, by `set_name`; empty where the list's folder is not.

        Raises:
            OSError: They cannot be read, which is not to be taken for absence.
        """
        return _kept_in(self.of_list(connection, list_id))

    def has_folder(self, connection: str, list_id: ListId) -> bool:
        """Whether there is a folder for the list, as there is once codes were sent to it.

        Raises:
            OSError: Nobody can tell.
        """
        try:
            self.of_list(connection, list_id).stat()
        except FileNotFoundError:
            return False
        return True

    def all_kept(self) -> Iterator[tuple[str, Path]]:
        """Every code set that is there, with its `set_name`."""
        for folder in self.folder.glob("[!.]*/*"):
            yield from _kept_in(folder).items()

    def of_list(self, connection: str, list_id: ListId) -> Path:
        """The folder of a list's code sets."""
        return self.folder / _file_name(connection) / _file_name(list_id)

    def lock_path(self, connection: str, list_id: ListId) -> Path:
        """The file that is locked by whoever is sending to the list."""
        folder = _private_folder(self.folder / ".locks" / _file_name(connection))
        return folder / f"{_file_name(list_id)}.lock"

    def keep(self, codes: Path, path: Path) -> None:
        """Move a file of codes to its place for good."""
        _private_folder(path.parent)
        with codes.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(codes, path)  # noqa: PTH105 - says better than Path.replace which is which
        _sync(path.parent)

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """Give a private folder on the same file system, which ends with the block.

        What killed processes left of theirs is removed first.
        """
        self.sweep()
        with ExitStack() as job:
            try:
                home = _private_folder(self.folder / ".work")
                lock = job.enter_context(
                    living(lambda: home / f"{secrets.token_hex(8)}{_LOCK}", remove_folder)
                )
                folder = lock.with_suffix("")
                folder.mkdir(mode=0o700)
            except OSError as error:
                raise LocalError(f"no files can be written in {self.folder}: {error.strerror}") from error
            yield folder

    def sweep(self) -> Swept:
        """Remove the folders of killed processes; those of living ones stay."""
        return sweep_all(self.folder.glob(f".work/*{_LOCK}"), remove_folder)

    def purge(self, days: int) -> None:
        """Remove code sets older than that, in two steps, for codes that are forgotten may go out twice.

        What seems too old is laid aside, where it still counts. It is removed when the clock says the same a week
        later, and put back when it does not any more.
        """
        now = time.time()
        for path in self.folder.glob(f"[!.]*/*/*{_ASIDE}*"):
            name, _, since = path.name.partition(_ASIDE)
            if _age(path, now) <= days * _DAY:
                _rename(path, f"{name}{_KEPT}")
            elif since.isdecimal() and now - float(since) >= _BETWEEN_LOOKS:
                path.unlink(missing_ok=True)
        for path in self.folder.glob(f"[!.]*/*/*{_KEPT}"):
            if _age(path, now) > days * _DAY:
                _rename(path, f"{path.name.removesuffix(_KEPT)}{_ASIDE}{now:.0f}")


def set_name(upload_id: UploadId, number: int) -> str:
    """What names the code set of a part among those of its list."""
    return f"{upload_id}.{number}"


def _kept_in(folder: Path) -> dict[str, Path]:
    try:
        names = os.listdir(folder)  # noqa: PTH208 - raises for what cannot be read; globs take that for empty
    except FileNotFoundError:
        return {}
    return {
        name.partition(_ASIDE)[0].removesuffix(_KEPT): folder / name
        for name in sorted(names)
        if name.endswith(_KEPT) or _ASIDE in name
    }


def _rename(path: Path, name: str) -> None:
    with suppress(FileNotFoundError):  # another process was faster
        path.rename(path.with_name(name))


def _sync(folder: Path) -> None:
    """Make names in a folder outlive a power cut, as the database's rows do that speak of them."""
    if os.name == "nt":
        return  # folders cannot be opened there
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _private_folder(path: Path) -> Path:
    # Not mkdir(parents=True), which gives the mode to the last folder only.
    for folder in reversed((path, *path.parents)):
        folder.mkdir(mode=0o700, exist_ok=True)
    return path


def _file_name(text: str) -> str:
    encoded = quote(text, safe="")
    return f"%2E{encoded[1:]}" if encoded.startswith(".") else encoded


def _age(path: Path, now: float) -> float:
    try:
        return now - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
