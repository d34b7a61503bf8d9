"""Counting calls in windows for many machines; while the place where all count is away, a share of them in memory."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import attrs

from couponhub.forking import PerProcess
from couponhub.state.budgets import Spent
from couponhub.state.machine_share import AwayError, MachineShare, Seen, VendorWord
from couponhub.state.quotas import Granted, Window
from couponhub.state.windows import Key

T = TypeVar("T")

TRIED_AGAIN_AFTER = 3.0
"""Seconds."""
NOTHING_LEFT = -1
"""The vendor's word that it refused a call, as of `VendorWord.remaining`."""


class MachineQuotas(ABC):
    """A `QuotaStore` for many machines. Windows follow the clock of the place where all count.

    While that is away, this machine counts its share of each quota in memory, and adds that once it is back. A subclass
    knows the place; its methods raise AwayError.

    Args:
        share: The part of each quota that this machine may use by itself, from 0 to 1.
        now: The clock of this machine while it counts by itself, in seconds since the epoch.
    """

    def __init__(self, *, share: float, now: Callable[[], float] = time.time) -> None:
        self._share = share
        self._now = now
        self._seen: dict[Key, Seen] = {}  # a forked process goes on from its parent's
        self._own = PerProcess(_Aside)

    def take(self, account: str, kind: str, windows: Sequence[Window], want: int) -> Granted | Spent:
        """As `QuotaStore.take`."""
        return self._together(
            lambda: self._taken(account, kind, windows, want),
            lambda share: share.take(account, kind, windows),
        )

    def take_together(self, account: str, kind: str, windows: Sequence[Window], want: int) -> Granted | Spent:
        """As `take`; grants nothing while this machine would count by itself."""
        return self._together(
            lambda: self._taken(account, kind, windows, want),
            lambda _: Spent(None, self._next_try_in() or TRIED_AGAIN_AFTER, daily=False, is_away=True),
        )

    def learn(
        self, account: str, window: Window, *, limit: int | None, remaining: int, ends_in: float
    ) -> bool:
        """As `QuotaStore.learn`."""
        word = VendorWord(window=window, limit=limit, remaining=max(0, remaining), ends=self._now() + ends_in)
        return self._together(lambda: self._tell(account, word), lambda share: share.learn(account, word))

    def exhaust(self, account: str, window: Window, ends_in: float) -> None:
        """As `QuotaStore.exhaust`."""
        word = VendorWord(window=window, remaining=NOTHING_LEFT, ends=self._now() + ends_in)
        self._together(lambda: self._tell(account, word), lambda share: share.learn(account, word))

    def pause(self, account: str, kind: str, ends_in: float) -> None:
        """As `QuotaStore.pause`."""
        self._together(
            lambda: self._pause(account, kind, ends_in), lambda share: share.pause(account, kind, ends_in)
        )

    def left(self, account: str, kinds: Mapping[str, Sequence[Window]]) -> Mapping[str, int]:
        """As `QuotaStore.left`."""
        return self._together(lambda: self._left(account, kinds), lambda share: share.left(account, kinds))

    def _together(self, work: Callable[[], T], alone: Callable[[MachineShare], T]) -> T:
        """Work where all count; alone where that is away, and tell others then what was done meanwhile."""
        own = self._own.get()
        share = own.share
        if share is None:
            try:
                return work()
            except AwayError:
                pass
        # One thread tries whether it is back; nobody else waits for that.
        elif own.settling.acquire(blocking=False):
            try:
                self._settle(own, share)
                answer = work()
                with own.turn:
                    if share.owed().is_nothing:
                        own.share = None
            except AwayError:
                pass
            else:
                return answer
            finally:
                own.settling.release()
        with own.turn:
            if own.share is None:
                own.share = MachineShare(self._share, self._seen, self._now)
            return alone(own.share)

    def _settle(self, own: "_Aside", share: MachineShare) -> None:
        """Tell others what was counted alone; what is counted meanwhile is told the next time."""
        with own.turn:
            owed = share.owed()
        for (account, window), calls in owed.calls.items():
            self._add(account, window, calls)
            with own.turn:
                share.is_told(account, window, calls)
        for (account, window), word in owed.learned.items():
            self._tell(account, word)
            with own.turn:
                share.is_told_word(account, window, word)
        for (account, kind), ends in owed.pauses.items():
            self._pause(account, kind, ends - self._now())
            with own.turn:
                share.is_told_pause(account, kind, ends)

    @abstractmethod
    def _next_try_in(self) -> float:
        """Return the seconds until the place is tried again; 0 where it is used."""

    @abstractmethod
    def _taken(self, account: str, kind: str, windows: Sequence[Window], want: int) -> Granted | Spent:
        """As `QuotaStore.take`."""

    @abstractmethod
    def _add(self, account: str, window: Window, calls: int) -> None:
        """Count calls that were made already."""

    @abstractmethod
    def _tell(self, account: str, word: VendorWord) -> bool:
        """Take over what the vendor says of a window, as `QuotaStore.learn` and `QuotaStore.exhaust`."""

    @abstractmethod
    def _pause(self, account: str, kind: str, ends_in: float) -> None:
        """As `QuotaStore.pause`."""

    @abstractmethod
    def _left(self, account: str, kinds: Mapping[str, Sequence[Window]]) -> Mapping[str, int]:
        """As `QuotaStore.left`."""

    def _note(self, account: str, window: Window, seen: Seen) -> None:
        """Remember a window as it was seen where all count."""
        key = (account, window.name)
        before = self._seen.get(key)
        # Of two threads the one that asked first may be told last.
        if before is None or before.ends != seen.ends or seen.used >= before.used:
            self._seen[key] = seen


class WriteQuotas:
    """The counters, for calls that change something: none is granted while this machine would count by itself.

    Args:
        quotas: The counters.
    """

    def __init__(self, quotas: MachineQuotas) -> None:
        self.take = quotas.take_together
        self.learn = quotas.learn
        self.exhaust = quotas.exhaust
        self.pause = quotas.pause
        self.left = quotas.left


@attrs.define(eq=False)
class _Aside:
    """The counting of one process by itself; `share` is None while all count together.

    Attributes:
        turn: Of what is counted alone; held for moments.
        settling: Held by the thread that tells others.
    """

    turn: threading.Lock = attrs.field(factory=threading.Lock)
    settling: threading.Lock = attrs.field(factory=threading.Lock)
    share: MachineShare | None = None
