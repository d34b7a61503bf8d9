"""Connections to PostgreSQL that never hang, and of which a process that is forked off keeps none."""

import os
import select
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from couponhub.errors import LocalError
from couponhub.forking import HearsOfForks
from couponhub.state.postgresql.bounded import BoundedConnection, bounded_connections
from couponhub.state.postgresql.statements import named_rows

if TYPE_CHECKING:
    from psycopg import Connection

_ANSWER_SECONDS = 60.0
"""For each statement, but for those after `PostgresqlStatements.take_long`."""
_CONNECT_SECONDS = 5
_ROOM_SECONDS = 10.0

_OLDEST = 14
"""The oldest version of the server."""
_SETTINGS = {
    "search_path": "couponhub",
    "statement_timeout": f"{_ANSWER_SECONDS:.0f}s",
    "lock_timeout": "30s",
    # A paused process must not keep others from the rows that it was about to write.
    "idle_in_transaction_session_timeout": "60s",
    # A lock is held in silence for as long as a job takes, whatever the server grants others.
    "idle_session_timeout": "0",
    # The locks of a machine that vanished end with its session.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
"""Given after connecting, not with it: poolers in session mode take no such words."""
_SET = (
    "SELECT "
    + ", ".join(f"set_config('{name}', '{value}', false)" for name, value in _SETTINGS.items())
    # What was written is there for good, whatever the server's default is.
    + ", set_config('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on'), false)"
)


class Connections(HearsOfForks):
    """Opens connections, and remembers them while they are open. Thread-safe.

    A forked process has copies of their sockets, which would keep sessions, and the locks in them, alive after the
    parent was killed. So it drops its copies, without a word to the server.

    Args:
        conninfo: The address, with all that is secret in it.
    """

    def __init__(self, conninfo: Callable[[], str]) -> None:
        super().__init__()
        self._conninfo = conninfo
        self._open: weakref.WeakValueDictionary[int, BoundedConnection] = weakref.WeakValueDictionary()
        self._left: list[BoundedConnection] = []

    def connect(self, *, seconds: float | None = None) -> BoundedConnection:
        """Open a connection that begins no transaction by itself.

        Args:
            seconds: For connecting and for each answer; None for the usual ones.

        Raises:
            ConfigError: The driver is not installed.
            LocalError: The server is too old.
            psycopg.Error: It cannot be reached, or refuses.
        """
        conninfo = self._conninfo()
        usual: dict[str, Any] = {
            "application_name": "couponhub",
            "connect_timeout": str(_CONNECT_SECONDS if seconds is None else max(2, round(seconds))),
            "keepalives_idle": "10",
            "keepalives_interval": "5",
            "keepalives_count": "3",
        }
        given = dict(parse_qsl(urlsplit(conninfo).query))
        connection = bounded_connections().connect(
            conninfo,
            autocommit=True,
            row_factory=named_rows,
            **{name: usual[name] for name in usual.keys() - given},
        )
        self._open[id(connection)] = connection
        try:
            connection.answer_seconds = _answer_seconds(seconds)
            _require_version(connection.info.server_version)
            connection.execute(_SET.encode())
        except BaseException:
            connection.close()
            raise
        return connection

    def after_fork_in_child(self) -> None:
        """Drop the copies."""
        for reference in self._open.valuerefs():
            if (connection := reference()) is not None:
                self._left.append(connection)  # letting go of it would close it
                _drop_socket(connection)
        self._open = weakref.WeakValueDictionary()


class ConnectionPool:
    """Connections that are kept open between uses. Thread-safe; of one process.

    Not psycopg's own pool: that one has threads, which a forked process lacks, connects behind the back of whoever
    waits, so that the server's reason is lost, and asks the server before each use whether it is there.

    Args:
        connections: Opens them.
        most: The number of those in use at once.
        place: The database, for people.
    """

    def __init__(self, connections: Connections, *, most: int, place: str) -> None:
        self._connections = connections
        self._most = most
        self._place = place
        self._room = threading.BoundedSemaphore(most)
        self._free: list[BoundedConnection] = []
        self._is_closed = False

    @contextmanager
    def used(self, *, seconds: float | None = None) -> Iterator[BoundedConnection]:
        """Give a connection for the block.

        Args:
            seconds: To wait for one, and for each answer; None for the usual ones.

        Raises:
            LocalError: All are in use.
            psycopg.Error: As of `Connections.connect`.
        """
        if not self._room.acquire(timeout=_ROOM_SECONDS if seconds is None else seconds):
            raise LocalError(
                f"all {self._most} connections of this process to the store {self._place} are in use",
                hint="repeat it; where it goes on, ask less at once",
            )
        try:
            connection = self._taken(seconds)
            try:
                connection.answer_seconds = _answer_seconds(seconds)
                yield connection
            finally:
                self._give_back(connection)
        finally:
            self._room.release()

    def close(self) -> None:
        """Close those that are free now, and each other one after its use."""
        self._is_closed = True
        while self._free:
            close_quietly(self._free.pop())

    def _taken(self, seconds: float | None) -> BoundedConnection:
        while True:
            try:
                connection = (
                    self._free.pop()
                )  # the one that was used last: others may be told to go by their age
            except IndexError:
                return self._connections.connect(seconds=seconds)
            if _is_quiet(connection):
                return connection
            close_quietly(connection)

    def _give_back(self, connection: BoundedConnection) -> None:
        from psycopg.pq import TransactionStatus  # noqa: PLC0415 - an extra

        if self._is_closed or connection.info.transaction_status != TransactionStatus.IDLE:
            close_quietly(connection)
        else:
            self._free.append(connection)
            if self._is_closed:  # in this very moment
                self.close()


def _require_version(number: int) -> None:
    if number < _OLDEST * 10_000:
        raise LocalError(
            f"[store] url names a server of PostgreSQL {number // 10_000}, and {_OLDEST} is the oldest that will do",
            hint="upgrade the server, or name another one",
        )


def _answer_seconds(seconds: float | None) -> float:
    # The server itself gives up before, and says so.
    return _ANSWER_SECONDS + 5.0 if seconds is None else seconds


def close_quietly(connection: "Connection[Any]") -> None:
    """Close a connection, whatever became of it."""
    import psycopg  # noqa: PLC0415 - an extra

    with suppress(psycopg.Error, OSError):
        connection.close()


def _is_quiet(connection: BoundedConnection) -> bool:
    """Tell whether a free connection still stands: a server that ends it says so, and else says nothing."""
    if connection.closed:
        return False
    poll = select.poll() if hasattr(select, "poll") else None
    if poll is None:
        return not select.select([connection.fileno()], [], [], 0)[0]
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)


def _drop_socket(connection: BoundedConnection) -> None:
    import psycopg  # noqa: PLC0415 - an extra

    try:
        socket = connection.fileno()
    except psycopg.Error:
        return  # it was closed before
    # Not closed: the number would be given to somebody else's file.
    nothing = os.open(os.devnull, os.O_RDWR)
    try:
        os.dup2(nothing, socket, inheritable=False)
    finally:
        os.close(nothing)
