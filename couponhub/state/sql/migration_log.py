"""The log of migrations between vendors, in the database of the ledger."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime

from couponhub.clock import utc_now
from couponhub.errors import UsageError
from couponhub.models.base import NOTHING
from couponhub.state.migration_log import LoggedEvent, LoggedMigration
from couponhub.state.sql.database import Database, Row


class SqlMigrationLog:
    """A `MigrationLog` in a database.

    Args:
        store: Where it is kept.
        now: The clock of what is written, for tests.
    """

    def __init__(self, store: Database, *, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._now = now

    def append(
        self, migration_id: str, kind: str, details: Mapping[str, object] = NOTHING, *, after: int
    ) -> LoggedEvent | None:
        """As `MigrationLog.append`."""
        if not migration_id or not kind:
            raise UsageError("an event of a migration needs the migration's id and a word for what happened")
        written, now = _as_json(details), self._now()
        with self._store.transaction() as database:
            (last,) = database.execute(
                "SELECT COALESCE(MAX(number), 0) FROM migration_events WHERE migration_id = ?",
                (migration_id,),
            ).fetchone()
            if last != after:
                return None
            # Another process may write the same number at this moment.
            added = database.execute(
                "INSERT INTO migration_events (migration_id, number, at, kind, details) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                (migration_id, after + 1, now.isoformat(), kind, written),
            ).rowcount
            if not added:
                return None
        return LoggedEvent(number=after + 1, at=now, kind=kind, details=json.loads(written))

    def events(self, migration_id: str) -> tuple[LoggedEvent, ...]:
        """As `MigrationLog.events`."""
        with self._store.reading() as database:
            rows = database.execute(
                "SELECT * FROM migration_events WHERE migration_id = ? ORDER BY number", (migration_id,)
            ).fetchall()
        return tuple(map(_event, rows))

    def all(self) -> tuple[LoggedMigration, ...]:
        """As `MigrationLog.all`."""
        with self._store.reading() as database:
            rows = database.execute(
                "SELECT * FROM migration_events AS one WHERE number = 1 OR number ="
                " (SELECT MAX(number) FROM migration_events AS other WHERE other.migration_id = one.migration_id)"
                " ORDER BY rowid"
            ).fetchall()
        first: dict[str, LoggedEvent] = {}
        last: dict[str, LoggedEvent] = {}
        for row in rows:
            first.setdefault(row["migration_id"], _event(row))
            last[row["migration_id"]] = _event(row)
        return tuple(LoggedMigration(id=name, first=one, last=last[name]) for name, one in first.items())


def _as_json(details: Mapping[str, object]) -> str:
    try:
        return json.dumps(dict(details), allow_nan=False)
    except (TypeError, ValueError) as error:
        # The error's own text would quote the value.
        raise UsageError("the details of an event of a migration are no JSON") from error


def _event(row: Row) -> LoggedEvent:
    return LoggedEvent(
        number=row["number"],
        at=datetime.fromisoformat(row["at"]),
        kind=row["kind"],
        details=json.loads(row["details"]),
    )
