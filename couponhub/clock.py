"""Time: the one clock that everything reads, exchangeable so that tests do not wait, and deadlines on it."""

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Self

import attrs

from couponhub.errors import VendorUnavailable


def utc_now() -> datetime:
    """Return the current instant, aware and in UTC."""
    return datetime.now(UTC)


@attrs.frozen(kw_only=True)
class Clock:
    """The time of day in UTC, seconds that only ever grow, and a way to let them pass."""

    now: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


SYSTEM_CLOCK = Clock()
"""This machine's."""
LOOKS_FOR_SIGNALS_EVERY = 0.5
"""Seconds for which a main thread may wait in one piece: a signal that comes as it begins to wait is heeded after them only."""


@attrs.frozen(kw_only=True)
class Deadline:
    """The end of somebody's patience, however many steps it takes; one without an end never comes.

    Attributes:
        at: The moment, in the clock's monotonic seconds; infinity without an end.
        seconds: How many there were to begin with; None without an end.
        clock: What it is measured on.
    """

    at: float
    seconds: float | None
    clock: Clock

    @classmethod
    def after(cls, seconds: float | None, clock: Clock = SYSTEM_CLOCK) -> Self:
        """Return the moment that many seconds from now; None for one that never comes."""
        at = math.inf if seconds is None else clock.monotonic() + seconds
        return cls(at=at, seconds=seconds, clock=clock)

    @property
    def ends(self) -> bool:
        """True when it ever comes."""
        return self.seconds is not None

    def remaining(self) -> float:
        """Return the seconds left, 0.0 when it is over; infinity without an end."""
        return max(0.0, self.at - self.clock.monotonic())

    def passed(self) -> bool:
        """Return True when nothing is left."""
        return self.clock.monotonic() >= self.at

    def allows(self, seconds: float) -> bool:
        """Return True when that many seconds are left."""
        return seconds <= self.remaining()

    def sooner(self, share: float) -> Self:
        """Return the deadline that leaves that share of what is left, for what something else must follow."""
        return self.after(share * self.remaining(), self.clock) if self.ends else self

    def check(self) -> None:
        """Go on only while there is time.

        Raises:
            VendorUnavailable: It is over; `too_slow`.
        """
        if self.passed():
            raise VendorUnavailable("the time ran out while the reply was being read", too_slow=True)
