"""Keeping the pauses that a vendor asks for, within the time that the caller gives."""

from collections.abc import Callable
from typing import TypeVar

import attrs

from couponhub.clock import Clock, Deadline
from couponhub.errors import QuotaExhausted, RateLimited, WaitTimeout

T = TypeVar("T")

_LONGEST_SECONDS = 600.0
"""How long a pause asked for by the vendor may be when the caller gave no timeout."""

_FIRST_SECONDS = 1.0
_GROWTH = 2.0
_LONGEST_GUESS_SECONDS = 30.0


def _no_notice() -> None:
    """Tell nobody of a pause."""


@attrs.frozen(kw_only=True)
class RateLimitWait:
    """Waits out the pauses that a vendor asks for, as far as one caller's time allows.

    With a timeout, adapters leave every rate limit to be waited out here.
    """

    clock: Clock
    deadline: Deadline

    @property
    def limit(self) -> Deadline | None:
        """The deadline as adapters are given it: none where the time has no end."""
        return self.deadline if self.deadline.ends else None

    @property
    def seconds(self) -> float | None:
        """The seconds left; None where the time has no end."""
        return self.deadline.remaining() if self.deadline.ends else None

    def require_time(self) -> None:
        """Go on only while there is time.

        Raises:
            WaitTimeout: It is over.
        """
        if self.deadline.passed():
            raise self.nothing_sent()

    def nothing_sent(self) -> WaitTimeout:
        """The error of a caller whose time was over before anything was sent."""
        return WaitTimeout(f"nothing was sent within {self.deadline.seconds:g} seconds")

    def call(self, ask: Callable[[Deadline | None], T], *, paused: Callable[[], None] = _no_notice) -> T:
        """Call `ask` with the deadline, anew after each pause that the vendor asks for.

        Args:
            ask: Is given None where the time has no end.
            paused: Told before each pause.

        Raises:
            RateLimited: The pause would be longer than the time that is left.
        """
        guess = _FIRST_SECONDS
        while True:
            try:
                return ask(self.limit)
            except RateLimited as error:
                pause = max(_FIRST_SECONDS, guess if error.retry_after is None else error.retry_after)
                if not self._has(pause, error):
                    raise
            paused()
            self.clock.sleep(pause)
            guess = min(guess * _GROWTH, _LONGEST_GUESS_SECONDS)

    def _has(self, pause: float, error: RateLimited) -> bool:
        if not self.deadline.ends:
            known = error.retry_after is not None and not isinstance(error, QuotaExhausted)
            return known and pause <= _LONGEST_SECONDS
        guessed = error.retry_after is None and isinstance(error, QuotaExhausted)
        return not guessed and self.deadline.allows(pause)
