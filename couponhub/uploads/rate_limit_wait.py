"""Keeping the pauses that a vendor asks for, within the time that the caller gives, and telling of them."""

from collections.abc import Callable
from typing import TypeVar

import attrs

from couponhub.clock import Clock, Deadline
from couponhub.errors import QuotaExhausted, RateLimited, WaitTimeout

T = TypeVar("T")

Notify = Callable[[str, float | None], None]
"""Is told before each pause what is waited for, and for how many seconds; None where nobody can tell."""

_LONGEST_SECONDS = 600.0
"""The longest pause asked for by the vendor that is waited out when the caller gave no timeout."""

_FIRST_SECONDS = 1.0
_GROWTH = 2.0
_LONGEST_GUESS_SECONDS = 30.0


@attrs.frozen(kw_only=True)
class RateLimitWait:
    """Waits out the pauses that a vendor asks for, as far as one caller's time allows.

    With a timeout, or where somebody is told of pauses, adapters leave every rate limit to be waited out here.

    Attributes:
        notify: Who is told; None for nobody.
    """

    clock: Clock
    deadline: Deadline
    notify: Notify | None = None

    @property
    def limit(self) -> Deadline | None:
        """The deadline as adapters are given it; with one they raise a rate limit instead of waiting it out."""
        return self.deadline if self.deadline.ends or self.notify is not None else None

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

    def call(self, ask: Callable[[Deadline | None], T]) -> T:
        """Call `ask` with the deadline, anew after each pause that the vendor asks for.

        Args:
            ask: Is given `limit`.

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
                waiting_for = error.waits_for
            self.pause(pause, waiting_for)
            guess = min(guess * _GROWTH, _LONGEST_GUESS_SECONDS)

    def pause(self, seconds: float, waiting_for: str) -> None:
        """Let so much time pass, and tell why."""
        self.tell(waiting_for, seconds)
        self.clock.sleep(seconds)

    def tell(self, waiting_for: str, seconds: float | None = None) -> None:
        """Tell what is about to be waited for, without waiting."""
        if self.notify is not None:
            self.notify(waiting_for, seconds)

    def _has(self, pause: float, error: RateLimited) -> bool:
        guessed = error.retry_after is None
        if self.deadline.ends:
            return not (guessed and isinstance(error, QuotaExhausted)) and self.deadline.allows(pause)
        if isinstance(error, QuotaExhausted):
            return False
        # Of a pause that nobody told: as long as it is short, for without an end it might be repeated for ever.
        return pause < _LONGEST_GUESS_SECONDS if guessed else pause <= _LONGEST_SECONDS
