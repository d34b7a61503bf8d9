"""Counts calls in windows, each one a row that is read and written under SQLite's one lock for writers."""

import time
from collections.abc import Callable, Mapping, Sequence

import attrs

from couponhub.state.budgets import Spent
from couponhub.state.quotas import LARGEST_LEASE, LONGEST_PAUSE, Granted, Window
from couponhub.state.settings import StoreSettings
from couponhub.state.sqlite.counters import Counters, WindowRow, WindowRows

_DAY_SECONDS = 86_400


class SqliteQuotas:
    """A `QuotaStore` in a database of its own beside the ledger's.

    It is written without waiting for the disk: after a power cut a few calls may be forgotten, after a crash of a
    process none. See `Counters` for what happens while it cannot be written.

    Args:
        settings: Of the store.
        now: Seconds since the epoch.
    """

    def __init__(self, settings: StoreSettings, *, now: Callable[[], float] = time.time) -> None:
        self._counters = Counters(settings)
        self.now = now

    def take(self, account: str, kind: str, windows: Sequence[Window], want: int) -> Granted | Spent:
        """As `QuotaStore.take`."""

        def change(rows: WindowRows, now: float) -> Granted | Spent:
            if paused := _paused(rows, account, kind, now):
                return Spent(None, paused, daily=False)
            counts = [_count(rows, account, window, now) for window in windows]
            for count in counts:
                if count.used >= count.cap:
                    return Spent(count.window.name, count.ends - now, count.window.seconds == _DAY_SECONDS)
            left = min(count.cap - count.used for count in counts)
            calls = max(1, min(want, int(left * LARGEST_LEASE)))
            for count in counts:
                _write(rows, account, attrs.evolve(count, used=count.used + calls))
            return Granted(calls=calls, ends_in=min(count.ends for count in counts) - now)

        return self._counters.change(change, self.now)

    def learn(
        self, account: str, window: Window, *, limit: int | None, remaining: int, ends_in: float
    ) -> bool:
        """As `QuotaStore.learn`."""

        def change(rows: WindowRows, now: float) -> bool:
            count = _count(rows, account, window, now)
            cap = count.cap if limit is None else limit
            used = max(count.used, cap - remaining)
            if (used, cap) == (count.used, count.cap):
                return False
            _write(rows, account, attrs.evolve(count, used=used, cap=cap, ends=now + ends_in))
            return True

        return self._counters.change(change, self.now)

    def exhaust(self, account: str, window: Window, ends_in: float) -> None:
        """As `QuotaStore.exhaust`."""

        def change(rows: WindowRows, now: float) -> None:
            count = _count(rows, account, window, now)
            _write(rows, account, attrs.evolve(count, used=count.cap, ends=now + ends_in))

        self._counters.change(change, self.now)

    def pause(self, account: str, kind: str, ends_in: float) -> None:
        """As `QuotaStore.pause`."""

        def change(rows: WindowRows, now: float) -> None:
            rows.put((account, kind), WindowRow(ends=now + ends_in, used=0, cap=None))

        self._counters.change(change, self.now)

    def left(self, account: str, kinds: Mapping[str, Sequence[Window]]) -> Mapping[str, int]:
        """As `QuotaStore.left`."""

        def change(rows: WindowRows, now: float) -> dict[str, int]:
            return {
                window.name: max(0, count.cap - count.used)
                for kind, windows in kinds.items()
                if not _paused(rows, account, kind, now)
                for window in windows
                for count in [_count(rows, account, window, now)]
            }

        return self._counters.change(change, self.now)

    def close(self) -> None:
        """Close the database; a later use opens it again."""
        self._counters.close()


@attrs.frozen(kw_only=True)
class _Count:
    window: Window
    ends: float
    used: int
    cap: int


def _paused(rows: WindowRows, account: str, kind: str, now: float) -> float:
    """Return the seconds that the vendor is to be left alone still, beyond all windows; 0 where it may be called."""
    row = rows.get((account, kind))
    # One that ends later than the longest can was written before the clock was set back.
    return row.ends - now if row is not None and now < row.ends <= now + LONGEST_PAUSE else 0.0


def _count(rows: WindowRows, account: str, window: Window, now: float) -> _Count:
    row = rows.get((account, window.name))
    # A window that ends later than a whole one from now was written before the clock was set back.
    if row is None or not now < row.ends <= now + window.seconds:
        ends = (now // window.seconds + 1) * window.seconds
        return _Count(window=window, ends=ends, used=0, cap=window.limit)
    return _Count(
        window=window, ends=row.ends, used=row.used, cap=window.limit if row.cap is None else row.cap
    )


def _write(rows: WindowRows, account: str, count: _Count) -> None:
    cap = None if count.cap == count.window.limit else count.cap
    rows.put((account, count.window.name), WindowRow(ends=count.ends, used=count.used, cap=cap))
