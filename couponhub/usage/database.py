"""The database of the usage index: read by any number of processes while one writes, also where none may write."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import attrs

from couponhub.errors import LocalError
from couponhub.forking import ProcessLock
from couponhub.store import KeptConnection, StoreSettings
from couponhub.usage.key import HashKey
from couponhub.usage.schema import MIGRATIONS

_WRITER_WAITS_SECONDS = 1800.0
"""An import of 20 million rows holds others off for a minute or two."""
_READER_WAITS_SECONDS = 5.0
_CACHE_KIB = 65_536


class _NobodyWritesError(Exception):
    """Nobody writes now, and SQLite cannot make the files in which writers would show."""


@attrs.frozen
class OpenIndex:
    """The index at one moment; `generation` is another after each change."""

    database: sqlite3.Connection
    key: HashKey
    generation: int


class IndexDatabase:
    """Opens the index when it is used. Thread-safe, and safe with other processes, forked ones too.

    Nothing is made before the first write. Files are private (mode 0600). Everything raises LocalError, with one
    line, for what goes wrong on this machine.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self._settings = settings
        self._path: str | None = None
        self._lock = ProcessLock()  # of the key
        self._reader = KeptConnection(self._opened_to_read)
        self._opened_file: tuple[int, int] | None = None
        self._key: HashKey | None = None

    @property
    def path(self) -> Path:
        """The database, beside the store's."""
        return self._settings.path.with_suffix(".usage.db")

    @property
    def folder(self) -> Path:
        """Where files in the making lie."""
        return self._settings.path.with_suffix(".usage")

    @property
    def key_path(self) -> Path:
        """The key of the customers' hashes."""
        return self._settings.path.with_suffix(".key")

    def key(self) -> HashKey:
        """The key, made when there is none.

        Raises:
            LocalError: There is an index, and the key that it was written with is gone.
        """
        with self._lock, self._translated():
            if self._key is None:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                is_new = not self.path.exists()
                self._key = HashKey.made(self.key_path) if is_new else HashKey.read(self.key_path)
            return self._key

    @contextmanager
    def reading(self) -> Iterator[OpenIndex | None]:
        """Read what is committed at one moment; None when there is no index."""
        with self._translated(), ExitStack() as held:
            file = self._file()
            if file != self._opened_file:
                self.close()
            if file is None:
                yield None
                return
            try:
                reader = held.enter_context(self._reader.used())
            except _NobodyWritesError:
                with closing(_connect(self.path, "immutable=1", _READER_WAITS_SECONDS)) as once:
                    yield self._found_in(once)
                return
            self._opened_file = file
            reader.execute("BEGIN")
            try:
                yield self._found_in(reader)
            finally:
                reader.execute("COMMIT")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Write all of the block or nothing; whoever else writes is waited for."""
        key = self.key()
        with self._translated():
            if not self.path.exists():
                # SQLite would make it readable for all; its companions (-wal, -shm) take the mode of the file.
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            with closing(_connect(self.path, "mode=rw", _WRITER_WAITS_SECONDS)) as database:
                database.execute("PRAGMA journal_mode = WAL")
                database.execute("PRAGMA synchronous = FULL")
                database.execute("PRAGMA secure_delete = ON")
                database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
                database.execute("BEGIN IMMEDIATE")
                try:
                    self._migrate(database, key)
                    yield database
                    database.execute("UPDATE state SET generation = generation + 1")
                    database.execute("COMMIT")
                except BaseException:
                    if database.in_transaction:  # a full disk may have ended it already
                        database.execute("ROLLBACK")
                    raise
                # Rows that were removed stand in the log too, until it is emptied, which readers may hold up.
                database.execute(f"PRAGMA busy_timeout = {_READER_WAITS_SECONDS * 1000:.0f}")
                database.execute("PRAGMA wal_checkpoint (TRUNCATE)")

    def close(self) -> None:
        """Close the database; a later use opens it again."""
        self._reader.close()

    def _file(self) -> tuple[int, int] | None:
        if self._path is None:
            try:
                self._path = os.fspath(self.path.absolute())
            except LocalError:  # there is no place where an index could lie
                return None
        try:
            stat = os.stat(self._path)  # noqa: PTH116 - each lookup does it, and Path takes five times as long
        except FileNotFoundError:
            return None
        return stat.st_dev, stat.st_ino

    def _opened_to_read(self) -> sqlite3.Connection:
        reader = _connect(self.path, "mode=ro", _READER_WAITS_SECONDS)
        try:
            _version(reader)
        except sqlite3.OperationalError:
            reader.close()
            if self.path.with_name(f"{self.path.name}-wal").exists() or os.access(self.path.parent, os.W_OK):
                raise
            raise _NobodyWritesError from None
        return reader

    def _found_in(self, database: sqlite3.Connection) -> OpenIndex | None:
        state = _state(database)
        if state is None:
            return None  # the first import is under way
        if self._key is None:
            self._key = HashKey.read(self.key_path)
        self._refuse_other(self._key, state[1])
        return OpenIndex(database, self._key, state[0])

    def _refuse_other(self, key: HashKey, check: str) -> None:
        if check != key.check:
            self._key = None
            # Every customer would seem to have nothing.
            raise LocalError(
                f"the usage index {self.path} was written with another key than {self.key_path}",
                hint="restore the key from a backup, or remove the index and import all reports again",
            )

    def _migrate(self, database: sqlite3.Connection, key: HashKey) -> None:
        version = _version(database)
        if version > len(MIGRATIONS):
            raise LocalError(
                f"the usage index {self.path} was written by a newer couponhub", hint="upgrade couponhub"
            )
        for step in MIGRATIONS[version:]:
            for statement in step:
                database.execute(statement)
        if version < len(MIGRATIONS):
            database.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        if not version:
            database.execute("INSERT INTO state (generation, key) VALUES (0, ?)", (key.check,))
        state = _state(database)
        self._refuse_other(key, "" if state is None else state[1])

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LocalError(f"the usage index {self.path} cannot be used: {error}") from error
        except OSError as error:
            raise LocalError(f"the usage index {self.path} cannot be used: {error.strerror}") from error


def _connect(path: Path, mode: str, timeout: float) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?{mode}"
    return sqlite3.connect(address, uri=True, timeout=timeout, isolation_level=None, check_same_thread=False)


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _state(database: sqlite3.Connection) -> tuple[int, str] | None:
    try:
        found: tuple[int, str] | None = database.execute("SELECT generation, key FROM state").fetchone()
    except sqlite3.OperationalError:
        if _version(database):
            raise
        return None
    return found
