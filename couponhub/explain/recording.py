"""Takes note of every exchange with a vendor while something is being explained."""

import threading
from collections.abc import Callable
from datetime import datetime

import attrs

from couponhub.clock import utc_now
from couponhub.transport.decision import Decision
from couponhub.transport.observing import DecisionObserver, EndedExchange, Observer, VendorCall
from couponhub.transport.shapes import Shape


@attrs.frozen(kw_only=True)
class Exchange:
    """One attempt to call a vendor: when it ended, how, and what it looked like without its values."""

    at: datetime
    call: VendorCall
    shape: Shape


class Recorder:
    """A `ShapeObserver` that remembers all, and passes on what it is told and shown. Thread-safe.

    Args:
        inner: The observer that would have been told otherwise.
    """

    def __init__(self, inner: Observer) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self._exchanges: list[Exchange] = []

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All so far, in the order in which they ended."""
        with self._lock:
            return tuple(self._exchanges)

    def began(self, connection: str, operation: str) -> Callable[[VendorCall], None]:
        """As `Observer.began`."""
        return self._inner.began(connection, operation)

    def exchanged(self, call: VendorCall, shape: Shape) -> None:
        """As `ShapeObserver.exchanged`."""
        with self._lock:
            self._exchanges.append(Exchange(at=utc_now(), call=call, shape=shape))

    def looked(self, exchange: EndedExchange) -> Callable[[Decision | None], None]:
        """As `DecisionObserver.looked`."""
        return self._inner.looked(exchange) if isinstance(self._inner, DecisionObserver) else _nothing


def _nothing(decision: Decision | None) -> None:
    pass
