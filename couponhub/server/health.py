"""The health of the service: whether it lives, and whether it can serve; a dead vendor does not make it unready."""

import logging
import threading
from collections.abc import Iterator

from couponhub.clock import SYSTEM_CLOCK, Clock
from couponhub.errors import CouponhubError, LocalError
from couponhub.hub import CouponHub
from couponhub.server.operations import Operation, OperationRequest, OperationResponse
from couponhub.server.problems import Refusal
from couponhub.state import open_state

_log = logging.getLogger(__name__)

_FRESH_SECONDS = 1.0


class Health:
    """Answers supervisors and load balancers.

    Args:
        hub: What serves.
        clock: What time is measured on.
    """

    def __init__(self, hub: CouponHub, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._hub = hub
        self._clock = clock
        self._looking = threading.Lock()
        self._checked_at = float("-inf")
        self._fault: str | None = "it is still being looked whether it can serve"

    def operations(self) -> Iterator[Operation]:
        """The endpoints."""
        yield Operation(
            name="healthz",
            about="The process lives and answers.",
            method="GET",
            path="/healthz",
            run=lambda _: OperationResponse(content=b'{"status":"ok"}'),
            waits=False,
            gives="health",
        )
        yield Operation(
            name="readyz",
            about="The configuration and the store can be used.\n\n"
            "Vendors are not asked: the service stays ready when one is dead, for the others still answer.",
            method="GET",
            path="/readyz",
            run=self._ready,
            waits=False,
            gives="health",
            fails=(503,),
        )

    def _ready(self, call: OperationRequest) -> OperationResponse:  # noqa: ARG002 - it is the same for all
        # Whoever asks need not be known: at most one look a second, and while it takes its time nobody waits for it.
        if self._clock.monotonic() - self._checked_at >= _FRESH_SECONDS and self._looking.acquire(
            blocking=False
        ):
            try:
                self._fault = self._look()
                self._checked_at = self._clock.monotonic()
            finally:
                self._looking.release()
        if self._fault is not None:
            raise Refusal(LocalError(self._fault, hint="see the server's log"), 503)
        return OperationResponse(content=b'{"status":"ok"}')

    def _look(self) -> str | None:
        try:
            for name in self._hub:
                self._hub[name]
        except CouponhubError as error:
            _log.warning("not ready: %s", error)
            return "a connection cannot be opened"
        try:
            # Opened anew: an open database does not notice that its file was replaced.
            with open_state(self._hub.config.store) as state:
                state.tokens.all()
        except CouponhubError as error:
            _log.warning("not ready: %s", error)
            return "the store cannot be used"
        return None
