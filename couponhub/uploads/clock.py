"""Time as uploads see it: exchangeable, so that tests do not wait."""

import time
from collections.abc import Callable
from datetime import datetime

import attrs

from couponhub.models.base import utc_now


@attrs.frozen(kw_only=True)
class Clock:
    """The time of day in UTC, seconds that only ever grow, and a way to let them pass."""

    now: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Deadline:
    """The end of the caller's patience; without a timeout it never comes."""

    def __init__(self, clock: Clock, timeout: float | None) -> None:
        self._clock = clock
        self.timeout = timeout
        self._end = None if timeout is None else clock.monotonic() + timeout

    def remaining(self) -> float | None:
        """Seconds left, never below zero; None without an end."""
        return None if self._end is None else max(0.0, self._end - self._clock.monotonic())

    def passed(self) -> bool:
        """True when nothing is left."""
        return self.remaining() == 0

    def allows(self, seconds: float) -> bool:
        """True when so many seconds are left."""
        remaining = self.remaining()
        return remaining is None or seconds <= remaining
