"""The database in PostgreSQL: opened when first used, shared by threads, processes and machines, of the newest schema."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import attrs

from couponhub.forking import PerProcess, ProcessLock
from couponhub.state.postgresql.connections import ConnectionPool, Connections, close_quietly
from couponhub.state.postgresql.faults import told_as_local
from couponhub.state.postgresql.migrations import migrate, require_readable
from couponhub.state.postgresql.poolers import require_sessions
from couponhub.state.postgresql.statements import PostgresqlStatements
from couponhub.state.settings import StoreSettings

if TYPE_CHECKING:
    from psycopg import Connection

_MOST_CONNECTIONS = 8


class PostgresqlDatabase:
    """The database at the address of the settings. Thread-safe, and safe with other processes, forked ones too.

    A transaction is ended by the server when it does nothing for a minute, a statement when it takes one; whoever needs
    longer says so with SET LOCAL.

    Args:
        settings: Of the store.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self.settings = settings
        self._lock = ProcessLock()
        self._connections = Connections(settings.conninfo)
        self._own = PerProcess(_Opened)

    @property
    def place(self) -> str:
        """The database, for people: without user and password."""
        return self.settings.place

    @contextmanager
    def transaction(self) -> Iterator[PostgresqlStatements]:
        """As `Database.transaction`."""
        with (
            told_as_local(self.place),
            self._pool().used() as connection,
            connection.transaction(),
        ):
            yield PostgresqlStatements(connection)

    @contextmanager
    def reading(self) -> Iterator[PostgresqlStatements]:
        """As `Database.reading`."""
        with told_as_local(self.place), self._pool().used() as connection, _at_one_moment(connection):
            yield PostgresqlStatements(connection)

    @contextmanager
    def looking(self, *, seconds: float | None = None) -> Iterator[PostgresqlStatements]:
        """Read as with `reading`, and make nothing where nothing is: no schema, whatever its version.

        Args:
            seconds: For connecting and for each answer; None for the usual ones.
        """
        with told_as_local(self.place), ExitStack() as held:
            pool = self._own.get().pool
            if pool is None:
                pool = self._new_pool()
                held.callback(pool.close)
            with pool.used(seconds=seconds) as connection, _at_one_moment(connection):
                yield PostgresqlStatements(connection)

    @contextmanager
    def session(self) -> Iterator["Connection[Any]"]:
        """Give a connection of its own for the block, outside of any transaction: for locks that end with it.

        It is not handed on to a process that is forked off in the block. That it breaks meanwhile is not told at the end
        of the block.
        """
        process = os.getpid()
        with told_as_local(self.place):
            connection = self._connections.connect()
        try:
            with told_as_local(self.place):
                self._require_sessions(connection)
            yield connection
        finally:
            if os.getpid() == process:
                _end(connection)

    def close(self) -> None:
        """Close the database; a later use opens it again."""
        own = self._own.get()
        with self._lock:
            pool, own.pool = own.pool, None
        if pool is not None:
            pool.close()

    def _pool(self) -> ConnectionPool:
        own = self._own.get()
        with self._lock:
            if own.pool is None:
                connection = self._connections.connect()
                try:
                    self._require_sessions(connection)
                    if _may_write(connection):
                        migrate(connection, self.place)
                    else:
                        require_readable(connection, self.place)
                finally:
                    close_quietly(connection)
                own.pool = self._new_pool()
            return own.pool

    def _new_pool(self) -> ConnectionPool:
        return ConnectionPool(self._connections, most=_MOST_CONNECTIONS, place=self.place)

    def _require_sessions(self, connection: "Connection[Any]") -> None:
        own = self._own.get()
        if not own.has_sessions:
            require_sessions(connection, self._connections.connect, self.place)
            own.has_sessions = True


def _end(connection: "Connection[Any]") -> None:
    """Close a session; its locks are free when this returns, not only when the server has noticed."""
    import psycopg  # noqa: PLC0415 - an extra

    with suppress(psycopg.Error):
        connection.execute("SELECT pg_advisory_unlock_all()")
    close_quietly(connection)


@contextmanager
def _at_one_moment(connection: "Connection[Any]") -> Iterator[None]:
    """A transaction that sees what is committed now, and writes nothing; psycopg says so with its BEGIN."""
    from psycopg import IsolationLevel  # noqa: PLC0415 - an extra

    connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
    try:
        with connection.transaction():
            yield
    finally:
        if not connection.broken:
            connection.isolation_level = connection.read_only = None


def _may_write(connection: "Connection[Any]") -> bool:
    """Tell whether a migration could run here: on no replica, and as a role that may make or change our tables."""
    found = connection.execute(
        "SELECT NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'off' AND CASE WHEN"
        " to_regnamespace('couponhub') IS NULL THEN has_database_privilege(current_database(), 'CREATE')"
        " ELSE has_schema_privilege('couponhub', 'CREATE') END"
    ).fetchone()
    return bool(found and found[0])


@attrs.define(eq=False)
class _Opened:
    """The connections that one process has open, and what it found out of them."""

    pool: ConnectionPool | None = None
    has_sessions: bool = False
