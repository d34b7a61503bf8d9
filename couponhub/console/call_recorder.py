"""Follows calls to vendors and requests, and keeps of them what names nobody."""

import re
import secrets
import threading
import time
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING

import attrs

from couponhub.clock import utc_now
from couponhub.console.call_shapes import kept_shape
from couponhub.console.call_writer import CallWriter
from couponhub.errors import CouponhubError
from couponhub.state import CallDecision, CallRecord, FaultRecord, LeftOut
from couponhub.transport.auth import FETCH_TOKEN
from couponhub.transport.decision import Decision, Raise, RaiseUnknown, Renew, Wait
from couponhub.transport.observing import EndedExchange, Observer, VendorCall

if TYPE_CHECKING:
    from couponhub.server.request_context import RequestContext

_OWN_PLACE = re.compile(r".*[/\\](couponhub(?:_\w+)?[/\\].+)")
_UNSUPPORTED = 501
_OWN_TROUBLE = frozenset({"local", "config", "internal"})

# Of a request, not of the process: threads that ask vendors for it are given it with its context.
_request_id: ContextVar[str | None] = ContextVar("couponhub request", default=None)


@attrs.frozen(kw_only=True)
class Pace:
    """The calls of one sort that are kept in each process: some at once, then so many a second."""

    at_once: float
    per_second: float


PLAIN = Pace(at_once=20, per_second=1)
"""Reads that went well, of one operation at one connection."""
OTHERS = Pace(at_once=100, per_second=10)
"""Changes, and whatever failed."""


class CallRecorder:
    """An `Observer` in the place of another one, which it tells in turn; a `DecisionObserver` and a `RequestWatch`. Thread-safe.

    What is looked at is described at once; nothing of it is held until it is written but words and numbers.

    Args:
        inner: The other observer.
        writer: Keeps what was seen.
        clock: Seconds that only grow.
    """

    def __init__(
        self, inner: Observer, writer: CallWriter, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._inner = inner
        self._writer = writer
        self._clock = clock
        self._lock = threading.Lock()
        self._left: dict[tuple[str, str, bool], tuple[float, float]] = {}

    def began(self, connection: str, operation: str) -> Callable[[VendorCall], None]:
        """As `Observer.began`."""
        ended = self._inner.began(connection, operation)
        # That call alone is made by a sign-in, which shows no exchange: nothing of it could be told but its end.
        return partial(self._fetched_token, ended) if operation == FETCH_TOKEN else ended

    def looked(self, exchange: EndedExchange) -> Callable[[Decision | None], None]:
        """As `DecisionObserver.looked`."""
        call, request = exchange.call, exchange.request
        is_plain = call.outcome == "ok" and not request.changes
        if not self._is_kept(call, is_plain=is_plain):
            return _nothing
        shape = kept_shape(exchange)
        record = attrs.evolve(
            _record(call),
            method=shape.method,
            base=shape.base,
            path=shape.path,
            changes=request.changes,
            headers=exchange.headers,
            query=shape.query,
            sent=shape.sent,
            received=shape.received,
        )
        return lambda decision: self._writer.put(_decided(record, decision))

    def entered(self, framed: "RequestContext") -> None:
        """As `RequestWatch.entered`."""
        _request_id.set(framed.request_id)

    def failed(self, framed: "RequestContext", kind: str, status: int, raised: BaseException) -> None:
        """As `RequestWatch.failed`: failures of the server's own and what it cannot get from vendors, no refusals."""
        is_failure = status >= 500 and status != _UNSUPPORTED
        if is_failure or kind in _OWN_TROUBLE:
            fault = FaultRecord(
                at=utc_now(),
                request_id=framed.request_id,
                kind=kind,
                status=status,
                method=framed.method,
                route=framed.route,
                place=_place(raised),
            )
            self._writer.put_fault(fault)

    def close(self) -> None:
        """Write what waits, unless that takes long."""
        self._writer.close()

    def _fetched_token(self, ended: Callable[[VendorCall], None], call: VendorCall) -> None:
        ended(call)
        if self._is_kept(call, is_plain=call.outcome == "ok"):
            self._writer.put(_decided(_record(call), None if call.outcome == "ok" else Raise()))

    def _is_kept(self, call: VendorCall, *, is_plain: bool) -> bool:
        """Tell whether a call is one of those that are kept of its sort, and count it else."""
        pace, key = PLAIN if is_plain else OTHERS, (call.connection, call.operation, is_plain)
        now = self._clock()
        with self._lock:
            left, at = self._left.get(key, (pace.at_once, now))
            left = min(pace.at_once, left + (now - at) * pace.per_second)
            is_kept = left >= 1
            self._left[key] = (left - 1 if is_kept else left, now)
        if not is_kept:
            self._writer.leave_out(LeftOut.PLAIN if is_plain else LeftOut.MANY)
        return is_kept


def _record(call: VendorCall) -> CallRecord:
    return CallRecord(
        id=f"call_{secrets.token_hex(8)}",
        at=utc_now(),
        connection=call.connection,
        operation=call.operation,
        method="POST",
        base="",
        path="",
        changes=False,
        outcome=call.outcome,
        decision=CallDecision.DONE,
        status=call.status,
        attempt=call.attempt,
        milliseconds=round(call.seconds * 1000),
        vendor_request_id=call.request_id,
        request_id=_request_id.get(),
    )


def _decided(record: CallRecord, decision: Decision | None) -> CallRecord:
    match decision:
        case None:
            return record
        case Raise():
            return attrs.evolve(record, decision=CallDecision.GIVEN_UP, because=decision.because.value)
        case RaiseUnknown():
            return attrs.evolve(record, decision=CallDecision.OUTCOME_UNKNOWN, because=decision.because.value)
        case Renew():
            return attrs.evolve(record, decision=CallDecision.RENEWED)
        case Wait():
            return attrs.evolve(
                record,
                decision=CallDecision.WAITED,
                because=decision.because.value,
                waited=decision.seconds,
            )


def _place(raised: BaseException) -> str:
    """Return where in couponhub something was raised, and its class if it is nobody's error; never its text."""
    places = [
        f"{own[1]}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(raised.__traceback__)
        if (own := _OWN_PLACE.fullmatch(frame.filename))
    ]
    name = "" if isinstance(raised, CouponhubError) else type(raised).__name__
    return ", ".join(part for part in (name, *places[-1:]) if part)


def _nothing(decision: Decision | None) -> None:
    pass
