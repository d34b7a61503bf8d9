"""The last calls to a connection, of all servers with the same store: one that went well, one that did not, and how long they took."""

import logging
from collections.abc import Sequence
from datetime import datetime
from statistics import quantiles
from typing import Self

import attrs

from couponhub.clock import SYSTEM_CLOCK, Clock
from couponhub.console.shared_looks import SharedLooks
from couponhub.errors import CouponhubError
from couponhub.hub import CouponHub
from couponhub.state import CallFilter, CallRecord
from couponhub.state.vendor_calls import FAILED, OK

_log = logging.getLogger(__name__)

_MEASURED = 200
_LOOKED_AT_EVERY = 10.0
_LEAST_FOR_A_SHARE = 20
"""Of fewer calls nobody can say how long 95 of a hundred take."""


@attrs.frozen(kw_only=True)
class CallLatency:
    """The time that the last calls took which were answered.

    Attributes:
        calls: How many they are, at most 200.
        median: Milliseconds that half of them took at most.
        most_of_all: Milliseconds that 95 of a hundred took at most; None of too few.
    """

    calls: int
    median: int
    most_of_all: int | None

    @classmethod
    def of(cls, calls: Sequence[CallRecord]) -> Self | None:
        """Return that of calls, whatever their outcome; those without any answer count for nothing. None of none."""
        took = [one.milliseconds for one in calls if one.status is not None]
        if not took:
            return None
        shares = quantiles(took, n=20, method="inclusive") if len(took) > 1 else took * 19
        return cls(
            calls=len(took),
            median=round(shares[9]),
            most_of_all=round(shares[18]) if len(took) >= _LEAST_FOR_A_SHARE else None,
        )


@attrs.frozen(kw_only=True)
class ConnectionCalls:
    """The last calls to one connection.

    Attributes:
        succeeded: The last that went well; None where none is kept.
        failed: The last that did not; None where none is kept.
        latency: None where no call is kept that was answered.
    """

    succeeded: CallRecord | None = None
    failed: CallRecord | None = None
    latency: CallLatency | None = None

    @property
    def fails_since(self) -> datetime | None:
        """The moment of the last failure, where nothing has gone well since then."""
        if self.failed is None or (self.succeeded is not None and self.succeeded.at >= self.failed.at):
            return None
        return self.failed.at


class RecentCalls:
    """Looks the last calls up, as often as one reader would. Thread-safe.

    Args:
        hub: Whose state.
        clock: What age is measured on.
    """

    def __init__(self, hub: CouponHub, clock: Clock = SYSTEM_CLOCK) -> None:
        self._hub = hub
        self._looks: SharedLooks[ConnectionCalls | None] = SharedLooks(
            clock=clock.monotonic, least_seconds=_LOOKED_AT_EVERY
        )

    def of(self, connection: str) -> ConnectionCalls | None:
        """Return how calls to a connection went, as it was known ten seconds ago at most; None where that cannot be read."""
        return self._looks.look(connection, lambda: self._read(connection))

    def _read(self, connection: str) -> ConnectionCalls | None:
        calls = self._hub.state.vendor_calls
        try:
            latest = calls.newest(CallFilter(connection=connection), most=_MEASURED)
            ended = [
                next(iter(calls.newest(CallFilter(connection=connection, outcome=outcome), most=1)), None)
                for outcome in (OK, FAILED)
            ]
        except CouponhubError as error:
            _log.debug("the last calls to %s cannot be read: %s", connection, error)
            return None
        succeeded, failed = ended
        return ConnectionCalls(succeeded=succeeded, failed=failed, latency=CallLatency.of(latest))
