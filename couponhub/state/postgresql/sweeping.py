"""Giving back the room of rows that were removed, so that nothing of them stays where tables lie."""

from typing import LiteralString

from couponhub.state.postgresql.bounded import BoundedConnection
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.faults import told_as_local

_SECONDS = 4 * 3600.0


def sweep(database: PostgresqlDatabase, table: LiteralString) -> None:
    """Vacuum a table of ours, however long it takes. What an older transaction may still see stays until the next time.

    Raises:
        LocalError: It cannot be done.
    """
    with database.session() as session, told_as_local(database.place):
        if isinstance(session, BoundedConnection):
            session.answer_seconds = _SECONDS
        session.execute("SET statement_timeout = 0")
        session.execute(f"VACUUM couponhub.{table}")
