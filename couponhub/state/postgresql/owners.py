"""Owners of jobs as sessions of PostgreSQL: an owner lives while the session does that holds the lock of its name."""

import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import attrs

from couponhub.errors import LocalError
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.locks import lock_number, take, taken_of
from couponhub.state.sql.database import Statements

_SLACK_SECONDS = 300.0
"""Servers' clocks are corrected by seconds; a lease that seems to last for longer than so is of a clock that was wrong."""


@attrs.frozen
class SessionOwners:
    """`Owners` on many machines, by the clock of the server.

    Args:
        database: Whose sessions they are.
    """

    database: PostgresqlDatabase

    @property
    def clock_slack(self) -> float:
        """As `Owners.clock_slack`."""
        return _SLACK_SECONDS

    @contextmanager
    def worker(self) -> Iterator[str]:
        """As `Owners.worker`."""
        name = secrets.token_hex(16)
        with self.database.session() as session:
            if not take(session, _number(name), self.database.place):
                raise LocalError(
                    "a new owner's lock is taken", hint="repeat it"
                )  # as likely as two equal names
            yield name

    def now(self, database: Statements) -> float:
        """As `Owners.now`: not of the transaction's begin, which may have waited."""
        return float(database.execute("SELECT extract(epoch FROM clock_timestamp())").fetchone()[0])

    def living(self, database: Statements, names: Collection[str]) -> Collection[str]:
        """As `Owners.living`. A replica does not know the primary's sessions: there the leases tell alone."""
        if database.execute("SELECT pg_is_in_recovery()").fetchone()[0]:
            return names
        numbers = {_number(name): name for name in names}
        return {numbers[number] for number in taken_of(database, numbers)}


def _number(name: str) -> int:
    return lock_number("owner", name)
