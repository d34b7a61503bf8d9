"""The usage index in SQLite: read by any number of processes while one writes, also where none may write."""

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from couponhub.errors import LocalError
from couponhub.forking import ProcessLock
from couponhub.state.hashing import HashKey
from couponhub.state.reaped import Reaped
from couponhub.state.settings import StoreSettings
from couponhub.state.sql.report_catalogue import CatalogueChange, CatalogueSnapshot
from couponhub.state.sqlite.files import sync_folder
from couponhub.state.sqlite.kept import KeptConnection
from couponhub.state.sqlite.layout import REPORTS, Layout
from couponhub.state.sqlite.lockfile import held_lockfile, reap, reap_all, remove_folder
from couponhub.state.sqlite.opening import (
    has_log,
    make_private,
    open_to_read,
    open_to_write,
    told_as_local,
)
from couponhub.state.sqlite.pages import SqlitePages
from couponhub.state.store_key import StoreKey

_WRITER_WAITS_SECONDS = 1800.0
"""An import of 20 million rows holds others off for a minute or two."""
_READER_WAITS_SECONDS = 5.0
_CACHE_KIB = 65_536
_T = TypeVar("_T")


class _NobodyWritesError(Exception):
    """Nobody writes now, and SQLite cannot make the files in which writers would show."""


