"""Sessions that were signed out of, in a database."""

from collections.abc import Callable
from datetime import datetime

from couponhub.clock import utc_now
from couponhub.state.sql.database import Database


class SqlSignOuts:
    """`SignOuts` in the database of the ledger.

    Args:
        store: Where they are kept.
        now: The clock, for tests.
    """

    def __init__(self, store: Database, *, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._now = now

    def add(self, mark: str, until: datetime) -> None:
        """As `SignOuts.add`."""
        with self._store.transaction() as database:
            database.execute("DELETE FROM sign_outs WHERE until <= ?", (_seconds(self._now()),))
            database.execute(
                "INSERT INTO sign_outs (mark, until) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (mark, _seconds(until)),
            )

    def all(self) -> frozenset[str]:
        """As `SignOuts.all`."""
        with self._store.reading() as database:
            rows = database.execute(
                "SELECT mark FROM sign_outs WHERE until > ?", (_seconds(self._now()),)
            ).fetchall()
        return frozenset(row["mark"] for row in rows)


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
