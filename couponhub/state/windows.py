"""Counting calls in windows, whatever the windows are kept in: the one meaning of each verb of a `QuotaStore`."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import attrs

from couponhub.state.budgets import Spent
from couponhub.state.quotas import LARGEST_LEASE, LONGEST_PAUSE, Granted, Window

Key = tuple[str, str]
"""An account, and the flat name of one of its limits; or a kind of calls, for its pause."""

_DAY_SECONDS = 86_400


@attrs.frozen(kw_only=True)
class WindowRow:
    """One window of one limit.

    Attributes:
        ends: Seconds since the epoch.
        used: Calls that are counted.
        cap: How many the vendor said there may be; None for what is configured.
    """

    ends: float
    used: int
    cap: int | None


class WindowRows(Protocol):
    """The windows, to read and change."""

    def get(self, key: Key) -> WindowRow | None:
        """The last one that was counted in; it may be over."""
        ...

    def put(self, key: Key, row: WindowRow) -> None:
        """Write it in the place of that."""
        ...


@attrs.frozen
class WindowRowsInMemory:
    """`WindowRows` of this process."""

    rows: dict[Key, WindowRow]

    def get(self, key: Key) -> WindowRow | None:
        """As `WindowRows.get`."""
        return self.rows.get(key)

    def put(self, key: Key, row: WindowRow) -> None:
        """As `WindowRows.put`."""
        self.rows[key] = row


@attrs.frozen
class AccountWindows:
    """The verbs of a `QuotaStore`, done to the windows of one account at one moment.

    Args:
        rows: The windows of all accounts; nobody else changes them meanwhile.
        now: Seconds since the epoch.
        account: As of `QuotaStore`.
    """

    rows: WindowRows
    now: float
    account: str

    def take(self, kind: str, windows: Sequence[Window], want: int) -> Granted | Spent:
        """As `QuotaStore.take`."""
        if paused := self._paused(kind):
            return Spent(None, paused, daily=False)
        counts = [self._count(window) for window in windows]
        for count in counts:
            if count.used >= count.cap:
                return Spent(count.window.name, count.ends - self.now, is_daily(count.window))
        left = min(count.cap - count.used for count in counts)
        calls = max(1, min(want, int(left * LARGEST_LEASE)))
        for count in counts:
            self._write(attrs.evolve(count, used=count.used + calls))
        return Granted(calls=calls, ends_in=min(count.ends for count in counts) - self.now)

    def learn(self, window: Window, *, limit: int | None, remaining: int, ends_in: float) -> bool:
        """As `QuotaStore.learn`."""
        count = self._count(window)
        cap = count.cap if limit is None else limit
        used = max(count.used, cap - remaining)
        if (used, cap) == (count.used, count.cap):
            return False
        self._write(attrs.evolve(count, used=used, cap=cap, ends=self.now + ends_in))
        return True

    def exhaust(self, window: Window, ends_in: float) -> None:
        """As `QuotaStore.exhaust`."""
        count = self._count(window)
        self._write(attrs.evolve(count, used=count.cap, ends=self.now + ends_in))

    def pause(self, kind: str, ends_in: float) -> None:
        """As `QuotaStore.pause`."""
        self.rows.put((self.account, kind), WindowRow(ends=self.now + ends_in, used=0, cap=None))

    def left(self, kinds: Mapping[str, Sequence[Window]]) -> dict[str, int]:
        """As `QuotaStore.left`."""
        return {
            window.name: max(0, count.cap - count.used)
            for kind, windows in kinds.items()
            if not self._paused(kind)
            for window in windows
            for count in [self._count(window)]
        }

    def _paused(self, kind: str) -> float:
        """Return the seconds that the vendor is to be left alone still, beyond all windows; 0 where it may be called."""
        row = self.rows.get((self.account, kind))
        # One that ends later than the longest can was written before the clock was set back.
        return row.ends - self.now if row and self.now < row.ends <= self.now + LONGEST_PAUSE else 0.0

    def _count(self, window: Window) -> "_Count":
        row = self.rows.get((self.account, window.name))
        # A window that ends later than a whole one from now was written before the clock was set back.
        if row is None or not self.now < row.ends <= self.now + window.seconds:
            ends = (self.now // window.seconds + 1) * window.seconds
            return _Count(window=window, ends=ends, used=0, cap=window.limit)
        cap = window.limit if row.cap is None else row.cap
        return _Count(window=window, ends=row.ends, used=row.used, cap=cap)

    def _write(self, count: "_Count") -> None:
        cap = None if count.cap == count.window.limit else count.cap
        self.rows.put((self.account, count.window.name), WindowRow(ends=count.ends, used=count.used, cap=cap))


def is_daily(window: Window) -> bool:
    """Tell whether waiting for the window's end is pointless for who waits a moment."""
    return window.seconds == _DAY_SECONDS


@attrs.frozen(kw_only=True)
class _Count:
    window: Window
    ends: float
    used: int
    cap: int
