"""The schema of the queue in PostgreSQL, beside that of the state."""

import re
from typing import TYPE_CHECKING, Any, LiteralString

from couponhub.errors import LocalError
from couponhub.state.postgresql.database import PostgresqlDatabase

if TYPE_CHECKING:
    from psycopg import Connection

_STEP = re.compile(r"(\d+)\.(\d+)\.(\d+)_")


def schema_name(migrations: list[str]) -> str:
    """Return the name of the schema, which tells the version of its tables: each version has one of its own.

    So workers of an older and of a newer couponhub go on side by side, and nothing is ever brought up to date: a queue
    holds nothing that the jobs do not say.

    Args:
        migrations: The file names of the library's own migrations.
    """
    newest = max(tuple(map(int, found.groups())) for name in migrations if (found := _STEP.match(name)))
    return "couponhub_queue_" + "_".join(map(str, newest))


def make_schema(database: PostgresqlDatabase, name: str, tables: str) -> None:
    """Make the queue's schema where it is not there: wholly, or not at all.

    Args:
        database: Where.
        name: As of `schema_name`.
        tables: The statements of the library that make its tables.

    Raises:
        LocalError: The database fails, or the user may not make it.
    """
    with database.transaction() as statements:
        connection = statements.connection
        if _exists(connection, name):
            return
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('couponhub queue', 0))")
        if _exists(connection, name):  # another process was faster
            return
        if not _is_true(connection, "SELECT has_database_privilege(current_database(), 'CREATE')"):
            raise LocalError(
                f"the queue of workers has no schema in {database.place} yet, and may not be made by this user",
                hint="run `couponhub store upgrade` as one who may, with couponhub[workers] installed, and grant what is in it",
            )
        connection.execute(f"CREATE SCHEMA {name}".encode())
        connection.execute(f"SET LOCAL search_path = {name}".encode())
        connection.execute(tables.encode())


def _exists(connection: "Connection[Any]", name: str) -> bool:
    # Not by `to_regnamespace`: what it did not find before somebody else was waited for, it goes on not finding.
    return _is_true(
        connection, "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = %s)", name
    )


def _is_true(connection: "Connection[Any]", question: LiteralString, *values: str) -> bool:
    row = connection.execute(question, values).fetchone()
    return bool(row and row[0])
