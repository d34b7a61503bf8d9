"""Files of jobs beside the code sets, so that whoever drives a job next needs nothing else."""

import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import unquote

from couponhub.models import JobId
from couponhub.state.erased_rows import without_rows
from couponhub.state.ledger import IsForgotten
from couponhub.state.sqlite.codesets import BETWEEN_LOOKS, DAY, CodeSets, age_of
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.state.sqlite.files import file_name, sync_folder
from couponhub.state.sqlite.locks import FileLocks
from couponhub.state.sqlite.opening import told_as_local

_LOCK = ("job files",)
_MARK = ".erasures"
_AGED = ".aged-"
"""Followed by when a folder first seemed too old, in seconds since the epoch: the name of an empty file beside it."""


class SqliteJobFiles:
    """`JobFiles` on one machine: `codes/.jobs/<job>/<name>`, all of it private.

    Args:
        store: The database that knows the jobs.
        clock: Of the age of files, in seconds since the epoch, for tests.
    """

    def __init__(self, store: LedgerDatabase, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._locks = FileLocks(store.layout)

    def workspace(self) -> AbstractContextManager[Path]:
        """As `JobFiles.workspace`."""
        return self._sets.workspace()

    def mark(self) -> bytes:
        """As `JobFiles.mark`."""
        with self._told():
            try:
                return (self._home / _MARK).read_bytes()
            except FileNotFoundError:
                return b""

    def put(self, job_id: JobId, name: str, path: Path, *, since: bytes | None = None) -> Path | None:
        """As `JobFiles.put`."""
        place = self._path(job_id, name)
        with self._told(), self._locks.hold(_LOCK, timeout=None):
            if not place.parent.exists():
                self._purge()
            if since is not None and since != self.mark():
                return None
            if not place.exists():
                self._sets.keep(path, place)
                sync_folder(place.parent.parent)  # the job's folder may be new
        return place

    def path(self, job_id: JobId, name: str) -> Path | None:
        """As `JobFiles.path`."""
        place = self._path(job_id, name)
        with self._told():
            return place if place.exists() else None

    def names(self, job_id: JobId) -> tuple[str, ...]:
        """As `JobFiles.names`."""
        with self._told():
            try:
                found = os.listdir(self._folder(job_id))  # noqa: PTH208 - raises for what cannot be read; globs take that for empty
            except FileNotFoundError:
                return ()
        return tuple(sorted(map(unquote, found)))

    def drop(self, job_id: JobId, *names: str) -> None:
        """As `JobFiles.drop`."""
        with self._told():
            for name in names:
                self._path(job_id, name).unlink(missing_ok=True)
            if not names and self._folder(job_id).exists():
                shutil.rmtree(self._folder(job_id))

    def forget(self, is_forgotten: IsForgotten) -> int:
        """Remove the rows of customers; each file is replaced as a whole. Return how many rows went."""
        home = self._home
        if not home.exists():
            return 0
        with self._locks.hold(_LOCK, timeout=None):
            removed = sum(self._forget(path, is_forgotten) for path in sorted(home.glob("*/*")))
            # Also when nothing went: whoever makes a file may have read what an erasure that was killed removed.
            with self._sets.workspace() as folder:
                (folder / _MARK).write_bytes(secrets.token_bytes(16))
                self._sets.keep(folder / _MARK, home / _MARK)
        return removed

    def _forget(self, path: Path, is_forgotten: IsForgotten) -> int:
        try:
            with self._sets.workspace() as folder:
                rest = folder / "rest"
                removed = without_rows(path, rest, is_forgotten)
                if removed:
                    self._sets.keep(rest, path)
        except FileNotFoundError:
            return 0  # the job has dropped it meanwhile
        return removed

    def _purge(self) -> None:
        """Remove the files of jobs that have ended, or are not known, when two looks agree that they are too old.

        Between the looks, a week at least, they can be read as ever: a clock that is ahead for a while takes none away.
        """
        now, days = self._clock(), self._store.settings.retention_days
        for folder in self._home.glob("*/"):
            notes = list(self._home.glob(f"{folder.name}{_AGED}*"))
            is_old = age_of(folder, now) > days * DAY and not self._goes_on(JobId(unquote(folder.name)))
            since = [note.name.rpartition("-")[2] for note in notes]
            if is_old and any(one.isdecimal() and now - float(one) >= BETWEEN_LOOKS for one in since):
                shutil.rmtree(folder)
            elif is_old and notes:
                continue
            elif is_old:
                (self._home / f"{folder.name}{_AGED}{now:.0f}").touch(mode=0o600)
            for note in notes:
                note.unlink(missing_ok=True)

    def _goes_on(self, job_id: JobId) -> bool:
        with self._store.reading() as database:
            found = database.execute("SELECT 1 FROM jobs WHERE id = ? AND status = 'pending'", (job_id,))
            return found.fetchone() is not None

    @contextmanager
    def _told(self) -> Iterator[None]:
        with told_as_local("store's files of jobs", lambda: self._home):
            yield

    @property
    def _sets(self) -> CodeSets:
        return CodeSets(self._store.layout.codes)

    @property
    def _home(self) -> Path:
        return self._store.layout.job_files

    def _folder(self, job_id: JobId) -> Path:
        return self._home / file_name(job_id)

    def _path(self, job_id: JobId, name: str) -> Path:
        return self._folder(job_id) / file_name(name)
