"""A connection's breaker with the probes that close it again."""

import logging
from typing import Literal

from couponhub.errors import VendorUnavailable
from couponhub.lanes.breaker import Breaker, Failure
from couponhub.lanes.probing import Prober
from couponhub.lanes.settings import LaneSettings

_log = logging.getLogger(__name__)


class Guard:
    """Decides whether a vendor may be asked. Not thread-safe: its lane holds a lock.

    Args:
        name: The connection's.
        settings: The lane's.
        prober: Makes the probes; None leaves the breaker closed for ever.
    """

    def __init__(self, name: str, settings: LaneSettings, prober: Prober | None) -> None:
        self._name = name
        self._prober = prober
        self._retry_after = settings.probe_every
        self._breaker = Breaker(settings.failures)

    @property
    def is_open(self) -> bool:
        """Whether the vendor may not be asked."""
        return self._breaker.is_open

    @property
    def opened_total(self) -> int:
        """How often it opened."""
        return self._breaker.opened_total

    @property
    def word(self) -> Literal["closed", "open", "probing"]:
        """How it stands, for metrics."""
        if not self._breaker.is_open:
            return "closed"
        return "probing" if self._prober is not None and self._prober.is_probing else "open"

    def refusal(self) -> VendorUnavailable:
        """What is told instead of asking."""
        self._rouse()
        return self._breaker.refusal(self._name, self._retry_after)

    def answered(self, now: float) -> None:
        """The vendor answered a question."""
        was_open = self._breaker.is_open
        self._breaker.answered(now)
        self._has_opened(was_open)

    def failed(self, error: Failure, *, asked: float, hurried: bool) -> bool:
        """The vendor failed to answer a question (see `Breaker.failed`); says whether that was too much."""
        if self._prober is None:
            return False
        was_open = self._breaker.is_open
        self._breaker.failed(error, asked=asked, hurried=hurried)
        return self._has_opened(was_open)

    def probed(self, error: Exception | None, now: float) -> bool:
        """A probe ended; says whether the vendor may not be asked from now on."""
        was_open = self._breaker.is_open
        self._breaker.probed(error, now)
        return self._has_opened(was_open)

    def close(self) -> None:
        """Make no more probes."""
        if self._prober is not None:
            self._prober.close()

    def _has_opened(self, was_open: bool) -> bool:
        self._rouse()
        if self._breaker.is_open == was_open:
            return False
        _log.warning(
            "%s: %s", self._name, "asked again" if was_open else "not asked any more until a probe succeeds"
        )
        return not was_open

    def _rouse(self) -> None:
        if self._prober is not None:
            self._prober.want(self._breaker.wants_probe, in_doubt=not self._breaker.is_open)
