"""Readings of lists and limits in a database: each stands in a span of time, in which there can be but one."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import groupby

from couponhub.models import CouponList
from couponhub.state.readings import QuotaSample, StockReading
from couponhub.state.sql.database import Database, Row
from couponhub.state.sql.ledger import storable

_STOCK_SECONDS, _QUOTA_SECONDS = 900, 300
"""The lengths of spans."""
_DAY = 86_400
_STOCK_KEPT, _STOCK_WHOLE, _QUOTA_KEPT = 90 * _DAY, 2 * _DAY, 25 * 3600
_THINNED = 10 * _DAY
"""Older ones were thinned when they were younger, or stay: to look at all of them again takes too long."""
_PRUNED_EVERY = 3600.0
_AT_ONCE = 500
"""Lists in one transaction, which keeps other writers waiting."""
_LARGEST = 2**62

# The newest reading of a list lasts for as long as nothing has changed; of two processes the later changes nothing.
_LASTS = """
    UPDATE stock_readings SET seen_until = :at
    WHERE connection = :connection AND list_id = :list_id AND available = :available AND COALESCE(total, -1) = :same_total
        AND seen_until <= :lately AND span = (
            SELECT MAX(span) FROM stock_readings WHERE connection = :connection AND list_id = :list_id)
"""
_CHANGED = """
    INSERT INTO stock_readings (connection, list_id, span, at, seen_until, available, total)
    SELECT :connection, :list_id, :span, :at, :at, :available, :total
    WHERE NOT EXISTS (
        SELECT 1 FROM stock_readings
        WHERE connection = :connection AND list_id = :list_id AND (
            span >= :span
            OR (available = :available AND COALESCE(total, -1) = :same_total AND span = (
                SELECT MAX(span) FROM stock_readings WHERE connection = :connection AND list_id = :list_id))))
    ON CONFLICT DO NOTHING
"""
_THIN = """
    DELETE FROM stock_readings WHERE span >= :oldest AND span < :youngest AND EXISTS (
        SELECT 1 FROM stock_readings AS other
        WHERE other.connection = stock_readings.connection AND other.list_id = stock_readings.list_id
            AND other.span < stock_readings.span AND other.span >= stock_readings.span - stock_readings.span % :of_a_day)
"""


class SqlReadings:
    """`Readings` in the database of the ledger.

    Args:
        store: Where they are kept.
        clock: Seconds since the epoch.
    """

    def __init__(self, store: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._pruned_at = float("-inf")

    def note_stock(self, connection: str, lists: Iterable[CouponList]) -> None:
        """As `Readings.note_stock`."""
        now = int(self._clock())
        rows = [
            {
                "connection": connection,
                "list_id": storable(one.id),
                "span": now // _STOCK_SECONDS,
                "at": now,
                "lately": now - _STOCK_SECONDS,
                "available": one.available,
                "total": one.total,
                "same_total": -1 if one.total is None else one.total,
            }
            for one in lists
            if one.available is not None and max(one.available, one.total or 0) < _LARGEST
        ]
        for begun in range(0, len(rows), _AT_ONCE):
            some = rows[begun : begun + _AT_ONCE]
            with self._store.transaction() as database:
                for statement in (_LASTS, _CHANGED):
                    database.executemany(statement, some)
        self._prune(now)

    def stock(self, connection: str, list_id: str) -> tuple[StockReading, ...]:
        """As `Readings.stock`."""
        with self._store.reading() as database:
            rows = database.execute(
                "SELECT * FROM stock_readings WHERE connection = ? AND list_id = ? ORDER BY span",
                (connection, storable(list_id)),
            ).fetchall()
        return tuple(map(_reading, rows))

    def stocks(self, connection: str, since: datetime) -> Mapping[str, tuple[StockReading, ...]]:
        """As `Readings.stocks`."""
        with self._store.reading() as database:
            rows = database.execute(
                "SELECT * FROM stock_readings WHERE connection = ? AND seen_until >= ? ORDER BY list_id, span",
                (connection, int(since.timestamp())),
            ).fetchall()
        return {
            list_id: tuple(map(_reading, some)) for list_id, some in groupby(rows, lambda row: row["list_id"])
        }

    def note_quotas(self, connection: str, left: Mapping[str, int], most: Mapping[str, int]) -> None:
        """As `Readings.note_quotas`."""
        now = int(self._clock())
        span = now // _QUOTA_SECONDS
        rows = [(connection, name, span, now, left[name], most[name]) for name in left if name in most]
        # Looked up first: of many processes the first writes, and keeps no other writer waiting.
        with self._store.reading() as database:
            (known,) = database.execute(
                "SELECT COUNT(*) FROM quota_samples WHERE connection = ? AND span = ?", (connection, span)
            ).fetchone()
        if known < len(rows):
            with self._store.transaction() as database:
                database.executemany(
                    "INSERT INTO quota_samples (connection, limit_name, span, at, calls_left, calls_most)"
                    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    rows,
                )
        self._prune(now)

    def quotas(self, connection: str) -> Mapping[str, tuple[QuotaSample, ...]]:
        """As `Readings.quotas`."""
        with self._store.reading() as database:
            rows = database.execute(
                "SELECT * FROM quota_samples WHERE connection = ? AND at >= ? ORDER BY limit_name, span",
                (connection, int(self._clock()) - _QUOTA_KEPT),
            ).fetchall()
        return {
            name: tuple(map(_sample, some)) for name, some in groupby(rows, lambda row: row["limit_name"])
        }

    def _prune(self, now: int) -> None:
        """Remove what is old, and what a clock that was set back has left in the future; once an hour in each process."""
        if abs(now - self._pruned_at) < _PRUNED_EVERY:
            return
        self._pruned_at = now
        with self._store.transaction() as database:
            for table, seconds, kept in (
                ("stock_readings", _STOCK_SECONDS, _STOCK_KEPT),
                ("quota_samples", _QUOTA_SECONDS, _QUOTA_KEPT),
            ):
                database.execute(
                    f"DELETE FROM {table} WHERE span < ? OR span > ?",  # noqa: S608 - our own names
                    ((now - kept) // seconds, (now + _DAY) // seconds),
                )
            database.execute(
                _THIN,
                {
                    "oldest": (now - _THINNED) // _STOCK_SECONDS,
                    "youngest": (now - _STOCK_WHOLE) // _STOCK_SECONDS,
                    "of_a_day": _DAY // _STOCK_SECONDS,
                },
            )


def _reading(row: Row) -> StockReading:
    return StockReading(
        at=_moment(row["at"]),
        until=_moment(row["seen_until"]),
        available=row["available"],
        total=row["total"],
    )


def _sample(row: Row) -> QuotaSample:
    return QuotaSample(at=_moment(row["at"]), left=row["calls_left"], most=row["calls_most"])


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
