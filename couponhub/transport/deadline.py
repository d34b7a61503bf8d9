"""How long somebody is ready to wait, in all, however many attempts it takes."""

import time
from typing import Self

import attrs

from couponhub.errors import VendorUnavailable


@attrs.frozen
class Deadline:
    """A moment on the monotonic clock.

    Attributes:
        at: `time.monotonic()` seconds.
    """

    at: float

    @classmethod
    def after(cls, seconds: float) -> Self:
        """The moment that many seconds from now."""
        return cls(time.monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds left, 0.0 when over."""
        return max(0.0, self.at - time.monotonic())

    def check(self) -> None:
        """Go on only while there is time.

        Raises:
            VendorUnavailable: It is over; `too_slow`.
        """
        if time.monotonic() >= self.at:
            raise VendorUnavailable("the time ran out while the reply was being read", too_slow=True)

    def allows(self, seconds: float) -> bool:
        """Whether that many seconds can pass before it is over."""
        return seconds < self.remaining()
