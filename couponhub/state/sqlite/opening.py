"""The one way in which databases of the state are opened: privately made, shared, and also where none may write."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from couponhub.errors import LocalError
from couponhub.forking import loading
from couponhub.state.sqlite.migrations import migrate

_POLL_SECONDS = 0.01
_ELSEWHERE = "make it writable for this user, or name another file in [store] url"


def make_private(path: Path) -> None:
    """Make an empty database for its owner alone, and its folder, where they are not there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # SQLite would make the file readable for all; its companions (-wal, -shm) take the mode of the file.
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def open_to_write(
    path: Path, database: str, *, busy_seconds: float, synchronous: str = "FULL", is_shared: bool = True
) -> sqlite3.Connection:
    """Open a database that is there, and bring it to the newest schema; it begins no transaction by itself.

    Args:
        path: Where it lies.
        database: Which of the state's it is.
        busy_seconds: How long to wait for whoever else writes.
        synchronous: "FULL" for what must outlive a power cut once it was announced, which WAL's usual NORMAL does not
            promise; "OFF" for what need not.
        is_shared: False for one that nobody else has opened, and that is thrown away when writing it fails.
    """
    connection = connect(path, "mode=rw", busy_seconds)
    try:
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        if not is_shared:
            connection.execute("PRAGMA journal_mode = MEMORY")
        migrate(connection, database, path)
        if is_shared:
            _keep_log(connection, busy_seconds)
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def open_to_read(path: Path, *, busy_seconds: float, nobody_writes: bool = False) -> sqlite3.Connection:
    """Open a database to read it.

    Args:
        path: The database.
        busy_seconds: How long to wait for whoever writes.
        nobody_writes: True where SQLite cannot make the files in which writers would show: it is told that there are
            none, which holds for one reading.
    """
    return connect(path, "immutable=1" if nobody_writes else "mode=ro", busy_seconds)


def open_somehow(path: Path, *, busy_seconds: float) -> sqlite3.Connection:
    """Open a database to read it, wherever it lies and whoever writes it; see `open_to_read`."""
    can_follow = has_log(path) or os.access(path.parent, os.W_OK)
    return open_to_read(path, busy_seconds=busy_seconds, nobody_writes=not can_follow)


def companions(path: Path) -> tuple[Path, ...]:
    """Return the files that SQLite keeps beside a database while it is used."""
    return tuple(path.with_name(f"{path.name}{ending}") for ending in ("-wal", "-shm"))


def has_log(path: Path) -> bool:
    """Return True when somebody writes a database, or was killed in it: what it wrote last may stand in the log alone."""
    return path.with_name(f"{path.name}-wal").exists()


@contextmanager
def told_as_local(what: str, path: Callable[[], Path]) -> Iterator[None]:
    """Turn what SQLite and the system raise into a LocalError, with one line.

    Args:
        what: What is used, for people.
        path: Tells where it lies.
    """
    try:
        yield
    except sqlite3.Error as error:
        hint = ""
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            hint = "restore it from a backup, or name another file in [store] url"
        elif "unable to open" in str(error) or "readonly" in str(error):
            hint = _ELSEWHERE
        raise LocalError(f"the {what} {path()} cannot be used: {error}", hint=hint) from error
    except OSError as error:
        raise LocalError(f"the {what} {path()} cannot be used: {error.strerror}", hint=_ELSEWHERE) from error


def _keep_log(connection: sqlite3.Connection, busy_seconds: float) -> None:
    # Of two that open a new database SQLite gives up one at once here, whatever time it was given.
    until = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
            time.sleep(_POLL_SECONDS)
        else:
            return


def connect(path: Path, mode: str, busy_seconds: float) -> sqlite3.Connection:
    """Connect to a database, of any form, with SQLite's words for how; it begins no transaction by itself."""
    address = f"{path.absolute().as_uri()}?{mode}"
    with loading:  # SQLite takes locks of its own, which a child that is forked off then would find held
        return sqlite3.connect(
            address, uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False
        )
