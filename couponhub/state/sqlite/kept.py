"""SQLite where processes fork: a connection that is open at a fork does harm, even if the child never touches it.

SQLite notes for the whole process which locks it holds on a file. A child inherits the notes and not the locks, and its
own connections to that file rely on them: the parent, seeing nobody else, then deletes a log that the child still
writes to, and what the child writes there is lost. So there must be none open when a process forks.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import attrs

from couponhub.forking import HearsOfForks, PerProcess


@attrs.define(eq=False)
class _Turn:
    """The turn of whoever may use a database now, or keeps all others away while the process forks."""

    lock: threading.RLock = attrs.field(factory=threading.RLock)
    forking: int | None = None

    def take_to_fork(self, until: float) -> bool:
        if not self.lock.acquire(timeout=max(0.0, until - time.monotonic())):
            return False
        self.forking = threading.get_ident()
        return True

    def has_forked(self) -> bool:
        return self.forking == threading.get_ident()

    def give_back(self) -> None:
        if self.has_forked():
            self.forking = None
            self.lock.release()


@attrs.define(eq=False)
class _Use(_Turn):
    connection: sqlite3.Connection | None = None


class KeptConnection(HearsOfForks):
    """A connection that is kept open between uses, and closed before the process forks: both sides open it again.

    One that is in use for longer than a fork waits is neither used nor closed in the child. Thread-safe.

    Args:
        open: Makes the connection.
    """

    def __init__(self, open: Callable[[], sqlite3.Connection]) -> None:  # noqa: A002 - what it does
        super().__init__()
        self._open = open
        self._inherited: list[_Use] = []  # letting go of a connection would close it
        self._own = PerProcess(_Use, leave=self._inherited.append)

    @property
    def is_open(self) -> bool:
        """True when there is one now, in this process."""
        return self._own.get().connection is not None

    @contextmanager
    def used(self) -> Iterator[sqlite3.Connection]:
        """Open it if need be, and keep all other threads from it for the block, which may hold another one."""
        use = self._own.get()
        with use.lock:
            if use.connection is None:
                use.connection = self._open()
            yield use.connection

    def close(self) -> None:
        """Close it; a later use opens it again."""
        use = self._own.get()
        with use.lock:
            if use.connection is not None:
                use.connection.close()
                use.connection = None

    def before_fork(self, until: float) -> None:
        """As `HearsOfForks.before_fork`."""
        use = self._own.get()
        if use.take_to_fork(until) and use.connection is not None and not use.connection.in_transaction:
            with suppress(sqlite3.Error):
                self.close()

    def after_fork_in_parent(self) -> None:
        """As `HearsOfForks.after_fork_in_parent`."""
        self._own.get().give_back()


class FileLock(HearsOfForks):
    """A lock on a file between threads and processes, that ends with its process, also after a kill.

    It is SQLite's own on an empty database, which works so on every platform. Nothing is ever written through the
    connection, so that a child may close its copy, which takes nothing from the parent.

    Args:
        connection: To the database, in no transaction.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__()
        self._connection: sqlite3.Connection | None = connection
        self._turn = _Turn()

    def take(self) -> None:
        """Take it, waiting for as long as the connection does.

        Raises:
            sqlite3.OperationalError: Somebody else has it.
        """
        with self._turn.lock:
            if self._connection is not None:
                self._connection.execute("BEGIN EXCLUSIVE")

    def is_free(self) -> bool:
        """Return False while somebody holds it, having waited for as long as the connection does.

        The look shares the lock for its moment: nobody else who looks meanwhile finds it held.

        Raises:
            sqlite3.OperationalError: It cannot be told.
        """
        with self._turn.lock:
            if self._connection is None:
                return False
            try:
                self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                return False
            return True

    def close(self) -> None:
        """Let it go."""
        with self._turn.lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def before_fork(self, until: float) -> None:
        """As `HearsOfForks.before_fork`."""
        self._turn.take_to_fork(until)

    def after_fork_in_parent(self) -> None:
        """As `HearsOfForks.after_fork_in_parent`."""
        self._turn.give_back()

    def after_fork_in_child(self) -> None:
        """Close the copy, without which the child would take the lock for its own for ever."""
        turn, self._turn = self._turn, _Turn()
        if turn.has_forked():
            self.close()
