"""How long a caller is ready to wait, in all, however many attempts it takes."""

import time
from typing import Self

import attrs


@attrs.frozen
class Deadline:
    """A moment on the monotonic clock, or never.

    Attributes:
        at: `time.monotonic()` seconds, None for no end.
    """

    at: float | None = None

    @classmethod
    def after(cls, seconds: float | None) -> Self:
        """The moment that many seconds from now; None never comes."""
        return cls(None if seconds is None else time.monotonic() + seconds)

    def remaining(self) -> float | None:
        """Seconds left, 0.0 when over, None when it never ends."""
        return None if self.at is None else max(0.0, self.at - time.monotonic())

    def allows(self, seconds: float) -> bool:
        """Whether that many seconds can pass before it is over."""
        remaining = self.remaining()
        return remaining is None or seconds < remaining
