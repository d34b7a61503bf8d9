"""The circuit breaker: a vendor is not asked for a while when asking it has failed too often in a row."""

import logging
import secrets
from typing import Literal

from couponhub.errors import (
    AuthRejected,
    NotFound,
    PermissionDenied,
    RateLimited,
    RequestRejected,
    UnreadableReply,
    VendorUnavailable,
)
from couponhub.resilience.health_probe import HealthProbe
from couponhub.resilience.settings import ResilienceSettings
from couponhub.state.shared import BreakerNews

_log = logging.getLogger(__name__)

Failure = VendorUnavailable | UnreadableReply

_FAILURE = 2
_NONSENSE = 1
"""Against it: what nobody can read may be about one customer only."""
_NONSENSE_PROBES = 15
"""After which a vendor is tried all the same: a check that cannot be read must not keep it from being asked for ever."""


def shows_life(error: Exception | None) -> bool:
    """Return True when the vendor has spoken and knew what to say, whatever it said.

    A budget of ours that is spent says nothing of the vendor. A reply that nobody can read is no life: it may be of
    something in between.
    """
    if isinstance(error, RateLimited):
        return error.status is not None
    return error is None or isinstance(error, (AuthRejected, PermissionDenied, NotFound, RequestRejected))


class CircuitBreaker:
    """Decides whether a vendor may be asked. Not thread-safe: its client holds a lock.

    Closed, it opens after so many failures in a row; a reply that cannot be read is half a failure. Open, it closes
    when the vendor shows life; closed by a probe rather than by an answer to a question, it opens again at the first
    failure of either kind. Opened by what could not be read, it is not closed by a probe that cannot be read either,
    but for the fifteenth.

    Args:
        name: The connection's.
        settings: How many failures are too many, and how often is probed.
        probe: Makes the probes; None leaves it closed for ever.

    Attributes:
        untold: The last thing that this process learned and others do not know yet; whoever tells them clears it.
    """

    def __init__(self, name: str, settings: ResilienceSettings, probe: HealthProbe | None) -> None:
        self._name = name
        self._probe = probe
        self._retry_after = settings.probe_every
        self._limit = settings.failures
        self._left = _FAILURE * self._limit
        self._unread_probes = 0
        self._closed_at = float("-inf")
        self._failed_in_a_row = 0
        # Not the error itself: with its traceback it would keep somebody's question alive.
        self._last = ""
        self._last_was_unread = self._last_was_slow = False
        self._alive_at = float("-inf")
        self._opening = self._closed_opening = ""
        self.untold: BreakerNews | None = None
        self.is_open = False
        self.opened_total = 0

    @property
    def state(self) -> Literal["closed", "open", "probing"]:
        """Its standing, for metrics."""
        if not self.is_open:
            return "closed"
        return "probing" if self._probe is not None and self._probe.is_probing else "open"

    def refusal(self) -> VendorUnavailable:
        """Return what is told instead of asking, while it is open."""
        self._rouse()  # where the system started no thread for the probes, it is asked again
        times = "once" if self._failed_in_a_row == 1 else f"{self._failed_in_a_row} times in a row"
        return VendorUnavailable(
            f"not asked: it has failed {times}, last: {self._last}",
            sent=False,
            too_slow=self._last_was_slow,
            connection=self._name,
            operation="customer coupons",
            retry_after=self._retry_after,
        )

    def answered(self, now: float) -> None:
        """Note that the vendor answered a question."""
        self._alive_at = now
        self._close(now)
        self._left = _FAILURE * self._limit
        self._failed_in_a_row = 0

    def failed(self, error: Failure, *, asked: float) -> bool:
        """Note that the vendor failed to answer a question.

        Args:
            error: What it came to.
            asked: When it was asked; what began before the breaker closed says nothing of the time since.

        Returns:
            True when that was too much, and it has opened.
        """
        if self._probe is None or asked < self._closed_at:
            return False
        self._left -= _NONSENSE if isinstance(error, UnreadableReply) else _FAILURE
        self._count(error)
        if self._left > 0 or self.is_open:
            return False
        self._open(secrets.token_hex(8))
        self.untold = self._news()
        _log.warning("%s: not asked any more until a probe succeeds", self._name)
        return True

    def heard(self, news: BreakerNews | None, now: float) -> None:
        """Note what another process has told of the vendor.

        It opens the breaker, unless this process had an answer just now: what one machine cannot reach, others may. That
        the vendor was seen to answer closes it, as a probe does.
        """
        if news is None or self._probe is None:
            return
        if not news.is_open:
            self._closed_opening = news.opening
            if self.is_open:
                self._close(now, is_news=False)
                self._left = 1
        elif self.is_open:
            self._opening = news.opening  # of two that opened at once, the later one's word is spoken of
        elif news.opening != self._closed_opening and now >= self._alive_at + self._retry_after:
            self._failed_in_a_row, self._last = news.failed, news.last
            self._last_was_unread, self._last_was_slow = news.was_unread, news.was_slow
            self._open(news.opening)
            _log.warning("%s: not asked any more, for another process found it failing", self._name)

    def probed(self, error: Exception | None, now: float) -> None:
        """Note how a probe ended; anything but silence and faults of the vendor's is life."""
        if not self.is_open or (isinstance(error, VendorUnavailable) and error.local):
            return
        if isinstance(error, VendorUnavailable) or (
            isinstance(error, UnreadableReply) and self._is_nonsense_still()
        ):
            self._count(error)
            self.untold = self._news()
        else:
            self._close(now)
            self._left = 1

    def close(self) -> None:
        """Make no more probes."""
        if self._probe is not None:
            self._probe.close()

    def _is_nonsense_still(self) -> bool:
        if not self._last_was_unread:
            return False
        self._unread_probes += 1
        return self._unread_probes < _NONSENSE_PROBES

    def _count(self, error: Failure) -> None:
        self._failed_in_a_row += 1
        self._last = error.message
        self._last_was_unread = isinstance(error, UnreadableReply)
        self._last_was_slow = isinstance(error, VendorUnavailable) and error.too_slow

    def _open(self, opening: str) -> None:
        self.is_open = True
        self._opening = opening
        self._unread_probes = 0
        self.opened_total += 1
        self._rouse()

    def _news(self) -> BreakerNews:
        return BreakerNews(
            opening=self._opening,
            is_open=self.is_open,
            failed=self._failed_in_a_row,
            last=self._last,
            was_unread=self._last_was_unread,
            was_slow=self._last_was_slow,
        )

    def _close(self, now: float, *, is_news: bool = True) -> None:
        if self.is_open:
            self.is_open = False
            self._closed_at = now
            self._closed_opening = self._opening
            if is_news:
                self.untold = self._news()
            _log.warning("%s: asked again", self._name)
            self._rouse()

    def _rouse(self) -> None:
        if self._probe is not None:
            self._probe.want(self.is_open)
