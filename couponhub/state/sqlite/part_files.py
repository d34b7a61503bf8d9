"""Prepared part files: kept beside the code sets until the vendor has ended the part, so that a job needs no source."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import attrs

from couponhub.models import Identifier, UploadId
from couponhub.state.erased_rows import without_lines
from couponhub.state.ledger import IsForgotten
from couponhub.state.records import UploadRecord
from couponhub.state.sqlite.codesets import BETWEEN_LOOKS, DAY, CodeSets, age_of, set_name
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.state.sqlite.files import file_name

_FILES = ".parts"
_ENDING = ".csv"
_AGED = ".aged-"
"""Followed by when a file first seemed too old, in seconds since the epoch: the name of an empty file beside it."""


@attrs.frozen
class PartFiles:
    """The files of one store: `codes/.parts/<connection>/<list>/<upload>.<part>.csv`, all of it private.

    Tagged ones hold customers. Each is whole from the moment on at which it is there.
    """

    store: LedgerDatabase

    def keep(self, upload: UploadRecord, files: Sequence[Path]) -> None:
        """Keep the files of an upload's parts for good; whoever uses them where they lie may go on."""
        for part, file in zip(upload.parts, files, strict=False):
            path = self._path(upload, part.number)
            copy = file.with_name(f"{file.name}.kept")
            try:
                os.link(file, copy)
            except OSError:  # a file system without links
                shutil.copyfile(file, copy)
                copy.chmod(0o600)
            self._sets.keep(copy, path)

    def find(self, upload: UploadRecord, number: int) -> Path | None:
        """Return the file of a part; None when it is not kept any more."""
        path = self._path(upload, number)
        return path if path.exists() else None

    def drop(self, upload: UploadRecord, numbers: Sequence[int]) -> None:
        """Remove the files of parts. What cannot be removed now goes when the job ends."""
        for number in numbers:
            with suppress(OSError):
                self._path(upload, number).unlink(missing_ok=True)

    def purge(self, days: int, now: float) -> None:
        """Remove files older than that, of jobs that nobody has gone on with, when two looks agree on their age.

        Between the looks, a week at least, a file can be sent as ever: a clock that is ahead for a while takes none away.

        Args:
            days: Of retention.
            now: Seconds since the epoch.
        """
        home = self.store.layout.codes / _FILES
        seen = set()
        for note in home.glob(f"*/*/*{_ENDING}{_AGED}*"):
            name, _, since = note.name.partition(_AGED)
            file = note.with_name(name)
            is_old = age_of(file, now) > days * DAY
            if is_old and not (since.isdecimal() and now - float(since) >= BETWEEN_LOOKS):
                seen.add(file)
                continue
            if is_old:
                file.unlink(missing_ok=True)
            note.unlink(missing_ok=True)
        for file in home.glob(f"*/*/*{_ENDING}"):
            if file not in seen and age_of(file, now) > days * DAY:
                file.with_name(f"{file.name}{_AGED}{now:.0f}").touch(mode=0o600)

    def forget(self, is_forgotten: IsForgotten) -> int:
        """Remove the rows of customers; each file is replaced as a whole. Return how many rows went."""
        return sum(self._forget(path, kind, is_forgotten) for path, kind in self._tagged())

    def _forget(self, path: Path, kind: Identifier, is_forgotten: IsForgotten) -> int:
        with self._sets.workspace() as folder:
            rest = folder / path.name
            try:
                removed = without_lines(path, rest, kind, is_forgotten)
                if removed:
                    with rest.open("rb+") as kept:
                        os.fsync(kept.fileno())
                    os.replace(rest, path)  # noqa: PTH105 - says better than Path.replace which is which
            except FileNotFoundError:
                return 0  # the vendor has ended the part meanwhile
        return removed

    def _tagged(self) -> Iterator[tuple[Path, Identifier]]:
        with self.store.reading() as database:
            rows = database.execute("SELECT id, tagging FROM uploads WHERE tagging IS NOT NULL").fetchall()
        tagging = {UploadId(row["id"]): Identifier(row["tagging"]) for row in rows}
        for path in sorted((self.store.layout.codes / _FILES).glob(f"*/*/*{_ENDING}")):
            upload_id, _, _ = path.name.removesuffix(_ENDING).rpartition(".")
            if (kind := tagging.get(UploadId(upload_id))) is not None:
                yield path, kind

    @property
    def _sets(self) -> CodeSets:
        return CodeSets(self.store.layout.codes)

    def _path(self, upload: UploadRecord, number: int) -> Path:
        folder = self.store.layout.codes / _FILES / file_name(upload.connection) / file_name(upload.list_id)
        return folder / f"{set_name(upload.id, number)}{_ENDING}"
