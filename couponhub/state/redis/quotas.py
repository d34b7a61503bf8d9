"""Counts calls in windows in Redis, for all machines; while it is away, a share of them in memory."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from couponhub.state.budgets import Spent
from couponhub.state.machine_quotas import MachineQuotas
from couponhub.state.machine_share import Seen, VendorWord
from couponhub.state.quotas import LARGEST_LEASE, LONGEST_PAUSE, Granted, Window
from couponhub.state.redis.link import PREFIX, Link
from couponhub.state.redis.scripts import ADD, LEARN, LEFT, PAUSE, TAKE
from couponhub.state.windows import is_daily

_NEVER_SEEN = Seen(ends=0, used=0, cap=0, ends_here=0.0)
_PAUSED = -1


class RedisQuotas(MachineQuotas):
    """`MachineQuotas` for all machines that share a Redis.

    What Redis has lost, because it was started anew or dropped a key, is made up for by what each process saw last.

    Args:
        link: The way there.
        now: The clock of this machine while it counts by itself, in seconds since the epoch.
    """

    def __init__(self, link: Link, *, now: Callable[[], float] = time.time) -> None:
        super().__init__(share=link.settings.share, now=now)
        self._link = link

    def _next_try_in(self) -> float:
        return self._link.next_try_in

    def _taken(self, account: str, kind: str, windows: Sequence[Window], want: int) -> Granted | Spent:
        began = self._now()
        said: list[bytes | str | int | float] = [want, LARGEST_LEASE, LONGEST_PAUSE * 1000]
        for window in windows:
            said += self._said_of(account, window)
        keys = [_pause_key(account, kind), *(_key(account, window.name) for window in windows)]
        refused, calls, left, at, *counts = cast("list[int]", self._link.run(TAKE, keys, said))
        for number, window in enumerate(windows):
            self._note(account, window, _seen(at, began, counts[3 * number : 3 * number + 3]))
        if refused == _PAUSED:
            return Spent(None, left / 1000, daily=False)
        if refused:
            window = windows[refused - 1]
            return Spent(window.name, left / 1000, is_daily(window))
        return Granted(calls=calls, ends_in=left / 1000)

    def _add(self, account: str, window: Window, calls: int) -> None:
        began = self._now()
        said = [*self._said_of(account, window), calls]
        at, *count = cast("list[int]", self._link.run(ADD, [_key(account, window.name)], said))
        self._note(account, window, _seen(at, began, count))

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
        self._note(account, word.window, _seen(at, began, count))
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

    def _said_of(self, account: str, window: Window) -> tuple[int, int, int, int, int, int]:
        """Return what scripts are told of a window: its own figures, and how it was last seen."""
        seen = self._seen.get((account, window.name), _NEVER_SEEN)
        cap = 0 if seen.cap == window.limit else seen.cap
        return window.limit, window.seconds * 1000, seen.ends, seen.used, cap, seen.at


def _seen(at: int, began: float, count: Sequence[int]) -> Seen:
    ends, used, cap = count
    return Seen(ends=ends, used=used, cap=cap, ends_here=began + (ends - at) / 1000, at=at)


def _key(account: str, name: str) -> str:
    # One account's keys lie together, also where many servers stand behind one address.
    return f"{PREFIX}q:{{{account}}}:{name}"


def _pause_key(account: str, kind: str) -> str:
    return f"{PREFIX}p:{{{account}}}:{kind}"
