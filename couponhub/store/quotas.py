"""How much of a vendor's rate limits is spent, shared by all threads and processes that use the same store.

A limit is named `<budget>_per_minute` or `<budget>_per_day`; an account (one workspace, one API key) spends
from it in fixed windows: calendar minutes and UTC days, until the vendor's own headers say otherwise.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TypeVar

import attrs

from couponhub.forking import PerProcess, ProcessLock
from couponhub.store.counters import Counters, Row, Rows
from couponhub.store.settings import StoreSettings

T = TypeVar("T")

_SECONDS = {"minute": 60, "day": 86_400}
_LONGEST_PAUSE = 86_400.0
"""Seconds that a vendor who asked for it is left alone at most, before one call asks again."""
_LARGEST_LEASE = 1 / 200
"""Of what is left of a budget, for one process to count as spent before it is."""


@attrs.frozen
class Spent:
    """A budget that has nothing left.

    Attributes:
        limit: Its flat name, e.g. `upload_per_day`; None for one without a limit of ours, that the vendor closed.
        seconds: Until its window ends.
        daily: Whether waiting a moment is pointless.
    """

    limit: str | None
    seconds: float
    daily: bool


class Quotas:
    """The budgets of all accounts, in a database of their own beside the store's. Thread-safe.

    They are written without waiting for the disk: after a power cut a few calls may be forgotten, after a
    crash of a process none. While nothing can be written, each process counts on for itself; see `Counters`.

    Args:
        settings: Of the store.
        now: Seconds since the epoch.
    """

    def __init__(self, settings: StoreSettings, *, now: Callable[[], float] = time.time) -> None:
        self._counters = Counters(settings)
        self.now = now
        self._pauses: dict[tuple[str, str], tuple[float, float]] = {}

    def of(self, account: str, limits: Mapping[str, int]) -> "Budgets":
        """The budgets of one account.

        Args:
            account: What tells it from others, such as an address and a key; kept as a hash.
            limits: By flat name; names without a window are passed over. A budget whose limits are 0 is never
                spent; one that is not named neither, but for a while after the vendor refused a call of it.
        """
        digest = hashlib.sha256(account.encode()).hexdigest()[:32]
        return Budgets(self, digest, limits)

    def close(self) -> None:
        """Close the database; a later use opens it again."""
        self._counters.close()

    def pause_for(self, account: str, budget: str, seconds: float) -> None:
        """Leave the vendor alone, who refused a call of a budget without a limit; each process learns it by itself.

        Args:
            account: As of `Budgets`.
            budget: Of which.
            seconds: That the vendor asked for.
        """
        begins = self.now()
        self._pauses[account, budget] = (begins, begins + seconds)

    def pause(self, account: str, budget: str) -> Spent | None:
        """How long the vendor asked to wait still; None where a call may be made."""
        pause = self._pauses.get((account, budget))
        if pause is None:
            return None
        begins, ends = pause
        now = self.now()
        # A clock that was set back ends the pause.
        return Spent(None, ends - now, daily=False) if begins <= now < ends else None

    def change(self, change: Callable[[Rows, float], T]) -> T:
        """Run `change` on the budgets, alone among all threads and processes."""
        return self._counters.change(change, self.now)


class Budgets:
    """What one account may still spend. Thread-safe.

    A process that makes many calls counts some as spent before it makes them, so that not every call must be
    written: never more than it has made in that window already, nor than a small part of what is left. What it
    does not make is lost, so that the limits hold whatever becomes of it.

    Args:
        quotas: Where it is kept.
        account: What tells the account from others.
        limits: Flat name to calls per window; 0 turns one off.
    """

    def __init__(self, quotas: Quotas, account: str, limits: Mapping[str, int]) -> None:
        self._quotas = quotas
        self._account = account
        self._limits = {name: limit for name, limit in limits.items() if limit > 0}
        self._off = {name.rpartition("_per_")[0] for name, limit in limits.items() if limit <= 0}
        self._lock = ProcessLock()
        self._leases: PerProcess[dict[str, _Lease]] = PerProcess(dict)
        self._by_budget: dict[str, tuple[str, ...]] = {}
        for name in self._limits:
            budget, separator, period = name.rpartition("_per_")
            if separator and period in _SECONDS:
                self._by_budget[budget] = (*self._by_budget.get(budget, ()), name)

    def take(self, budget: str) -> Spent | None:
        """Spend one call of every window of a budget, or none at all and say which has nothing left.

        Where the vendor asked to wait longer than any window lasts, none is granted until then.
        """
        names = self._by_budget.get(budget)
        if names is None:
            return self._quotas.pause(self._account, budget)
        with self._lock:
            lease = self._lease(budget)
            if lease.left:
                lease.left -= 1
                return None
            return self._quotas.change(partial(self._renew, budget, names, lease.taken))

    def _renew(self, budget: str, names: Iterable[str], taken: int, rows: Rows, now: float) -> Spent | None:
        if paused := self._paused(rows, budget, now):
            return Spent(None, paused, daily=False)
        windows = [self._window(rows, name, now) for name in names]
        for window in windows:
            if window.used >= window.cap:
                return Spent(window.name, window.ends - now, _period(window.name) == "day")
        left = min(window.cap - window.used for window in windows)
        count = max(1, min(taken, int(left * _LARGEST_LEASE)))
        for window in windows:
            self._write(rows, attrs.evolve(window, used=window.used + count))
        ends = min(window.ends for window in windows)
        self._leases.get()[budget] = _Lease(begins=now, ends=ends, taken=taken + count, left=count - 1)
        return None

    def _lease(self, budget: str) -> "_Lease":
        """What this process holds of a budget now."""
        lease = self._leases.get().get(budget)
        # One that was taken in the future was taken before the clock was set back.
        if lease is not None and lease.begins <= self._quotas.now() < lease.ends:
            return lease
        return _Lease()

    def learn(self, budget: str, *, limit: int | None, remaining: int, ends_in: float) -> None:
        """Take over what the vendor's headers say of the window that ends in that many seconds; they win.

        Calls that are on their way are not in the vendor's figure yet, so that ours only ever grows by it. Of a
        window longer than any of ours no more can be taken over than that nothing is left in it.
        """
        name = self._named_by(budget, ends_in)
        if name is None:
            return
        if ends_in > _SECONDS[_period(name)]:
            if remaining <= 0:
                self.exhaust(budget, ends_in)
            return

        def change(rows: Rows, now: float) -> None:
            window = self._window(rows, name, now)
            cap = window.cap if limit is None else limit
            used = max(window.used, cap - remaining)
            if (used, cap) != (window.used, window.cap):
                self._leases.get().pop(budget, None)
                self._write(rows, attrs.evolve(window, used=used, cap=cap, ends=now + ends_in))

        with self._lock:
            self._quotas.change(change)

    def exhaust(self, budget: str, ends_in: float) -> None:
        """The vendor refused a call for its rate: nothing is left until the moment it named, a day from now at most."""
        ends_in = min(ends_in, _LONGEST_PAUSE)
        name = self._named_by(budget, ends_in)
        if name is None:
            if budget not in self._off:
                self._quotas.pause_for(self._account, budget, ends_in)
            return

        is_longer = ends_in > _SECONDS[_period(name)]

        def change(rows: Rows, now: float) -> None:
            window = self._window(rows, name, now)
            self._leases.get().pop(budget, None)
            if is_longer:
                rows.put((self._account, budget), Row(ends=now + ends_in, used=0, cap=None))
                return
            self._write(rows, attrs.evolve(window, used=window.cap, ends=now + ends_in))

        with self._lock:
            self._quotas.change(change)

    def left(self) -> dict[str, int]:
        """What is left in each window now, by flat name."""

        def change(rows: Rows, now: float) -> dict[str, int]:
            return {
                name: 0
                if self._paused(rows, budget, now)
                else max(0, window.cap - window.used) + self._lease(budget).left
                for budget, names in self._by_budget.items()
                for name in names
                for window in [self._window(rows, name, now)]
            }

        with self._lock:
            return self._quotas.change(change)

    def _named_by(self, budget: str, ends_in: float) -> str | None:
        """The limit whose window the vendor means: the shortest that can end so late."""
        names = sorted(self._by_budget.get(budget, ()), key=lambda name: _SECONDS[_period(name)])
        return next(
            (name for name in names if ends_in <= _SECONDS[_period(name)]), names[-1] if names else None
        )

    def _paused(self, rows: Rows, budget: str, now: float) -> float:
        """Seconds that the vendor is to be left alone still, beyond all windows; 0 where it may be called."""
        row = rows.get((self._account, budget))
        # One that ends later than the longest can was written before the clock was set back.
        return row.ends - now if row is not None and now < row.ends <= now + _LONGEST_PAUSE else 0.0

    def _window(self, rows: Rows, name: str, now: float) -> "_Window":
        limit = self._limits[name]
        row = rows.get((self._account, name))
        length = _SECONDS[_period(name)]
        # A window that ends later than a whole one from now was written before the clock was set back.
        if row is None or not now < row.ends <= now + length:
            return _Window(name, (now // length + 1) * length, 0, limit)
        return _Window(name, row.ends, row.used, limit if row.cap is None else row.cap)

    def _write(self, rows: Rows, window: "_Window") -> None:
        cap = None if window.cap == self._limits[window.name] else window.cap
        rows.put((self._account, window.name), Row(ends=window.ends, used=window.used, cap=cap))


@attrs.define(kw_only=True)
class _Lease:
    """Calls that are counted as spent, up to the end of a window.

    Attributes:
        begins: When it was taken.
        taken: How many calls so far in that window.
        left: How many of these have not been made.
    """

    begins: float = 0.0
    ends: float = 0.0
    taken: int = 0
    left: int = 0


@attrs.frozen
class _Window:
    name: str
    ends: float
    used: int
    cap: int


def _period(name: str) -> str:
    return name.rpartition("_per_")[2]
