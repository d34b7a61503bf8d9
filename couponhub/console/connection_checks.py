"""The last check of each connection, which somebody asked for here."""

import threading
import time
from datetime import datetime

import attrs

from couponhub.clock import utc_now
from couponhub.errors import CouponhubError, LocalError
from couponhub.hub import CouponHub
from couponhub.server.discretion import discreet

_DEADLINE_SECONDS = 10.0


@attrs.frozen(kw_only=True)
class CheckOutcome:
    """The outcome of a check.

    Attributes:
        at: When it ended.
        told: The proof, in the adapter's words; "" where it failed.
        error: What went wrong, for people; None when all is well.
        milliseconds: How long it took.
    """

    at: datetime
    told: str
    error: CouponhubError | None
    milliseconds: int


class ConnectionChecks:
    """Checks connections as `couponhub doctor` does, each once at a time, and remembers what came of it. Thread-safe.

    Args:
        hub: Whose connections.
    """

    def __init__(self, hub: CouponHub) -> None:
        self._hub = hub
        self._lock = threading.Lock()
        self._last: dict[str, CheckOutcome] = {}
        self._under_way: set[str] = set()

    def last(self, name: str) -> CheckOutcome | None:
        """Return the outcome of the last check; None when there was none."""
        return self._last.get(name)

    def is_under_way(self, name: str) -> bool:
        """Tell whether a connection is being checked."""
        return name in self._under_way

    def check(self, name: str) -> None:
        """Check a connection now, unless somebody else has it checked.

        Raises:
            UnknownConnection: There is none of that name.
        """
        self._hub.config.connection(name)
        with self._lock:
            if name in self._under_way:
                return
            self._under_way.add(name)
        try:
            self._last[name] = self._checked(name)
        finally:
            with self._lock:
                self._under_way.discard(name)

    def _checked(self, name: str) -> CheckOutcome:
        began = time.monotonic()
        told, error = "", None
        try:
            told = self._hub[name].check(deadline=_DEADLINE_SECONDS)
        except CouponhubError as raised:
            error = discreet(raised)
        except Exception as raised:  # noqa: BLE001 - an adapter's own fault is what a check is to show
            error = LocalError(f"the check fails with {type(raised).__name__}", connection=name)
        return CheckOutcome(
            at=utc_now(),
            told=told,
            error=error,
            milliseconds=round((time.monotonic() - began) * 1000),
        )
