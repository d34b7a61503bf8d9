"""The number of requests a second that a token may make."""

import threading

from couponhub.clock import Clock


class TokenBucket:
    """A bucket for each token: full at first, a second's worth deep, refilled steadily. Thread-safe.

    Args:
        rate: Requests a second; 0 for any number.
        clock: What time is measured on.
    """

    def __init__(self, rate: float, clock: Clock) -> None:
        self._rate = rate
        self._depth = max(1.0, rate)
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, token_id: str) -> float:
        """Take one request out of a token's bucket; seconds until there is one again when it is empty, else 0."""
        if not self._rate:
            return 0.0
        with self._lock:
            now = self._clock.monotonic()
            left, at = self._buckets.get(token_id, (self._depth, now))
            left = min(self._depth, left + (now - at) * self._rate)
            wait = 0.0 if left >= 1 else (1 - left) / self._rate
            self._buckets[token_id] = (left if wait else left - 1, now)
        return wait

    def owe(self, token_id: str, count: int) -> None:
        """Take more out of a token's bucket than is in it: what is missing flows in before the next request."""
        if self._rate:
            with self._lock:
                left, at = self._buckets.get(token_id, (self._depth, self._clock.monotonic()))
                self._buckets[token_id] = (left - count, at)

    @property
    def in_a_minute(self) -> float:
        """Requests that a token may make in a minute; infinity for any number."""
        return self._rate * 60 or float("inf")
