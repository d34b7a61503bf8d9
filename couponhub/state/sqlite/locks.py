"""Locks by name as files that are locked: gone with the process that holds them, on every platform."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from couponhub.errors import LocalError, WaitTimeout
from couponhub.state.sqlite.files import file_name, private_folder
from couponhub.state.sqlite.kept import FileLock
from couponhub.state.sqlite.layout import Layout
from couponhub.state.sqlite.opening import connect

_POLL_SECONDS = 0.2


class FileLocks:
    """`Locks` on one machine: an empty file for each, under the folder of code sets.

    Args:
        layout: Where they lie.
        sleep: How to wait, for tests.
    """

    def __init__(self, layout: Layout, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._layout = layout
        self._sleep = sleep

    @contextmanager
    def hold(self, name: Sequence[str], *, timeout: float | None) -> Iterator[None]:
        """As `Locks.hold`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with ExitStack() as held:
            with _told_as_local():
                path = self._path(name)
                private_folder(path.parent)
                lock = held.enter_context(closing(_lock(path)))
            while not _taken(lock):
                if deadline is not None and time.monotonic() >= deadline:
                    raise WaitTimeout("somebody else still holds the lock")
                self._sleep(_POLL_SECONDS)
            yield

    def is_held(self, name: Sequence[str]) -> bool:
        """As `Locks.is_held`."""
        with _told_as_local():
            path = self._path(name)
            if not path.exists():
                return False
            with closing(_lock(path)) as lock:
                return not lock.is_free()

    def _path(self, name: Sequence[str]) -> Path:
        *folders, last = map(file_name, name)
        return self._layout.codes.joinpath(".locks", *folders, f"{last}.lock")


def _lock(path: Path) -> FileLock:
    return FileLock(connect(path, "mode=rwc", 0))


def _taken(lock: FileLock) -> bool:
    try:
        lock.take()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            return False
        raise LocalError(f"the store's files cannot be locked: {error}") from error
    return True


@contextmanager
def _told_as_local() -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise LocalError(f"the store's files cannot be used: {error}") from error
