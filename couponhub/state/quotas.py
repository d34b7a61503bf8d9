"""The counters of rate limits that processes share, and what one process makes of them for an account."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import attrs

from couponhub.forking import PerProcess, ProcessLock
from couponhub.state.budgets import Spent

_SECONDS = {"minute": 60, "day": 86_400}
LONGEST_PAUSE = 86_400.0
"""Seconds that a vendor who asked for it is left alone at most, before one call asks again."""
LARGEST_LEASE = 1 / 200
"""The part of what is left of a window that one process may count as spent ahead of its calls."""


@attrs.frozen
class Window:
    """One limit: so many calls in each calendar minute, or each UTC day.

    Attributes:
        name: Its flat name, e.g. `upload_per_day`.
        limit: Calls per window, above 0.
        seconds: The length of a window.
    """

    name: str
    limit: int
    seconds: int


@attrs.frozen(kw_only=True)
class Granted:
    """Calls that may be made now.

    Attributes:
        calls: How many, at least 1.
        ends_in: Seconds until the first of the windows ends that they were counted in; what is not made by then is
            lost.
    """

    calls: int
    ends_in: float


class QuotaStore(Protocol):
    """Counts calls in windows, for all threads and processes that share the state. Thread-safe.

    Every method is atomic among all of them. After a crash of a process nothing is forgotten; after a power cut a
    few calls may be. Windows follow the state's own clock. One that ends later than a whole window from now was
    written before that clock was set back, and counts as none.

    No method raises for a state that cannot be used: it then counts for this process alone, from what was seen
    last, and adds that once the state can be used again. That both are told is a warning in the log, once each.
    """

    def take(self, account: str, kind: str, windows: Sequence[Window], want: int) -> Granted | Spent:
        """Count calls in every window, or in none.

        Granted are `want` calls, but no more than the largest lease (`LARGEST_LEASE`) of what is left in the
        scarcest window, and at least one. Refused is it while the kind is paused (`Spent.limit` is None then) or a
        window has nothing left.

        Args:
            account: Tells the account from others; never a secret.
            kind: Of calls.
            windows: All windows of the kind.
            want: At least 1.
        """
        ...

    def learn(
        self, account: str, window: Window, *, limit: int | None, remaining: int, ends_in: float
    ) -> bool:
        """Raise what is counted in a window to what its vendor says; return True when that changed anything.

        The vendor's limit, where it names one, stands in the place of ours until the window ends. So does its end.

        Args:
            account: As of `take`.
            window: Which.
            limit: Calls in the whole window; None for ours.
            remaining: Calls that the vendor says are left.
            ends_in: Seconds until it ends, no more than the window's length.
        """
        ...

    def exhaust(self, account: str, window: Window, ends_in: float) -> None:
        """Leave nothing in a window, which ends in so many seconds, no more than its length."""
        ...

    def pause(self, account: str, kind: str, ends_in: float) -> None:
        """Grant nothing of a kind for so many seconds, `LONGEST_PAUSE` at most, whatever its windows have left."""
        ...

    def left(self, account: str, kinds: Mapping[str, Sequence[Window]]) -> Mapping[str, int]:
        """Return the calls left in each window now, by its name; those of paused kinds are left out."""
        ...


class Quotas:
    """The rate limits of all accounts. Thread-safe.

    Args:
        store: Where processes count together.
        writes: Where they count calls that change something, when that refuses more; None for the same.
        now: The clock of this process, in seconds since the epoch.
    """

    def __init__(
        self,
        store: QuotaStore,
        *,
        writes: QuotaStore | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.store = store
        self.writes = writes or store
        self.now = now
        self._pauses: dict[tuple[str, str], tuple[float, float]] = {}

    def of(self, account: str, limits: Mapping[str, int]) -> "AccountQuota":
        """Return the quota of one account.

        Args:
            account: What tells it from others, such as an address and a key; kept as a hash.
            limits: By flat name; names without a window are passed over.
        """
        digest = hashlib.sha256(account.encode()).hexdigest()[:32]
        return AccountQuota(self, digest, limits)

    def pause_for(self, account: str, kind: str, seconds: float) -> None:
        """Leave the vendor alone, who refused a call of a kind without a limit; each process learns it by itself.

        Args:
            account: As of `AccountQuota`.
            kind: Of calls.
            seconds: That the vendor asked for.
        """
        begins = self.now()
        self._pauses[account, kind] = (begins, begins + seconds)

    def pause(self, account: str, kind: str) -> Spent | None:
        """Return how long the vendor asked to wait still; None where a call may be made."""
        pause = self._pauses.get((account, kind))
        if pause is None:
            return None
        begins, ends = pause
        now = self.now()
        # A clock that was set back ends the pause.
        return Spent(None, ends - now, daily=False) if begins <= now < ends else None


class AccountQuota:
    """The `Budget` of one account. Thread-safe.

    A process that makes many calls counts some as spent before it makes them, so that not every call must be
    written: never more than it has made in that window already, nor than a small part of what is left. What it
    does not make is lost, so that the limits hold whatever becomes of it.

    Args:
        quotas: Where it is counted.
        account: What tells the account from others.
        limits: Flat name to calls per window; 0 turns one off.
    """

    def __init__(self, quotas: Quotas, account: str, limits: Mapping[str, int]) -> None:
        self._quotas = quotas
        self._account = account
        self._off = {name.rpartition("_per_")[0] for name, limit in limits.items() if limit <= 0}
        self._lock = ProcessLock()
        self._leases: PerProcess[dict[str, _Lease]] = PerProcess(dict)
        self._windows: dict[str, tuple[Window, ...]] = {}
        for name, limit in limits.items():
            kind, separator, period = name.rpartition("_per_")
            if limit > 0 and separator and period in _SECONDS:
                window = Window(name, limit, _SECONDS[period])
                self._windows[kind] = (*self._windows.get(kind, ()), window)

    def take(self, kind: str, /, *, changes: bool = False) -> Spent | None:
        """As `Budget.take`. Where the vendor asked to wait longer than any window lasts, none is granted until then."""
        windows = self._windows.get(kind)
        if windows is None:
            return self._quotas.pause(self._account, kind)
        with self._lock:
            lease = self._lease(kind)
            if lease.left:
                lease.left -= 1
                return None
            begins = self._quotas.now()  # before it is asked for: a lease must not outlive its window
            store = self._quotas.writes if changes else self._quotas.store
            granted = store.take(self._account, kind, windows, max(1, lease.taken))
            if isinstance(granted, Spent):
                return granted
            self._leases.get()[kind] = _Lease(
                begins=begins,
                ends=begins + granted.ends_in,
                taken=lease.taken + granted.calls,
                left=granted.calls - 1,
            )
            return None

    def learn(self, kind: str, /, *, limit: int | None, remaining: int, ends_in: float) -> None:
        """As `Budget.learn`. Of a window longer than any of ours no more can be taken over than that nothing is left."""
        window = self._meant(kind, ends_in)
        if window is None:
            return
        if ends_in > window.seconds:
            if remaining <= 0:
                self.exhaust(kind, ends_in)
            return
        with self._lock:
            if self._quotas.store.learn(
                self._account, window, limit=limit, remaining=remaining, ends_in=ends_in
            ):
                self._leases.get().pop(kind, None)

    def exhaust(self, kind: str, ends_in: float, /) -> None:
        """As `Budget.exhaust`."""
        ends_in = min(ends_in, LONGEST_PAUSE)
        window = self._meant(kind, ends_in)
        if window is None:
            if kind not in self._off:
                self._quotas.pause_for(self._account, kind, ends_in)
            return
        with self._lock:
            self._leases.get().pop(kind, None)
            if ends_in > window.seconds:
                self._quotas.store.pause(self._account, kind, ends_in)
            else:
                self._quotas.store.exhaust(self._account, window, ends_in)

    def left(self) -> dict[str, int]:
        """As `Budget.left`."""
        with self._lock:
            left = self._quotas.store.left(self._account, self._windows)
            return {
                window.name: left[window.name] + self._lease(kind).left if window.name in left else 0
                for kind, windows in self._windows.items()
                for window in windows
            }

    def _lease(self, kind: str) -> "_Lease":
        """Return what this process holds of a kind now."""
        lease = self._leases.get().get(kind)
        # One that was taken in the future was taken before the clock was set back.
        if lease is not None and lease.begins <= self._quotas.now() < lease.ends:
            return lease
        return _Lease()

    def _meant(self, kind: str, ends_in: float) -> Window | None:
        """Return the window that the vendor means: the shortest that can end so late."""
        windows = sorted(self._windows.get(kind, ()), key=lambda window: window.seconds)
        return next(
            (window for window in windows if ends_in <= window.seconds), windows[-1] if windows else None
        )


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
