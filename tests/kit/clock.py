"""The clock that tests set by hand."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import attrs

from couponhub.clock import Clock, utc_now

VENDORS_ZONE = ZoneInfo("Asia/Kolkata")
"""Where the days of the emulated vendors begin: for five and a half hours of each day it is tomorrow there."""


def vendors_today(days: int = 0) -> date:
    """Return the vendors' day, so many days from now."""
    return (utc_now() + timedelta(days=days)).astimezone(VENDORS_ZONE).date()


@attrs.define
class FakeClock:
    """Time that passes only when somebody sleeps, or when a test says so.

    Attributes:
        passed: Seconds since it began.
        sleeps: How long each sleep was.
        began: The time of day at the beginning.
    """

    passed: float = 0.0
    sleeps: list[float] = attrs.field(factory=list)
    began: datetime = datetime(2025, 5, 1, tzinfo=UTC)

    @property
    def clock(self) -> Clock:
        """This clock as the product takes it."""
        return Clock(now=self.now, monotonic=self.monotonic, sleep=self.sleep)

    @property
    def pauses(self) -> Clock:
        """This machine's clock, of which only the sleeps are these: noted, and not slept."""
        return Clock(sleep=self.sleep)

    def now(self) -> datetime:
        """Tell the time of day."""
        return self.began + timedelta(seconds=self.passed)

    def epoch(self) -> float:
        """Tell the time of day in seconds since 1970."""
        return self.began.timestamp() + self.passed

    def monotonic(self) -> float:
        """Tell the seconds that have passed."""
        return self.passed

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.sleeps.append(seconds)
        self.passed += seconds
