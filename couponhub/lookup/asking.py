"""The unified lookup: every connection is asked at once, and each answer says what may be concluded from it."""

import logging
import queue
import time
import traceback
from collections.abc import Callable, Sequence

import attrs

from couponhub.errors import CouponhubError, NotFound, VendorUnavailable
from couponhub.lanes import Known, Lane
from couponhub.lookup.verdicts import judge, reason_of
from couponhub.models import Answer, CouponQuery, Customer, CustomerCoupons, LookupAnswer, Reason, Verdict
from couponhub.models.base import utc_now

_log = logging.getLogger(__name__)


def lookup(lanes: Sequence[Lane], customer: Customer, query: CouponQuery, deadline: float) -> LookupAnswer:
    """Ask all connections in parallel, within `deadline` seconds in all.

    Raises:
        NotFound: The list that the query names does not exist at the one connection asked.
    """
    answered: queue.SimpleQueue[tuple[str, Known, float]] = queue.SimpleQueue()
    started = time.monotonic()

    def told_by(name: str) -> Callable[[Known], None]:
        return lambda known: answered.put((name, known, time.monotonic()))

    for lane in lanes:
        lane.ask(customer, query, deadline, told_by(lane.name))
    answers: dict[str, Answer] = {}
    while len(answers) < len(lanes):
        try:
            name, known, ended = answered.get(timeout=max(0.0, started + deadline - time.monotonic()))
        except queue.Empty:
            break
        answers[name] = _answer(name, known, round((ended - started) * 1000))
    for answer in answers.values():
        if isinstance(answer.error, NotFound) and query.list_id is not None:
            raise answer.error
    return LookupAnswer(
        customer=customer,
        answers=tuple(answers.get(lane.name) or _too_late(lane.name, deadline) for lane in lanes),
    )


def _answer(connection: str, known: Known, elapsed_ms: int) -> Answer:
    error = None if known.error is None else _explained(connection, known.error)
    answer = (
        Answer(connection=connection, verdict=Verdict.UNKNOWN, as_of=utc_now())
        if known.found is None
        else _concluded(connection, known.found)
    )
    if error is not None:
        # A remembered "none" proves nothing now; remembered coupons are still worth showing.
        verdict = Verdict.FOUND if answer.coupons else Verdict.UNKNOWN
        answer = attrs.evolve(answer, verdict=verdict, reason=reason_of(error), error=error)
    return attrs.evolve(answer, elapsed_ms=elapsed_ms)


def _concluded(connection: str, found: CustomerCoupons) -> Answer:
    verdict, reason = judge(found)
    return Answer(
        connection=connection,
        verdict=verdict,
        reason=reason,
        coupons=found.coupons,
        source=found.source,
        as_of=found.as_of or utc_now(),
        coverage=found.coverage,
        vendor_code=found.vendor_code,
        warnings=found.warnings,
        asked_as=found.asked_as,
    )


def _explained(connection: str, error: Exception) -> CouponhubError:
    if isinstance(error, CouponhubError):
        return error
    # Where, and never the error's own text, which may quote the customer or a code.
    frames = "".join(traceback.format_tb(error.__traceback__))
    _log.debug("%s: %s, at\n%s", connection, type(error).__name__, frames)
    return CouponhubError(
        f"a fault of couponhub itself ({type(error).__name__})",
        hint="please report it",
        connection=connection,
    )


def _too_late(connection: str, deadline: float) -> Answer:
    error = VendorUnavailable(
        f"no answer within the deadline of {deadline:g} s",
        connection=connection,
        operation="customer coupons",
    )
    error.too_slow = True
    return Answer(
        connection=connection,
        verdict=Verdict.UNKNOWN,
        reason=Reason.TIMEOUT,
        as_of=utc_now(),
        elapsed_ms=round(deadline * 1000),
        error=error,
    )
