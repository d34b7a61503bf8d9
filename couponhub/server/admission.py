"""The number of requests under way at once: what waits never takes the last threads, nor one token those of all."""

from couponhub.clock import SYSTEM_CLOCK, Clock
from couponhub.errors import RateLimited

THREADS = 256
"""Requests that a worker is at, at once. One that waits for a silent vendor holds its thread until its deadline: at a
hundred a second and two seconds each, two hundred wait, and the next one must still be served."""
SPARE_THREADS = 16
"""Beside those, for what never waits: health, and telling who comes too many that they do."""
STREAMS = 32
"""Batches under way: each holds its thread for as long as its reader takes, and asks with threads of its own."""
_LIKE_FOUR_FREE = 4
_LIKE_ONE_FREE = 1
_COME_BACK_SECONDS = 1.0


class Gate:
    """Lets requests in, or refuses them at once. Thread-safe.

    Nobody holds more than four times what is left free: alone a token gets four fifths of the threads, the next one that
    wants all of them four fifths of the rest, and so on. Of the streams it is half.

    Args:
        threads: Requests under way, of all.
        streams: Batches among them.
        clock: What time is measured on.
    """

    def __init__(
        self,
        *,
        threads: int = THREADS,
        streams: int = STREAMS,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._threads = _Share(threads, _LIKE_FOUR_FREE)
        self._streams = _Share(streams, _LIKE_ONE_FREE)
        self._clock = clock
        self._refused_at = float("-inf")

    def enter(self, who: str) -> None:
        """Begin a request; `leave` ends it.

        Raises:
            RateLimited: There are too many.
        """
        if not self._threads.take(who):
            self._refused_at = self._clock.monotonic()
            raise _too_many("requests")

    def leave(self, who: str) -> None:
        """End a request."""
        self._threads.give(who)

    def begin_stream(self, who: str) -> None:
        """Begin a batch, of a request that has entered; `end_stream` ends it.

        Raises:
            RateLimited: There are too many.
        """
        if not self._streams.take(who):
            raise _too_many("batches")

    def end_stream(self, who: str) -> None:
        """End a batch."""
        self._streams.give(who)

    def has_refused(self, seconds: float) -> bool:
        """Tell whether a request found no room within the last seconds."""
        return self._clock.monotonic() - self._refused_at < seconds


class _Share:
    """A room that many take of, each at most `times` what is left.

    Lists count, for they grow and shrink at once for all threads: a lock would take longer than all the rest.
    """

    def __init__(self, most: int, times: int) -> None:
        self._most = most
        self._times = times
        self._all: list[None] = []
        self._held: dict[str, list[None]] = {}  # by tokens that were admitted, of which there are few

    def take(self, who: str) -> bool:
        held = self._held.get(who)
        if held is None:
            held = self._held.setdefault(who, [])
        # Taken first and looked at then, so that of many who come at once too many are refused, not let in.
        held.append(None)
        self._all.append(None)
        if len(held) - 1 < self._times * (self._most - len(self._all) + 1):
            return True
        self.give(who)
        return False

    def give(self, who: str) -> None:
        self._held[who].pop()
        self._all.pop()


def _too_many(what: str) -> RateLimited:
    return RateLimited(
        f"too many {what} are under way here", hint="ask again in a moment", retry_after=_COME_BACK_SECONDS
    )
