"""The SQLite database: opened when first used, shared by threads and processes, brought to the newest schema."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from couponhub.errors import LocalError
from couponhub.store.kept import KeptConnection
from couponhub.store.schema import MIGRATIONS
from couponhub.store.settings import StoreSettings

_BUSY_SECONDS = 30.0


class Store:
    """Durable state at the place that the settings name. Thread-safe, and safe with other processes, forked ones too.

    Nothing is touched before the first use. The database is private (mode 0600), and so is its folder when
    the store makes it. Methods raise LocalError, with one line, for whatever goes wrong on this machine.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self.settings = settings
        self._kept = KeptConnection(lambda: _open(settings.path))

    @property
    def folder(self) -> Path:
        """Where the database lies, and the code sets beside it."""
        return self.settings.path.parent

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write: all of the block or nothing, on disk for good when the block has ended.

        Only one thread or process writes at a time; blocks must be short and never wait for a vendor.
        """
        with self._translated(), self._kept.used() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A full disk may have ended the transaction already.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read what is committed, also where nothing may be written."""
        with self._translated(), ExitStack() as held:
            path = self.settings.path
            if self._kept.is_open or _may_write(path):
                yield held.enter_context(self._kept.used())
            else:
                yield held.enter_context(closing(_open_to_read(path)))

    def close(self) -> None:
        """Close the database; a later use opens it again."""
        self._kept.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        path = self.settings.path
        try:
            yield
        except sqlite3.Error as error:
            hint = ""
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
                hint = "restore it from a backup, or name another file in [store] url"
            raise LocalError(f"the store {path} cannot be used: {error}", hint=hint) from error
        except OSError as error:
            raise LocalError(f"the store {path} cannot be used: {error.strerror}") from error


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # SQLite would make the file readable for all; its companions (-wal, -shm) take the mode of the file.
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        _migrate(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: a transition that was announced must outlive a power cut, which WAL's usual NORMAL does not promise.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _may_write(path: Path) -> bool:
    return not path.exists() or (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def _open_to_read(path: Path) -> sqlite3.Connection:
    """Open a database in a place that may only be read.

    With a log beside it, somebody writes it, and SQLite follows. Without one, SQLite could not make the files in
    which writers would show: it is told that there are none, which holds for this one reading.
    """
    has_log = path.with_name(f"{path.name}-wal").exists()
    mode = "mode=ro" if has_log else "immutable=1"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.row_factory = sqlite3.Row
        _refuse_older(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    if _version(connection, path) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again: another process may have been faster.
        for step in MIGRATIONS[_version(connection, path) :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _refuse_older(connection: sqlite3.Connection, path: Path) -> None:
    if _version(connection, path) < len(MIGRATIONS):
        raise LocalError(
            f"the store {path} was written by an older couponhub, and may only be read here",
            hint="run any command of couponhub once where it may be written",
        )


def _version(connection: sqlite3.Connection, path: Path) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise LocalError(
            f"the store {path} was written by a newer couponhub (schema {version}, known up to {len(MIGRATIONS)})",
            hint="upgrade couponhub, or name another file in [store] url",
        )
    return version
