"""Counts calls in windows in Redis, for all machines; while it is away, a share of them in memory."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

import attrs

from couponhub.forking import PerProcess
from couponhub.state.budgets import Spent
from couponhub.state.quotas import LARGEST_LEASE, LONGEST_PAUSE, Granted, Window
from couponhub.state.redis.link import PREFIX, TRIED_AGAIN_AFTER, AwayError, Link
from couponhub.state.redis.scripts import ADD, LEARN, LEFT, PAUSE, TAKE
from couponhub.state.redis.share import MachineShare, Seen, VendorWord
from couponhub.state.windows import Key, is_daily

T = TypeVar("T")

_NEVER_SEEN = Seen(ends=0, used=0, cap=0, ends_here=0.0)
_PAUSED = -1
_NOTHING_LEFT = -1


class RedisQuotas:
    """A `QuotaStore` for all machines that share a Redis. Windows follow Redis' clock.

    What Redis has lost, because it was started anew or dropped a key, is made up for by what each process saw last.
    While it is away, this machine counts its share of each quota in memory, and adds that once it is back.

    Args:
        link: The way there.
        now: The clock of this machine while it counts by itself, in seconds since the epoch.
    """

    def __init__(self, link: Link, *, now: Callable[[], float] = time.time) -> None:
        self._link = link
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
            lambda _: Spent(None, self._link.next_try_in or TRIED_AGAIN_AFTER, daily=False, is_away=True),
        )

    def learn(
        self, account: str, window: Window, *, limit: int | None, remaining: int, ends_in: float
    ) -> bool:
        """As `QuotaStore.learn`."""
        word = VendorWord(window=window, limit=limit, remaining=max(0, remaining), ends=self._now() + ends_in)
        return self._together(lambda: self._tell(account, word), lambda share: share.learn(account, word))

    def exhaust(self, account: str, window: Window, ends_in: float) -> None:
        """As `QuotaStore.exhaust`."""
        word = VendorWord(window=window, remaining=_NOTHING_LEFT, ends=self._now() + ends_in)
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
        if own.share is None:
            try:
                return work()
            except AwayError:
                pass
        with own.turn:
            if own.share is None:
                own.share = MachineShare(self._link.settings.share, self._seen, self._now)
            try:
                self._settle(own.share)
                answer = work()
            except AwayError:
                return alone(own.share)
            own.share = None
            return answer

    def _settle(self, share: MachineShare) -> None:
        owed = share.owed()
        for (account, window), (calls, _) in owed.calls.items():
            self._link.run(ADD, [_key(account, window.name)], [*self._said_of(account, window), calls])
            share.is_told(account, window)
        for (account, _), word in owed.learned.items():
            self._tell(account, word)
        for (account, kind), ends in owed.pauses.items():
            self._pause(account, kind, ends - self._now())

    # What follows raises AwayError.

    def _taken(self, account: str, kind: str, windows: Sequence[Window], want: int) -> Granted | Spent:
        began = self._now()
        said: list[bytes | str | int | float] = [want, LARGEST_LEASE, LONGEST_PAUSE * 1000]
        for window in windows:
            said += self._said_of(account, window)
        keys = [_pause_key(account, kind), *(_key(account, window.name) for window in windows)]
        refused, calls, left, at, *counts = cast("list[int]", self._link.run(TAKE, keys, said))
        for number, window in enumerate(windows):
            self._note(account, window, at, began, counts[3 * number : 3 * number + 3])
        if refused == _PAUSED:
            return Spent(None, left / 1000, daily=False)
        if refused:
            window = windows[refused - 1]
            return Spent(window.name, left / 1000, is_daily(window))
        return Granted(calls=calls, ends_in=left / 1000)

    def _tell(self, account: str, word: VendorWord) -> bool:
        began = self._now()
        changed, at, *count = cast(
            "list[int]",
            self._link.run(
                LEARN,
                [_key(account, word.window.name)],
                [
                    *self._said_of(account, word.window),
                    -1 if word.limit is None else word.limit,
                    word.remaining,
                    max(1.0, (word.ends - began) * 1000),
                ],
            ),
        )
        self._note(account, word.window, at, began, count)
        return bool(changed)

    def _pause(self, account: str, kind: str, ends_in: float) -> None:
        self._link.run(PAUSE, [_pause_key(account, kind)], [max(1.0, ends_in * 1000)])

    def _left(self, account: str, kinds: Mapping[str, Sequence[Window]]) -> Mapping[str, int]:
        keys: list[str] = []
        said: list[bytes | str | int | float] = [LONGEST_PAUSE * 1000]
        names = []
        for kind, windows in kinds.items():
            for window in windows:
                keys += [_pause_key(account, kind), _key(account, window.name)]
                said += self._said_of(account, window)
                names.append(window.name)
        if not names:
            return {}
        found = cast("list[int]", self._link.run(LEFT, keys, said))
        return {name: left for name, left in zip(names, found, strict=True) if left != _PAUSED}

    def _said_of(self, account: str, window: Window) -> tuple[int, int, int, int, int]:
        """Return what scripts are told of a window: its own figures, and how it was last seen."""
        seen = self._seen.get((account, window.name), _NEVER_SEEN)
        cap = 0 if seen.cap == window.limit else seen.cap
        return window.limit, window.seconds * 1000, seen.ends, seen.used, cap

    def _note(self, account: str, window: Window, at: int, began: float, count: Sequence[int]) -> None:
        ends, used, cap = count
        key = (account, window.name)
        seen = self._seen.get(key)
        # Of two threads the one that asked first may be told last.
        if seen is None or seen.ends != ends or used >= seen.used:
            self._seen[key] = Seen(ends=ends, used=used, cap=cap, ends_here=began + (ends - at) / 1000)


class WriteQuotas:
    """The counters, for calls that change something: none is granted while this machine would count by itself.

    Args:
        quotas: The counters.
    """

    def __init__(self, quotas: RedisQuotas) -> None:
        self.take = quotas.take_together
        self.learn = quotas.learn
        self.exhaust = quotas.exhaust
        self.pause = quotas.pause
        self.left = quotas.left


@attrs.define(eq=False)
class _Aside:
    """The counting of one process by itself; `share` is None while all count together."""

    turn: threading.Lock = attrs.field(factory=threading.Lock)
    share: MachineShare | None = None


def _key(account: str, name: str) -> str:
    # One account's keys lie together, also where many servers stand behind one address.
    return f"{PREFIX}q:{{{account}}}:{name}"


def _pause_key(account: str, kind: str) -> str:
    return f"{PREFIX}p:{{{account}}}:{kind}"
