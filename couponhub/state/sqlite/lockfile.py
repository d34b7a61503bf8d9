"""Files that must not outlive their process: a lock beside them tells whether it lives, also after a kill."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from pathlib import Path

from couponhub.errors import LocalError
from couponhub.state.reaped import Reaped
from couponhub.state.sqlite.kept import FileLock
from couponhub.state.sqlite.opening import connect

_REAP_SECONDS = 5.0
"""More than any reaping holds a lock."""


@contextmanager
def held_lockfile(name: Callable[[], Path], remove: Callable[[Path], None]) -> Iterator[Path]:
    """Hold a new lock while the block runs; `reap` leaves alone what it stands for.

    A process that was forked off in the block and leaves it too removes nothing.

    Args:
        name: Gives a new path for the lock each time; what it stands for is to be named after it.
        remove: Removes what the lock stands for, when the block ends.

    Raises:
        OSError: The folder cannot be written.
        LocalError: Its file system knows no locks.
    """
    process = os.getpid()
    with ExitStack() as held:
        lock = _hold(held, name)
        try:
            yield lock
        finally:
            is_ours = os.getpid() == process
            if is_ours:
                remove(lock)
            held.close()
            if is_ours:
                # Not before it is let go, for some systems delete no file that is open.
                with suppress(OSError):
                    lock.unlink()


def remove_folder(lock: Path) -> None:
    """Remove the folder that a lock stands for, which has its name without an ending."""
    shutil.rmtree(lock.with_suffix(""), ignore_errors=True)


def reap(lock: Path, remove: Callable[[], None]) -> None:
    """Call `remove` for what the lock stands for, and remove the lock, if its process has ended.

    What cannot be reaped now is left for another time.
    """
    with suppress(OSError, sqlite3.Error), _locked(lock, timeout=0):
        remove()
        lock.unlink(missing_ok=True)


def is_held(lock: Path) -> bool:
    """Return True while the process of a lock lives, as far as one can tell; makes nothing where there is none."""
    if not lock.exists():
        return False
    try:
        # Without waiting: whoever is asked about is most often alive, and it would be waited for at every look.
        with closing(FileLock(connect(lock, "mode=rw", 0))) as held:
            return not held.is_free() and lock.exists()
    except sqlite3.Error:
        return lock.exists()


def reap_all(locks: Iterable[Path], remove: Callable[[Path], None]) -> Reaped:
    """As `reap`, for each of these locks; `remove` is told which."""
    tried = list(locks)
    for lock in tried:
        reap(lock, partial(remove, lock))
    kept = sum(lock.exists() for lock in tried)
    return Reaped(removed=len(tried) - kept, kept=kept)


def _hold(held: ExitStack, name: Callable[[], Path]) -> Path:
    while True:
        lock = name()
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        try:
            held.enter_context(_locked(lock, timeout=_REAP_SECONDS))
        except sqlite3.Error as error:
            if lock.exists():
                raise LocalError(f"files in {lock.parent} cannot be locked: {error}") from error
        if lock.exists():
            return lock
        # Reaped in the moment before it was held. Never the same name again: somebody who reaps may still hold the old file.
        held.pop_all().close()


@contextmanager
def _locked(lock: Path, *, timeout: float) -> Iterator[None]:
    # `rw` makes no file: whoever opens a lock has the one that its owner made, or none.
    with closing(FileLock(connect(lock, "mode=rw", timeout))) as held:
        held.take()
        yield
