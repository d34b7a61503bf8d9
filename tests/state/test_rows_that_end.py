"""No table of what is kept for a while grows for ever: rows that nobody is shown any more are gone, not only hidden."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs

from couponhub.models import CouponList, ListId
from couponhub.state import AuditAction, AuditOutcome, LeftOut, StoreSettings
from couponhub.state.sqlite.state import SqliteState
from couponhub.testing.state_conformance.samples import new_call

_HOUR = 3600.0
_TABLES = (
    "audit_events",
    "audit_outcomes",
    "vendor_calls",
    "calls_left_out",
    "sign_outs",
    "stock_readings",
    "quota_samples",
)


def test_what_has_ended_is_not_in_the_file(tmp_path: Path) -> None:
    """A year later, after one more write of each kind, a table holds that one alone; an outcome of no event is not written."""
    now = [time.time()]
    settings = StoreSettings(url=f"sqlite:///{tmp_path.as_posix()}/s.db", audit_days=100)
    with SqliteState(settings, clock=lambda: now[0]) as state:
        for number in range(3):
            write_one_of_each(state, now[0], number)
            now[0] += _HOUR
        state.audit.end("ev_of_nobody", AuditOutcome.DONE)
        assert dict.fromkeys(_TABLES, 3) == rows_of(state)
        now[0] += 365 * 24 * _HOUR
        write_one_of_each(state, now[0], 4)
        assert dict.fromkeys(_TABLES, 1) == rows_of(state)


def write_one_of_each(state: SqliteState, now: float, number: int) -> None:
    """One row for each of the tables, and whatever removes what is old."""
    at = datetime.fromtimestamp(now, UTC)
    call = attrs.evolve(new_call(f"call_{number}"), at=at)
    event = state.audit.begin(AuditAction.MAKE_TOKEN, who="ab12", name="till")
    state.audit.end(event.id, AuditOutcome.DONE)
    state.vendor_calls.write([call], left_out={LeftOut.PLAIN: 1})
    state.vendor_calls.prune()
    state.sign_outs.add(f"mark{number}", at + timedelta(days=30))
    state.readings.note_stock(
        "shop", [CouponList(connection="shop", id=ListId("L"), name="Summer", available=number)]
    )
    state.readings.note_quotas("shop", {"calls_per_day": number}, {"calls_per_day": 10})


def rows_of(state: SqliteState) -> dict[str, int]:
    """How many rows each of the tables has."""
    with state.database.reading() as database:
        return {
            table: database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]  # noqa: S608 - our own names
            for table in _TABLES
        }