class SqliteReportIndex:
    """A `ReportIndex` in a database of its own beside the ledger's. Safe with forked processes too.

    Nothing is made before the first write. Files are private (mode 0600).

    Args:
        settings: Of the store.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self.layout = Layout(settings)
        self._stored_key = StoreKey(settings, lambda: self.layout.key)
        self._path: str | None = None
        self._lock = ProcessLock()  # of the key
        self._reader = KeptConnection(self._opened_to_read)
        self._opened_file: tuple[int, int] | None = None
        self._key: HashKey | None = None

    def key(self) -> HashKey:
        """As `ReportIndex.key`."""
        path = self.layout.reports
        with self._lock, self._told():
            if self._key is None:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                is_new = not path.exists()
                self._key = self._stored_key.make() if is_new else self._stored_key.read()
            return self._key

    @contextmanager
    def reading(self) -> Iterator[CatalogueSnapshot | None]:
        """As `ReportIndex.reading`."""
        file = self._file()
        if file != self._opened_file:
            self.close()
        if file is None:
            yield None
            return
        with self._told(), ExitStack() as held:
            try:
                reader = held.enter_context(self._reader.used())
            except _NobodyWritesError:
                path = self.layout.reports
                once = open_to_read(path, busy_seconds=_READER_WAITS_SECONDS, nobody_writes=True)
                with closing(once):
                    yield self._found_in(once)
                return
            self._opened_file = file
            reader.execute("BEGIN")
            try:
                yield self._found_in(reader)
            finally:
                reader.execute("COMMIT")

    @contextmanager
    def changing(self) -> Iterator[CatalogueChange]:
        """As `ReportIndex.changing`."""
        key, path = self.key(), self.layout.reports
        with self._told():
            make_private(path)
            with closing(open_to_write(path, REPORTS, busy_seconds=_WRITER_WAITS_SECONDS)) as database:
                with self._transaction(database, key) as change:
                    yield change
                # Rows that were removed stand in the log too, until it is emptied, which readers may hold up.
                database.execute(f"PRAGMA busy_timeout = {_READER_WAITS_SECONDS * 1000:.0f}")
                database.execute("PRAGMA wal_checkpoint (TRUNCATE)")

    def change(self, work: Callable[[CatalogueChange], _T], workspace: Path) -> _T:
        """As `ReportIndex.change`."""
        if not self.layout.reports.exists():
            key, made = self.key(), workspace / "index.db"
            with self._told():
                make_private(made)
                # Nobody else sees it, and it ends with the workspace: it needs no log.
                with closing(open_to_write(made, REPORTS, busy_seconds=0, is_shared=False)) as database:
                    with self._transaction(database, key) as change:
                        done = work(change)
                    database.execute("PRAGMA journal_mode = WAL")
            if self._publish(made):
                return done
        with self.changing() as change:
            return work(change)

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """As `ReportIndex.workspace`."""
        folder = self.layout.imports
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for lock in folder.glob("*.lock"):
                reap(lock, partial(remove_folder, lock))
            with held_lockfile(lambda: folder / f"{secrets.token_hex(8)}.lock", remove_folder) as lock:
                home = lock.with_suffix("")
                home.mkdir(mode=0o700)
                yield home
        except OSError as error:
            raise LocalError(f"no files can be written in {folder}: {error.strerror}") from error

    def reap(self) -> Reaped:
        """Remove what killed processes left of their workspaces; those of living ones stay."""
        return reap_all(self.layout.imports.glob("*.lock"), remove_folder)

    def close(self) -> None:
        """Close the database; a later use opens it again."""
        self._reader.close()

    @contextmanager
    def _transaction(self, database: sqlite3.Connection, key: HashKey) -> Iterator[CatalogueChange]:
        database.execute("PRAGMA secure_delete = ON")
        database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        database.execute("BEGIN IMMEDIATE")
        try:
            self._begin(database, key)
            yield CatalogueChange(database, SqlitePages(database))
            database.execute("UPDATE state SET generation = generation + 1")
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:  # a full disk may have ended it already
                database.execute("ROLLBACK")
            raise

    def _publish(self, made: Path) -> bool:
        """Put an index in its place; False where somebody has made one meanwhile."""
        with self._told():
            try:
                os.link(made, self.layout.reports)  # not `rename`, which would replace that one
            except FileExistsError:
                return False
            sync_folder(self.layout.reports.parent)
            return True

    def _told(self) -> AbstractContextManager[None]:
        # Where it lies is asked for when it is to be told: each lookup comes here.
        return told_as_local("usage index", lambda: self.layout.reports)

    def _file(self) -> tuple[int, int] | None:
        if self._path is None:
            try:
                self._path = os.fspath(self.layout.reports.absolute())
            except LocalError:  # there is no place where an index could lie
                return None
        try:
            stat = os.stat(self._path)  # noqa: PTH116 - each lookup does it, and Path takes five times as long
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LocalError(f"the usage index {self._path} cannot be used: {error.strerror}") from error
        return stat.st_dev, stat.st_ino

    def _opened_to_read(self) -> sqlite3.Connection:
        path = self.layout.reports
        reader = open_to_read(path, busy_seconds=_READER_WAITS_SECONDS)
        try:
            reader.execute("PRAGMA user_version").fetchone()
        except sqlite3.OperationalError:
            reader.close()
            if has_log(path) or os.access(path.parent, os.W_OK):
                raise
            raise _NobodyWritesError from None
        return reader

    def _found_in(self, database: sqlite3.Connection) -> CatalogueSnapshot | None:
        state = _state(database)
        if state is None:
            return None  # the first import is under way
        if self._key is None:
            self._key = self._stored_key.read()
        self._refuse_other(self._key, state[1])
        return CatalogueSnapshot(database, SqlitePages(database), self._key, state[0])

    def _begin(self, database: sqlite3.Connection, key: HashKey) -> None:
        state = _state(database)
        if state is None:
            database.execute("INSERT INTO state (generation, key) VALUES (0, ?)", (key.check,))
        else:
            self._refuse_other(key, state[1])

    def _refuse_other(self, key: HashKey, check: str) -> None:
        if check != key.check:
            self._key = None
            # Every customer would seem to have nothing.
            raise LocalError(
                f"the usage index {self.layout.reports} was written with another key than {self._stored_key.place}",
                hint="restore the key from a backup, or remove the index and import all reports again",
            )


def _state(database: sqlite3.Connection) -> tuple[int, str] | None:
    try:
        found: tuple[int, str] | None = database.execute("SELECT generation, key FROM state").fetchone()
    except sqlite3.OperationalError:
        if database.execute("PRAGMA user_version").fetchone()[0]:
            raise
        return None
    return found
