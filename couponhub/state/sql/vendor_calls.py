"""Calls to vendors and failures of servers, in the database of the ledger."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from couponhub.clock import utc_now
from couponhub.state.sql.database import Database, Row
from couponhub.state.vendor_calls import (
    FAILED,
    OK,
    CallDecision,
    CallFilter,
    CallRecord,
    CallRetention,
    FaultGroup,
    FaultRecord,
    LeftOut,
)

_AT_ONCE = 500
"""Rows that are removed in one transaction: others that write wait for no more than that."""
_OLD_CALLS = "DELETE FROM vendor_calls WHERE rowid IN (SELECT rowid FROM vendor_calls WHERE at < ? LIMIT ?)"
_OLD_FAULTS = (
    "DELETE FROM server_faults WHERE rowid IN (SELECT rowid FROM server_faults WHERE at < ? LIMIT ?)"
)
_MANY_CALLS = (
    "DELETE FROM vendor_calls WHERE rowid IN (SELECT rowid FROM vendor_calls WHERE is_plain = ? AND rowid <="
    " (SELECT rowid FROM vendor_calls WHERE is_plain = ? ORDER BY rowid DESC LIMIT 1 OFFSET ?) ORDER BY rowid LIMIT ?)"
)
_MANY_FAULTS = (
    "DELETE FROM server_faults WHERE rowid IN (SELECT rowid FROM server_faults WHERE rowid <="
    " (SELECT rowid FROM server_faults ORDER BY rowid DESC LIMIT 1 OFFSET ?) ORDER BY rowid LIMIT ?)"
)

_GROUPS = (
    "SELECT found.times AS times, found.first_at AS first_at, fault.* FROM (SELECT count(*) AS times, min(at) AS first_at,"
    " max(rowid) AS newest FROM server_faults WHERE {which} GROUP BY kind, status, method, route, place) AS found"
    " JOIN server_faults AS fault ON fault.rowid = found.newest ORDER BY found.newest DESC LIMIT ?"
)


class SqlVendorCalls:
    """A `VendorCalls` in a database.

    Args:
        store: Where they are kept.
        now: The clock, for tests.
    """

    def __init__(self, store: Database, *, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._now = now

    def write(
        self,
        calls: Sequence[CallRecord] = (),
        *,
        faults: Sequence[FaultRecord] = (),
        left_out: Mapping[LeftOut, int] | None = None,
    ) -> None:
        """As `VendorCalls.write`."""
        hour = self._now().replace(minute=0, second=0, microsecond=0).isoformat()
        counted = [(hour, why.value, count) for why, count in (left_out or {}).items() if count]
        if not (calls or faults or counted):
            return
        with self._store.transaction() as database:
            database.executemany(
                "INSERT INTO vendor_calls (id, at, connection, operation, method, base, path, changes, is_plain, outcome,"
                " decision, because, waited, status, attempt, milliseconds, vendor_request_id, request_id, headers, query,"
                " sent, received) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                map(_call_values, calls),
            )
            database.executemany(
                "INSERT INTO server_faults (at, request_id, kind, status, method, route, place)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                map(_fault_values, faults),
            )
            database.executemany(
                "INSERT INTO calls_left_out (hour, why, calls) VALUES (?, ?, ?)"
                " ON CONFLICT (hour, why) DO UPDATE SET calls = calls_left_out.calls + excluded.calls",
                counted,
            )

    def prune(self, kept: CallRetention | None = None) -> int:
        """As `VendorCalls.prune`."""
        kept = kept or CallRetention()
        oldest = (self._now() - kept.age).isoformat()
        removed = self._removed(_OLD_CALLS, oldest) + self._removed(_OLD_FAULTS, oldest)
        for is_plain, most in ((1, kept.plain), (0, kept.others)):
            removed += self._removed(_MANY_CALLS, is_plain, is_plain, most)
        removed += self._removed(_MANY_FAULTS, kept.faults)
        with self._store.transaction() as database:
            database.execute("DELETE FROM calls_left_out WHERE hour < ?", (oldest,))
        return removed

    def newest(
        self, wanted: CallFilter | None = None, *, before: str | None = None, most: int = 50
    ) -> tuple[CallRecord, ...]:
        """As `VendorCalls.newest`."""
        which, values = _conditions(wanted or CallFilter())
        if before is not None:
            which.append("rowid < (SELECT rowid FROM vendor_calls WHERE id = ?)")
            values.append(before)
        where = f" WHERE {' AND '.join(which)}" if which else ""
        with self._store.reading() as database:
            rows = database.execute(
                # Which they are is found first, so that only their bodies are read.
                f"SELECT * FROM vendor_calls WHERE rowid IN (SELECT rowid FROM vendor_calls{where}"  # noqa: S608 - our own words
                " ORDER BY rowid DESC LIMIT ?) ORDER BY rowid DESC",
                (*values, most),
            ).fetchall()
        return tuple(map(_call, rows))

    def find(self, call_id: str) -> CallRecord | None:
        """As `VendorCalls.find`."""
        with self._store.reading() as database:
            row = database.execute("SELECT * FROM vendor_calls WHERE id = ?", (call_id,)).fetchone()
        return None if row is None else _call(row)

    def operations(self) -> tuple[tuple[str, str], ...]:
        """As `VendorCalls.operations`."""
        with self._store.reading() as database:
            rows = database.execute("SELECT DISTINCT connection, operation FROM vendor_calls").fetchall()
        return tuple(sorted((row["connection"], row["operation"]) for row in rows))

    def left_out(self) -> Mapping[LeftOut, int]:
        """As `VendorCalls.left_out`."""
        oldest = (self._now() - CallRetention().age).isoformat()
        with self._store.reading() as database:
            rows = database.execute(
                "SELECT why, sum(calls) AS calls FROM calls_left_out WHERE hour >= ? GROUP BY why", (oldest,)
            ).fetchall()
        return {LeftOut(row["why"]): int(row["calls"]) for row in rows}

    def faults(self, request_id: str | None = None, *, most: int = 50) -> tuple[FaultGroup, ...]:
        """As `VendorCalls.faults`."""
        which, values = ("1 = 1", ()) if request_id is None else ("request_id = ?", (request_id,))
        with self._store.reading() as database:
            rows = database.execute(_GROUPS.replace("{which}", which), (*values, most)).fetchall()
        return tuple(
            FaultGroup(
                newest=FaultRecord(
                    at=datetime.fromisoformat(row["at"]),
                    request_id=row["request_id"],
                    kind=row["kind"],
                    status=row["status"],
                    method=row["method"],
                    route=row["route"],
                    place=row["place"],
                ),
                count=int(row["times"]),
                first_at=datetime.fromisoformat(row["first_at"]),
            )
            for row in rows
        )

    def _removed(self, statement: str, *values: object) -> int:
        removed, count = 0, _AT_ONCE
        while count >= _AT_ONCE:
            with self._store.transaction() as database:
                count = database.execute(statement, (*values, _AT_ONCE)).rowcount
            removed += max(0, count)
        return removed


def _conditions(wanted: CallFilter) -> tuple[list[str], list[Any]]:
    asked: Iterable[tuple[str, Any]] = (
        ("connection = ?", wanted.connection),
        ("operation = ?", wanted.operation),
        ("outcome <> ?" if wanted.outcome == FAILED else "outcome = ?", _outcome(wanted.outcome)),
        ("at >= ?", wanted.since and wanted.since.isoformat()),
        ("request_id = ?", wanted.request_id),
    )
    chosen = [(condition, value) for condition, value in asked if value is not None]
    return [condition for condition, _ in chosen], [value for _, value in chosen]


def _outcome(asked: str | None) -> str | None:
    return OK if asked == FAILED else asked


def _call_values(call: CallRecord) -> tuple[Any, ...]:
    return (
        call.id,
        call.at.isoformat(),
        call.connection,
        call.operation,
        call.method,
        call.base,
        call.path,
        int(call.changes),
        int(call.is_plain),
        call.outcome,
        call.decision.value,
        call.because,
        call.waited,
        call.status,
        call.attempt,
        call.milliseconds,
        call.vendor_request_id,
        call.request_id,
        " ".join(call.headers),
        call.query,
        call.sent,
        call.received,
    )


def _fault_values(fault: FaultRecord) -> tuple[Any, ...]:
    return (
        fault.at.isoformat(),
        fault.request_id,
        fault.kind,
        fault.status,
        fault.method,
        fault.route,
        fault.place,
    )


def _call(row: Row) -> CallRecord:
    return CallRecord(
        id=row["id"],
        at=datetime.fromisoformat(row["at"]),
        connection=row["connection"],
        operation=row["operation"],
        method=row["method"],
        base=row["base"],
        path=row["path"],
        changes=bool(row["changes"]),
        outcome=row["outcome"],
        decision=CallDecision(row["decision"]),
        because=row["because"],
        waited=row["waited"],
        status=row["status"],
        attempt=row["attempt"],
        milliseconds=row["milliseconds"],
        vendor_request_id=row["vendor_request_id"],
        request_id=row["request_id"],
        headers=tuple(row["headers"].split()),
        query=row["query"],
        sent=row["sent"],
        received=row["received"],
    )
