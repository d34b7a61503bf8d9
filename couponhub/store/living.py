"""Files that must not outlive their process: a lock beside them tells whether it lives, also after a kill."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from couponhub.errors import LocalError, WaitTimeout
from couponhub.store.sending import sending


@contextmanager
def living(lock: Path) -> Iterator[None]:
    """Hold a new lock of that name while the block runs; `sweep` leaves alone what it stands for.

    Raises:
        OSError: The folder cannot be written.
        LocalError: Its file system knows no locks.
    """
    while True:
        os.close(os.open(lock, os.O_CREAT | os.O_RDWR, 0o600))
        with _translated(lock), sending(lock, timeout=None):
            # Whoever sweeps may have taken it for an old one in the moment before it was held.
            if not lock.exists():
                continue
            try:
                yield
            finally:
                lock.unlink(missing_ok=True)
            return


def sweep(lock: Path, remove: Callable[[], None]) -> None:
    """Call `remove` for what the lock stands for, and remove the lock, if its process has ended.

    What cannot be swept now is left for another time.
    """
    with suppress(OSError, sqlite3.Error, WaitTimeout), sending(lock, timeout=0):
        remove()
        lock.unlink(missing_ok=True)


@contextmanager
def _translated(lock: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise LocalError(f"files in {lock.parent} cannot be locked: {error}") from error
