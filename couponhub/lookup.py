"""The unified lookup: every connection is asked at once, and each answer says what may be concluded from it.

"none" is only ever said when a vendor, reached and understood, said so. Whatever else happens is "unknown".
"""

import logging
import queue
import threading
import time
import traceback
from collections.abc import Sequence

import attrs

from couponhub.connection import Connection
from couponhub.errors import (
    AuthRejected,
    CouponhubError,
    NotFound,
    PermissionDenied,
    RateLimited,
    RequestRejected,
    Unsupported,
    VendorUnavailable,
)
from couponhub.models import Answer, CouponQuery, Customer, CustomerCoupons, LookupAnswer, Reason, Verdict
from couponhub.models.base import utc_now

_log = logging.getLogger(__name__)


def lookup(
    connections: Sequence[Connection], customer: Customer, query: CouponQuery, deadline: float
) -> LookupAnswer:
    """Ask all connections in parallel, within `deadline` seconds in all.

    Raises:
        NotFound: The list that the query names does not exist at the one connection asked.
    """
    answered: queue.SimpleQueue[Answer] = queue.SimpleQueue()
    started = time.monotonic()
    for connection in connections:
        # Daemons: a vendor that hangs in name resolution must not keep the process from ending.
        threading.Thread(
            target=lambda asked: answered.put(_ask(asked, customer, query, deadline)),
            args=(connection,),
            name=f"lookup-{connection.name}",
            daemon=True,
        ).start()
    answers: dict[str, Answer] = {}
    while len(answers) < len(connections):
        try:
            answer = answered.get(timeout=max(0.0, started + deadline - time.monotonic()))
        except queue.Empty:
            break
        answers[answer.connection] = answer
    for answer in answers.values():
        if isinstance(answer.error, NotFound) and query.list_id is not None:
            raise answer.error
    return LookupAnswer(
        customer=customer,
        answers=tuple(
            answers.get(connection.name) or _too_late(connection.name, deadline) for connection in connections
        ),
    )


def _ask(connection: Connection, customer: Customer, query: CouponQuery, deadline: float) -> Answer:
    started = time.monotonic()
    try:
        known = connection.customers.coupons(customer, query, deadline=deadline)
        verdict, reason = judge(known)
        answer = Answer(
            connection=connection.name,
            verdict=verdict,
            reason=reason,
            coupons=known.coupons,
            vendor_code=known.vendor_code,
            warnings=known.warnings,
        )
    except CouponhubError as error:
        answer = _unknown(connection.name, _reason_of(error), error)
    except Exception as error:  # noqa: BLE001 - one connection's fault must not take the others' answers away
        # Where, and never the error's own text, which may quote the customer or a code.
        frames = "".join(traceback.format_tb(error.__traceback__))
        _log.debug("%s: %s, at\n%s", connection.name, type(error).__name__, frames)
        fault = CouponhubError(
            f"a fault of couponhub itself ({type(error).__name__})",
            hint="please report it",
            connection=connection.name,
        )
        answer = _unknown(connection.name, Reason.UNREADABLE, fault)
    elapsed = round((time.monotonic() - started) * 1000)
    return _stamped(answer, elapsed)


def judge(known: CustomerCoupons) -> tuple[Verdict, Reason | None]:
    """What may be concluded from an answer that was understood."""
    if known.coupons:
        return Verdict.FOUND, None if known.complete else Reason.INCOMPLETE
    if not known.complete:
        return Verdict.UNKNOWN, Reason.INCOMPLETE
    return Verdict.NONE, Reason.NO_COUPONS if known.customer_known else Reason.CUSTOMER_UNKNOWN


def _reason_of(error: CouponhubError) -> Reason:
    match error:
        case Unsupported() | RequestRejected():
            return Reason.UNSUPPORTED  # the vendor cannot be asked this
        case AuthRejected() | PermissionDenied():
            return Reason.CREDENTIALS
        case RateLimited():
            return Reason.RATE_LIMITED
        case VendorUnavailable():
            return Reason.TIMEOUT if error.too_slow else Reason.UNREACHABLE
        case _:
            return Reason.UNREADABLE


def _unknown(connection: str, reason: Reason, error: CouponhubError) -> Answer:
    return Answer(connection=connection, verdict=Verdict.UNKNOWN, reason=reason, error=error)


def _too_late(connection: str, deadline: float) -> Answer:
    error = VendorUnavailable(
        f"no answer within the deadline of {deadline:g} s",
        connection=connection,
        operation="customer coupons",
    )
    error.too_slow = True
    return _stamped(_unknown(connection, Reason.TIMEOUT, error), round(deadline * 1000))


def _stamped(answer: Answer, elapsed_ms: int) -> Answer:
    return attrs.evolve(answer, elapsed_ms=elapsed_ms, as_of=utc_now())
