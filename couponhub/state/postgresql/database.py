"""The database in PostgreSQL: opened when first used, shared by threads, processes and machines, of the newest schema."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import attrs

from couponhub.errors import LocalError
from couponhub.forking import PerProcess, ProcessLock
from couponhub.state.postgresql.bounded import BoundedConnection
from couponhub.state.postgresql.connections import ConnectionPool, Connections, close_quietly
from couponhub.state.postgresql.faults import GRANT, PRIMARY, told_as_local
from couponhub.state.postgresql.migrations import migrate, newest, require_readable, version_of
from couponhub.state.postgresql.poolers import require_sessions
from couponhub.state.postgresql.statements import PostgresqlStatements
from couponhub.state.settings import StoreSettings

_MOST_CONNECTIONS = 8
_SCHEMA_SECONDS = 65.0
"""For each statement of a migration, also where whoever is the first has less time."""


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
        self._own = PerProcess(lambda: _Opened(self._new_pool()))

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
    def alone(self) -> Iterator[PostgresqlStatements]:
        """Give a connection on which each statement is a transaction of its own."""
        with told_as_local(self.place), self._pool().used() as connection:
            yield PostgresqlStatements(connection)

    @contextmanager
    def reading(self, *, seconds: float | None = None) -> Iterator[PostgresqlStatements]:
        """As `Database.reading`.

        Args:
            seconds: For connecting, for a connection that is free, and for each answer; None for the usual ones.
        """
        with (
            told_as_local(self.place),
            self._pool(seconds).used(seconds=seconds) as connection,
            _at_one_moment(connection),
        ):
            yield PostgresqlStatements(connection)

    @contextmanager
    def looking(self, *, seconds: float | None = None) -> Iterator[PostgresqlStatements]:
        """Read as with `reading`, and make nothing where nothing is: no schema, whatever its version.

        Args:
            seconds: For connecting and for each answer; None for the usual ones.
        """
        pool = self._own.get().pool
        with told_as_local(self.place), pool.used(seconds=seconds) as connection, _at_one_moment(connection):
            yield PostgresqlStatements(connection)

    @contextmanager
    def session(self) -> Iterator[BoundedConnection]:
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

    def upgrade(self) -> None:
        """Make the schema, or bring it to the newest version; any first use does so too, where it may.

        Raises:
            LocalError: Also where this user may not, or nothing can be written.
        """
        with told_as_local(self.place), closing(self._connections.connect()) as connection:
            migrate(connection, self.place)

    def require_writable(self) -> None:
        """Raise LocalError now, rather than half way, where nothing can be written, as in a replica."""
        with self.transaction() as database:
            is_read_only, may = database.execute(
                "SELECT current_setting('transaction_read_only') = 'on', has_table_privilege('couponhub.uploads', 'INSERT')"
            ).fetchone() or (True, False)
        if is_read_only:
            raise LocalError(f"the store {self.place} is read-only here", hint=PRIMARY)
        if not may:
            raise LocalError(f"the user of [store] url may not write to the store {self.place}", hint=GRANT)

    def reach(self, seconds: float) -> None:
        """Raise LocalError when the database cannot be used within this time; through a new connection, nothing is made."""
        with told_as_local(self.place), closing(self._connections.connect(seconds=seconds)) as connection:
            if not _may_write(connection):
                require_readable(connection, self.place)
            elif version_of(connection, self.place) == newest():
                connection.execute("SELECT name FROM facts LIMIT 1")

    def close(self) -> None:
        """Close the database; a later use opens it again."""
        own = self._own.get()
        with self._lock:
            pool, own.pool, own.is_ready = own.pool, self._new_pool(), False
        pool.close()

    def _pool(self, seconds: float | None = None) -> ConnectionPool:
        own = self._own.get()
        before = own.fault
        with self._lock:
            if not own.is_ready:
                if own.fault is not None and own.fault is not before:
                    # Somebody tried it in vain while this one waited: it does not take as long once more for each.
                    raise LocalError(own.fault.message, hint=own.fault.hint)
                try:
                    with told_as_local(self.place):
                        self._make_ready(seconds)
                except LocalError as error:
                    own.fault = error
                    raise
                own.is_ready, own.fault = True, None
            return own.pool

    def _make_ready(self, seconds: float | None) -> None:
        connection = self._connections.connect(seconds=seconds)
        try:
            self._require_sessions(connection)
            if _may_write(connection):
                connection.answer_seconds = max(connection.answer_seconds, _SCHEMA_SECONDS)
                migrate(connection, self.place)
            else:
                require_readable(connection, self.place)
        finally:
            close_quietly(connection)

    def _new_pool(self) -> ConnectionPool:
        return ConnectionPool(self._connections, most=_MOST_CONNECTIONS, place=self.place)

    def _require_sessions(self, connection: BoundedConnection) -> None:
        own = self._own.get()
        if not own.has_sessions:
            require_sessions(connection, self._connections.connect, self.place)
            own.has_sessions = True


def _end(connection: BoundedConnection) -> None:
    """Close a session; its locks are free when this returns, not only when the server has noticed."""
    import psycopg  # noqa: PLC0415 - an extra

    with suppress(psycopg.Error):
        connection.execute("SELECT pg_advisory_unlock_all()")
    close_quietly(connection)


@contextmanager
def _at_one_moment(connection: BoundedConnection) -> Iterator[None]:
    """A transaction that sees what is committed now, and writes nothing; psycopg says so with its BEGIN."""
    from psycopg import IsolationLevel  # noqa: PLC0415 - an extra

    connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
    try:
        with connection.transaction():
            yield
    finally:
        if not connection.broken:
            connection.isolation_level = connection.read_only = None


def _may_write(connection: BoundedConnection) -> bool:
    """Tell whether a migration could run here: on no replica, and as a role that may make or change our tables."""
    found = connection.execute(
        "SELECT NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'off' AND CASE WHEN"
        " to_regnamespace('couponhub') IS NULL THEN has_database_privilege(current_database(), 'CREATE')"
        " ELSE has_schema_privilege('couponhub', 'CREATE') END"
    ).fetchone()
    return bool(found and found[0])


@attrs.define(eq=False)
class _Opened:
    """The connections that one process has open, and what it found out of them.

    Attributes:
        fault: The reason why the last try to use the database for the first time failed.
    """

    pool: ConnectionPool
    is_ready: bool = False
    has_sessions: bool = False
    fault: LocalError | None = None
