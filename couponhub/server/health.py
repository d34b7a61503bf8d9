"""The health of the service: whether it lives, and whether it can serve; a dead vendor does not make it unready."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus

from couponhub.clock import SYSTEM_CLOCK, Clock
from couponhub.errors import CouponhubError, LocalError
from couponhub.hub import CouponHub
from couponhub.server.operations import Operation, OperationRequest, OperationResponse
from couponhub.server.parts import NEEDED, Parts, Standing
from couponhub.server.problems import Refusal
from couponhub.server.response_json import json_bytes
from couponhub.state import Scope

_log = logging.getLogger(__name__)

_FRESH_SECONDS = 1.0


class Health:
    """Answers supervisors and load balancers.

    Args:
        hub: What serves.
        parts: What it rests on.
        is_draining: Tells whether the server is about to end.
        clock: What time is measured on.
    """

    def __init__(
        self,
        hub: CouponHub,
        parts: Parts,
        *,
        is_draining: Callable[[], bool],
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._hub = hub
        self._parts = parts
        self._is_draining = is_draining
        self._clock = clock
        self._opening = threading.Lock()
        self._opened_at = float("-inf")
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
            "Vendors are not asked: the service stays ready when one is dead, for the others still answer. `parts` says"
            " what else it rests on: `degraded` is true while one of those is away that lookups can do without. Where"
            " they lie is told to who has the scope `admin`, or asks from this machine.",
            method="GET",
            path="/readyz",
            run=self._ready,
            waits=False,
            more_for=Scope.ADMIN,
            gives="readiness",
            fails=(503,),
        )

    def _ready(self, call: OperationRequest) -> OperationResponse:
        standings = self._parts.standings()
        parts = [one.document(tells_place=call.is_told_more) for one in standings]
        if self._is_draining():
            raise _unready(
                "this server is draining: it ends soon",
                "ask another one",
                {"draining": True, "parts": parts},
                title=HTTPStatus.SERVICE_UNAVAILABLE.phrase,  # the kind's own speaks of faults
            )
        fault = self._config_fault() or _state_fault(standings)
        if fault is not None:
            raise _unready(fault, "see the server's log", {"draining": False, "parts": parts})
        degraded = not all(one.is_up for one in standings)
        return OperationResponse(content=json_bytes({"status": "ok", "degraded": degraded, "parts": parts}))

    def _config_fault(self) -> str | None:
        # At most one look a second, and while it takes its time nobody waits for it.
        if self._clock.monotonic() - self._opened_at >= _FRESH_SECONDS and self._opening.acquire(
            blocking=False
        ):
            try:
                self._fault = self._open_all()
                self._opened_at = self._clock.monotonic()
            finally:
                self._opening.release()
        return self._fault

    def _open_all(self) -> str | None:
        try:
            for name in self._hub:
                self._hub[name]
        except CouponhubError as error:
            _log.warning("not ready: %s", error)
            return "a connection cannot be opened"
        return None


def _state_fault(standings: Sequence[Standing]) -> str | None:
    away = [one for one in standings if one.part in NEEDED and not one.is_up]
    if not away:
        return None
    return "the store cannot be used" if away[0].since else "it is still being looked whether it can serve"


def _unready(text: str, hint: str, more: dict[str, object], *, title: str | None = None) -> Refusal:
    return Refusal(LocalError(text, hint=hint), 503, title=title, more=more)
