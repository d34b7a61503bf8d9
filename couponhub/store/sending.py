"""The right to send to one list: held by one sender at a time, and gone with its process."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from couponhub.errors import WaitTimeout
from couponhub.store.kept import FileLock

_POLL_SECONDS = 0.2


@contextmanager
def sending(
    lock: Path, *, timeout: float | None, sleep: Callable[[float], None] = time.sleep
) -> Iterator[None]:
    """Hold the right, waiting for whoever has it.

    Raises:
        WaitTimeout: Somebody else is still sending after `timeout` seconds.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    with closing(_lock(lock)) as right:
        while not _taken(right):
            if deadline is not None and time.monotonic() >= deadline:
                raise WaitTimeout("another upload to this list is still being sent; nothing was sent")
            sleep(_POLL_SECONDS)
        yield


def is_sending(lock: Path) -> bool:
    """Tell whether anybody holds the right now."""
    if not lock.exists():
        return False
    with closing(_lock(lock)) as right:
        return not _taken(right)


def _lock(lock: Path) -> FileLock:
    return FileLock(sqlite3.connect(lock, timeout=0, isolation_level=None, check_same_thread=False))


def _taken(right: FileLock) -> bool:
    try:
        right.take()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            return False
        raise
    return True
