"""The database in PostgreSQL: opened when first used, shared by threads, processes and machines, of the newest schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import attrs

from couponhub.errors import ConfigError
from couponhub.forking import PerProcess, ProcessLock
from couponhub.state.postgresql.faults import told_as_local
from couponhub.state.postgresql.migrations import SCHEMA, migrate, require_readable
from couponhub.state.postgresql.statements import PostgresqlStatements, named_rows
from couponhub.state.settings import StoreSettings

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

_MOST_CONNECTIONS = 8
_CONNECT_SECONDS = 10.0


class PostgresqlDatabase:
    """The database at the address of the settings. Thread-safe, and safe with other processes, forked ones too.

    Args:
        settings: Of the store.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self.settings = settings
        self._lock = ProcessLock()
        # The sockets are the parent's: a child keeps what it inherits, for closing it would say good-bye for both.
        self._inherited: list[_Opened] = []
        self._own = PerProcess(_Opened, leave=self._inherited.append)

    @property
    def place(self) -> str:
        """The database, for people: without user and password."""
        return self.settings.place

    @contextmanager
    def transaction(self) -> Iterator[PostgresqlStatements]:
        """As `Database.transaction`."""
        with told_as_local(self.place), self._pool().connection() as connection, connection.transaction():
            yield PostgresqlStatements(connection)

    @contextmanager
    def reading(self) -> Iterator[PostgresqlStatements]:
        """As `Database.reading`: what is committed at one moment."""
        with told_as_local(self.place), self._pool().connection() as connection, _at_one_moment(connection):
            yield PostgresqlStatements(connection)

    @contextmanager
    def connected(self) -> Iterator["Connection[Any]"]:
        """Give a connection of its own for the block, outside of any transaction: for locks that end with it."""
        self._pool()
        with told_as_local(self.place), self._connect() as connection:
            yield connection

    def close(self) -> None:
        """Close the database; a later use opens it again."""
        own = self._own.get()
        with self._lock:
            pool, own.pool = own.pool, None
        if pool is not None:
            pool.close()

    def _pool(self) -> "ConnectionPool[Connection[Any]]":
        own = self._own.get()
        with self._lock:
            if own.pool is None:
                # Not through the pool, which tries for long and then does not say what was wrong.
                with self._connect() as connection:
                    if _may_write(connection):
                        migrate(connection, self.place)
                    else:
                        require_readable(connection, self.place)
                own.pool = self._new_pool()
            return own.pool

    def _new_pool(self) -> "ConnectionPool[Connection[Any]]":
        from psycopg_pool import ConnectionPool  # noqa: PLC0415 - an extra

        return ConnectionPool(
            self.settings.conninfo(),
            kwargs=_ARGUMENTS | {"row_factory": named_rows},
            min_size=0,
            max_size=_MOST_CONNECTIONS,
            timeout=_CONNECT_SECONDS,
            check=ConnectionPool.check_connection,
            name="couponhub",
            open=True,
        )

    def _connect(self) -> "Connection[Any]":
        _require_driver()
        import psycopg  # noqa: PLC0415 - an extra

        return psycopg.connect(self.settings.conninfo(), row_factory=named_rows, **_ARGUMENTS)


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


_ARGUMENTS: dict[str, Any] = {
    "autocommit": True,
    "application_name": "couponhub",
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "options": f"-c search_path={SCHEMA}",
}


@attrs.define(eq=False)
class _Opened:
    """The connections that one process has open."""

    pool: "ConnectionPool[Connection[Any]] | None" = None


def _require_driver() -> None:
    try:
        import psycopg  # noqa: F401, PLC0415 - an extra
        import psycopg_pool  # noqa: F401, PLC0415 - the same
    except ImportError:
        raise ConfigError(
            "[store] url names PostgreSQL, and its driver is not installed",
            hint="pip install 'couponhub[postgresql]'",
        ) from None
