"""The right to send to one list: held by one sender at a time, and gone with its process."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from couponhub.errors import WaitTimeout

_POLL_SECONDS = 0.2


@contextmanager
def sending(
    lock: Path, *, timeout: float | None, sleep: Callable[[float], None] = time.sleep
) -> Iterator[None]:
    """Hold the right, waiting for whoever has it.

    The lock is SQLite's own on an empty database: it works between threads and processes on every platform,
    and the operating system ends it with the process, also after a kill.

    Raises:
        WaitTimeout: Somebody else is still sending after `timeout` seconds.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    with closing(_connect(lock)) as connection:
        while not _taken(connection):
            if deadline is not None and time.monotonic() >= deadline:
                raise WaitTimeout("another upload to this list is still being sent; nothing was sent")
            sleep(_POLL_SECONDS)
        try:
            yield
        finally:
            connection.execute("ROLLBACK")


def is_sending(lock: Path) -> bool:
    """Tell whether anybody holds the right now."""
    if not lock.exists():
        return False
    with closing(_connect(lock)) as connection:
        if not _taken(connection):
            return True
        connection.execute("ROLLBACK")
        return False


def _connect(lock: Path) -> sqlite3.Connection:
    return sqlite3.connect(lock, timeout=0, isolation_level=None)


def _taken(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            return False
        raise
    return True
