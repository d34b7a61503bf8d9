"""This machine's share of the quotas, counted in memory while the place where all machines count is away."""

from collections.abc import Callable, Mapping, Sequence

import attrs

from couponhub.state.budgets import Spent
from couponhub.state.quotas import Granted, Window
from couponhub.state.windows import AccountWindows, Key, WindowRow, WindowRowsInMemory


class AwayError(Exception):
    """The place where all machines count cannot be used now; it was said in the log, once."""


@attrs.frozen(kw_only=True)
class Seen:
    """A window as it was last seen where all machines count.

    Attributes:
        ends: By that place's clock, in milliseconds.
        used: Calls that were counted.
        cap: How many there may be.
        ends_here: The same end by the clock of this machine, in seconds since the epoch.
        at: When it was seen, by that place's clock, in milliseconds; 0 where that place loses nothing.
    """

    ends: int
    used: int
    cap: int
    ends_here: float
    at: int = 0


@attrs.frozen(kw_only=True)
class VendorWord:
    """The vendor's word on a window, as of `QuotaStore.learn`.

    Attributes:
        limit: None for ours.
        remaining: -1 for nothing at all: the vendor refused a call.
        ends: Seconds since the epoch.
    """

    window: Window
    limit: int | None = None
    remaining: int
    ends: float


@attrs.frozen(kw_only=True)
class Owed:
    """The part of what this machine did that others do not know yet.

    Attributes:
        calls: That were made, by account and window.
        learned: What the vendor said of windows.
        pauses: Until when it is to be left alone, by account and kind.
    """

    calls: Mapping[tuple[str, Window], int]
    learned: Mapping[tuple[str, Window], VendorWord]
    pauses: Mapping[Key, float]

    @property
    def is_nothing(self) -> bool:
        """True when others know all."""
        return not (self.calls or self.learned or self.pauses)


class MachineShare:
    """A part of each quota. Not thread-safe: whoever counts here holds a lock.

    Of a window that was seen before, it is that part of what was left then; of a later one, of the limit.

    Args:
        share: The part, from 0 to 1.
        seen: The windows when they were last seen.
        now: Seconds since the epoch.
    """

    def __init__(self, share: float, seen: Mapping[Key, Seen], now: Callable[[], float]) -> None:
        self._share = share
        self._now = now
        self._calls: dict[tuple[str, Window], tuple[int, float]] = {}
        self._learned: dict[tuple[str, Window], VendorWord] = {}
        self._pauses: dict[Key, float] = {}
        self._rows = WindowRowsInMemory(
            {
                key: WindowRow(ends=one.ends_here, used=0, cap=self._part(max(0, one.cap - one.used)))
                for key, one in seen.items()
            }
        )

    def take(self, account: str, kind: str, windows: Sequence[Window]) -> Granted | Spent:
        """As `QuotaStore.take`, one call at a time: what is leased would still be spent when all count together again."""
        own = self._windows(account)
        answer = own.take(kind, [self._ours(window) for window in windows], 1)
        if isinstance(answer, Granted):
            for window in windows:
                row = self._rows.get((account, window.name))
                made, _ = self._calls.get((account, window), (0, 0.0))
                self._calls[account, window] = (
                    made + 1,
                    own.now + window.seconds if row is None else row.ends,
                )
        return answer

    def learn(self, account: str, word: VendorWord) -> bool:
        """Take the vendor's word, of which this machine may use its share."""
        self._learned[account, word.window] = word
        own, ours = self._windows(account), self._ours(word.window)
        ends_in = word.ends - own.now
        if word.remaining < 0:
            own.exhaust(ours, ends_in)
            return True
        limit = None if word.limit is None else self._part(word.limit)
        return own.learn(ours, limit=limit, remaining=self._part(word.remaining), ends_in=ends_in)

    def pause(self, account: str, kind: str, ends_in: float) -> None:
        """As `QuotaStore.pause`."""
        own = self._windows(account)
        self._pauses[account, kind] = own.now + ends_in
        own.pause(kind, ends_in)

    def left(self, account: str, kinds: Mapping[str, Sequence[Window]]) -> Mapping[str, int]:
        """As `QuotaStore.left`, of this machine's share."""
        ours = {kind: [self._ours(window) for window in windows] for kind, windows in kinds.items()}
        return self._windows(account).left(ours)

    def owed(self) -> Owed:
        """Return what others are to be told, of windows that are not over."""
        now = self._now()
        return Owed(
            calls={key: made for key, (made, ends) in self._calls.items() if ends > now and made},
            learned={key: one for key, one in self._learned.items() if one.ends > now},
            pauses={key: ends for key, ends in self._pauses.items() if ends > now},
        )

    def is_told(self, account: str, window: Window, calls: int) -> None:
        """Note that others know of so many calls in a window."""
        made, ends = self._calls[account, window]
        self._calls[account, window] = (made - calls, ends)

    def is_told_word(self, account: str, window: Window, word: VendorWord) -> None:
        """Note that others know what the vendor said of a window."""
        if self._learned.get((account, window)) is word:
            del self._learned[account, window]

    def is_told_pause(self, account: str, kind: str, ends: float) -> None:
        """Note that others know of a pause."""
        if self._pauses.get((account, kind)) == ends:
            del self._pauses[account, kind]

    def _windows(self, account: str) -> AccountWindows:
        return AccountWindows(self._rows, self._now(), account)

    def _ours(self, window: Window) -> Window:
        return attrs.evolve(window, limit=self._part(window.limit))

    def _part(self, calls: int) -> int:
        return int(calls * self._share)
