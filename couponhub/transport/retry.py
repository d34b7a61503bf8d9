"""The repetition of calls: when, and after how long. There is no other retry loop in couponhub."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from random import SystemRandom

import attrs

from couponhub.errors import CouponhubError
from couponhub.forking import ProcessLock


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """Jittered exponential backoff.

    Attributes:
        attempts: Attempts in all, the first included.
        base: Seconds of the first wait, before jitter; each further one doubles.
        cap: Seconds of the longest wait that we choose ourselves.
        reserve: Repetitions of failed calls, over all threads, that a vendor gets without answering any.
        jitter: Gives a number in [0, 1).
    """

    attempts: int = 4
    base: float = 0.3
    cap: float = 10.0
    reserve: int = 100
    jitter: Callable[[], float] = SystemRandom().random

    def wait_before(self, attempt: int, error: CouponhubError) -> float:
        """Seconds to wait after the failed attempt of that number (from 1).

        The vendor's own word is waited out in full; a word in the past waits like none.
        """
        chosen = min(self.cap, self.base * 2.0 ** (attempt - 1)) * (0.5 + self.jitter() / 2)
        return max(chosen, error.retry_after or 0.0)


class RetryReserve:
    """The number of calls that may still be repeated at one vendor. Thread-safe.

    Each repetition takes one, each call that succeeds gives a fifth of one back, up to the reserve: in the long run
    a failing vendor is sent at most one repetition for five calls that it answers, however many threads call. The
    idea and the figures are those of the retry quota in botocore's standard mode. A rate limit takes nothing: the
    vendor said when to come again.

    Args:
        reserve: How many to begin with.
    """

    def __init__(self, reserve: int) -> None:
        self._most = float(reserve)
        self._left = self._most
        self._lock = ProcessLock()

    def take(self) -> bool:
        """Take one, unless none is left."""
        with self._lock:
            if self._left < 1.0:
                return False
            self._left -= 1.0
            return True

    def give_back(self) -> None:
        """A call succeeded."""
        if self._left == self._most:  # as nearly always, and looked at after each call
            return
        with self._lock:
            self._left = min(self._most, self._left + 0.2)


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the vendor asks to wait: `Retry-After` in both forms, else `x-ratelimit-reset`; None for no word.

    Moments are compared with the reply's own `Date`, so that a clock that runs wrong here does no harm.
    """
    word = headers.get("retry-after", "").strip()
    seconds = _whole_seconds(word)
    if seconds is not None:
        return seconds
    moment = _http_date(word) if word else None
    if moment is None:
        moment = _whole_seconds(headers.get("x-ratelimit-reset", "").strip())
    if moment is None:
        return None
    return max(0.0, moment - (_http_date(headers.get("date", "")) or time.time()))


def whole_header(headers: Mapping[str, str], name: str) -> int | None:
    """The whole number in a header, None when there is none."""
    number = _whole_seconds(headers.get(name, "").strip())
    return None if number is None else int(number)


def _whole_seconds(text: str) -> float | None:
    # Ten digits reach the year 2286; what is longer is no number of seconds.
    return float(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


def _http_date(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
