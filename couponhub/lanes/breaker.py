"""When a vendor is not asked for a while, because asking it has failed too often in a row."""

from typing import TypeGuard

from couponhub.errors import (
    AuthRejected,
    NotFound,
    PermissionDenied,
    RateLimited,
    RequestRejected,
    UnreadableReply,
    VendorUnavailable,
)

Failure = VendorUnavailable | UnreadableReply

_FAILURE = 2
_NONSENSE = 1
"""Against it: what nobody can read may be about one customer only."""
_NONSENSE_PROBES = 15
"""After which a vendor is tried all the same: a check that cannot be read must not keep it from being asked for ever."""


def shows_life(error: Exception | None) -> bool:
    """Whether the vendor has spoken and knew what to say, whatever it said.

    A budget of ours that is spent says nothing of the vendor. A reply that nobody can read is no life: it may be of
    something in between.
    """
    if isinstance(error, RateLimited):
        return error.status is not None
    return error is None or isinstance(error, (AuthRejected, PermissionDenied, NotFound, RequestRejected))


class Breaker:
    """Counts failures. Not thread-safe: its lane holds a lock.

    Closed, it opens after `limit` failures in a row; a reply that cannot be read is half a failure. Open, it closes
    when the vendor shows life; closed by a probe rather than by an answer to a question, it opens again at the first
    failure of either kind. Opened by what could not be read, it is not closed by a probe that cannot be read either,
    but for the fifteenth. Timeouts of callers in a hurry prove nothing: as many of those in a row are a doubt, which
    a probe decides.

    Args:
        limit: How many failures are too many.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._left = _FAILURE * limit
        self._unread_probes = 0
        self._last_was_unread = False
        self._doubts = 0
        self._closed_at = float("-inf")
        self._failed_in_a_row = 0
        # Not the error itself: with its traceback it would keep somebody's question alive.
        self._last = ""
        self._last_was_slow = False
        self.is_open = False
        self.opened_total = 0

    @property
    def wants_probe(self) -> bool:
        """Whether a probe can change something."""
        return self.is_open or self._doubts >= self._limit

    def answered(self, now: float) -> None:
        """The vendor answered a question."""
        self._close(now)
        self._left = _FAILURE * self._limit
        self._failed_in_a_row = 0

    def failed(self, error: Failure, *, asked: float, hurried: bool) -> None:
        """The vendor failed to answer a question.

        Args:
            error: What it came to.
            asked: When it was asked; what began before the breaker closed says nothing of the time since.
            hurried: Whether it was given too little time for its silence to mean something.
        """
        if asked < self._closed_at:
            return
        if hurried:
            self._doubts += 1
            return
        self._left -= _NONSENSE if isinstance(error, UnreadableReply) else _FAILURE
        self._count(error)
        if self._left <= 0:
            self._open()

    def probed(self, error: Exception | None, now: float) -> None:
        """A probe ended; anything but silence and faults of the vendor's is life."""
        if not self.wants_probe or (isinstance(error, VendorUnavailable) and error.local):
            return
        if isinstance(error, VendorUnavailable) or self._is_nonsense_still(error):
            self._count(error)
            self._open()
        elif self.is_open:
            self._close(now)
            self._left = 1
        else:
            self._doubts = 0

    def refusal(self, connection: str, retry_after: float) -> VendorUnavailable:
        """What is told instead of asking, while it is open."""
        times = "once" if self._failed_in_a_row == 1 else f"{self._failed_in_a_row} times in a row"
        return VendorUnavailable(
            f"not asked: it has failed {times}, last: {self._last}",
            connection=connection,
            operation="customer coupons",
            retry_after=retry_after,
            sent=False,
            too_slow=self._last_was_slow,
        )

    def _is_nonsense_still(self, error: Exception | None) -> TypeGuard[UnreadableReply]:
        if not (self.is_open and self._last_was_unread and isinstance(error, UnreadableReply)):
            return False
        self._unread_probes += 1
        return self._unread_probes < _NONSENSE_PROBES

    def _count(self, error: Failure) -> None:
        self._failed_in_a_row += 1
        self._last = error.message
        self._last_was_unread = isinstance(error, UnreadableReply)
        self._last_was_slow = isinstance(error, VendorUnavailable) and error.too_slow

    def _open(self) -> None:
        if not self.is_open:
            self.is_open = True
            self._unread_probes = 0
            self.opened_total += 1

    def _close(self, now: float) -> None:
        self._doubts = 0
        if self.is_open:
            self.is_open = False
            self._closed_at = now
