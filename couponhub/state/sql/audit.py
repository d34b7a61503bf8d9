"""The audit log in the database of the ledger."""

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from couponhub.clock import utc_now
from couponhub.state.audit import (
    LONGEST_TEXT,
    AuditAction,
    AuditEvent,
    AuditOutcome,
    AuditPage,
    AuditQuestion,
)
from couponhub.state.sql.database import Database, Row
from couponhub.state.sql.ledger import storable


class SqlAuditLog:
    """An `AuditLog` in a database.

    Args:
        store: Where it is kept.
        days: So long an event is kept.
        now: The clock of what is written, for tests.
    """

    def __init__(self, store: Database, *, days: int, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._kept_for = timedelta(days=days)
        self._now = now

    def begin(
        self,
        action: AuditAction,
        *,
        who: str,
        name: str,
        connection: str | None = None,
        list_id: str | None = None,
        reference: str | None = None,
        request_id: str | None = None,
        outcome: AuditOutcome | None = None,
    ) -> AuditEvent:
        """As `AuditLog.begin`."""
        event = AuditEvent(
            id=f"ev_{secrets.token_hex(8)}",
            at=self._now(),
            who=_cut(who) or "",
            name=_cut(name) or "",
            action=action,
            connection=_cut(connection),
            list_id=_cut(list_id),
            reference=_cut(reference),
            request_id=_cut(request_id),
            outcome=outcome,
        )
        row = {
            "id": event.id,
            "at": _written(event.at),
            "who": event.who,
            "name": event.name,
            "action": action.value,
            "connection": event.connection,
            "list_id": event.list_id,
            "reference": event.reference,
            "request_id": event.request_id,
        }
        with self._store.transaction() as database:
            gone = (self._oldest(event.at),)
            database.execute(
                "DELETE FROM audit_outcomes WHERE event_id IN (SELECT id FROM audit_events WHERE at < ?)",
                gone,
            )
            database.execute("DELETE FROM audit_events WHERE at < ?", gone)
            database.execute(
                f"INSERT INTO audit_events ({_COLUMNS})"  # noqa: S608 - our own texts
                " VALUES (:id, :at, :who, :name, :action, :connection, :list_id, :reference, :request_id)",
                row,
            )
            if outcome is not None:
                database.execute(_END, (event.id, row["at"], outcome.value, None))
        return event

    def end(self, event_id: str, outcome: AuditOutcome, *, reference: str | None = None) -> None:
        """As `AuditLog.end`."""
        with self._store.transaction() as database:
            known = database.execute("SELECT 1 FROM audit_events WHERE id = ?", (event_id,)).fetchone()
            if known is not None:
                database.execute(_END, (event_id, _written(self._now()), outcome.value, _cut(reference)))

    def page(
        self, question: AuditQuestion | None = None, *, before: str | None = None, at_most: int = 50
    ) -> AuditPage:
        """As `AuditLog.page`."""
        question = question or AuditQuestion()
        asked = dict(_asked(question))
        if before is not None:
            asked["rowid < (SELECT rowid FROM audit_events WHERE id = ?)"] = (before,)
        conditions = " AND ".join(("at >= ?", *asked))
        values = [self._oldest(self._now()), *(value for given in asked.values() for value in given)]
        chosen = f"SELECT rowid AS number, {_COLUMNS} FROM audit_events WHERE {conditions} ORDER BY rowid DESC LIMIT ?"  # noqa: S608 - our own texts
        with self._store.reading() as database:
            rows = database.execute(
                f"SELECT one.*, ended.outcome AS outcome, ended.reference AS made FROM ({chosen}) AS one"  # noqa: S608 - our own texts
                " LEFT JOIN audit_outcomes AS ended ON ended.event_id = one.id ORDER BY number DESC",
                (*values, at_most + 1),
            ).fetchall()
        return AuditPage(
            events=tuple(map(_event, rows[:at_most])),
            older=rows[at_most - 1]["id"] if len(rows) > at_most else None,
        )

    def _oldest(self, now: datetime) -> str:
        return _written(now - self._kept_for)


_COLUMNS = "id, at, who, name, action, connection, list_id, reference, request_id"
_END = (
    "INSERT INTO audit_outcomes (event_id, at, outcome, reference) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
)


def _asked(question: AuditQuestion) -> Iterator[tuple[str, tuple[str, ...]]]:
    if question.action is not None:
        yield "action = ?", (question.action.value,)
    if question.who is not None:
        yield "? IN (who, name)", (storable(question.who),)
    if question.connection is not None:
        yield "connection = ?", (storable(question.connection),)
    if question.since is not None:
        yield "at >= ?", (_written(question.since),)
    if question.until is not None:
        yield "at < ?", (_written(question.until),)


def _event(row: Row) -> AuditEvent:
    action, outcome = row["action"], row["outcome"]
    return AuditEvent(
        id=row["id"],
        at=datetime.fromisoformat(row["at"]),
        who=row["who"],
        name=row["name"],
        action=AuditAction(action) if action in set(AuditAction) else action,
        connection=row["connection"],
        list_id=row["list_id"],
        reference=row["made"] if row["reference"] is None else row["reference"],
        request_id=row["request_id"],
        outcome=AuditOutcome(outcome) if outcome in set(AuditOutcome) else None,
    )


def _written(moment: datetime) -> str:
    # All of one length, so that their order is that of time.
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _cut(text: str | None) -> str | None:
    return None if text is None else storable(text)[:LONGEST_TEXT]
