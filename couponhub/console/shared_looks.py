"""Looks at the state that many people share: however many pages poll, the state is asked as often as one would."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import attrs

T = TypeVar("T")

_LEAST_SECONDS = 1.0
_TIMES = 20.0
"""A look is told again for so many times as long as it took: looking takes at most a twentieth of a processor."""
_MOST_KEPT = 100


@attrs.define
class SharedLooks(Generic[T]):
    """The latest look at each of several things. Thread-safe.

    Attributes:
        clock: Seconds that only grow.
        least_seconds: A look is told again for so long at least.
    """

    clock: Callable[[], float] = time.monotonic
    least_seconds: float = _LEAST_SECONDS
    _kept: dict[Hashable, tuple[float, T]] = attrs.field(factory=dict)
    _busy: set[Hashable] = attrs.field(factory=set)
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    def look(self, key: Hashable, see: Callable[[], T]) -> T:
        """Return what is seen, or what somebody else has just seen; an error is kept from nobody.

        While somebody looks, others are told what was seen last: nobody waits behind a state that hangs.

        Args:
            key: Of the thing.
            see: Looks at it.
        """
        with self._lock:
            found = self._kept.get(key)
            began = self.clock()
            if found is not None and (began < found[0] or key in self._busy):
                return found[1]
            self._busy.add(key)
        try:
            seen = see()
        finally:
            with self._lock:
                self._busy.discard(key)
        ended = self.clock()
        with self._lock:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = (ended + max(self.least_seconds, _TIMES * (ended - began)), seen)
        return seen

    def forget(self) -> None:
        """Have everything looked at anew, after a change."""
        with self._lock:
            self._kept.clear()
