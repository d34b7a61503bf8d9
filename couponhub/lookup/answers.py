"""The part of one connection in the unified answer, made of its silence, its error or its answer."""

import logging
import traceback
from collections.abc import Collection
from functools import partial

import attrs

from couponhub.clock import utc_now
from couponhub.errors import CouponhubError, Unsupported, VendorUnavailable
from couponhub.lookup.verdicts import judge, reason_of
from couponhub.models import (
    Answer,
    CouponQuery,
    Customer,
    Identifier,
    Verdict,
    in_order,
    masked_form,
)
from couponhub.resilience import Outcome

_log = logging.getLogger(__name__)
_OPERATION = "customer coupons"


def concluded(
    connection: str,
    outcome: Outcome,
    *,
    asked: Customer,
    query: CouponQuery,
    named_by: str | None,
    elapsed_ms: int,
) -> Answer:
    """Return the answer of a connection that said something.

    Args:
        connection: Its name.
        outcome: What asking it came to.
        asked: The customer as it was asked about.
        query: In which order its coupons are shown, and how many.
        named_by: The connection that named that identifier; None when it is the one that was given.
        elapsed_ms: How long after the question.
    """
    found, error = outcome.found, None
    verdict, reason = (Verdict.UNKNOWN, None) if found is None else judge(found)
    if outcome.error is not None:
        error = _explained(connection, outcome.error)
        # A remembered "none" proves nothing now; remembered coupons are still worth showing.
        verdict = Verdict.FOUND if found is not None and found.coupons else Verdict.UNKNOWN
        reason = reason_of(error)
    said = partial(
        Answer,
        connection=connection,
        verdict=verdict,
        reason=reason,
        elapsed_ms=elapsed_ms,
        identified_by=named_by,
        error=error,
    )
    vendor_code = error.vendor_code if error is not None else None
    if found is None:
        return said(as_of=utc_now(), vendor_code=vendor_code)
    return said(
        coupons=in_order(found.coupons, query),
        source=found.source,
        as_of=found.as_of or utc_now(),
        coverage=found.coverage,
        vendor_code=found.vendor_code or vendor_code,
        warnings=found.warnings,
        asked_as=found.asked_as or (masked_form(asked.plain),),
        first_name=found.first_name,
        last_name=found.last_name,
        raw=found.raw,
    )


def failed(connection: str, error: CouponhubError, *, elapsed_ms: int = 0) -> Answer:
    """Return the answer of a connection of which nothing can be known."""
    return Answer(
        connection=connection,
        verdict=Verdict.UNKNOWN,
        reason=reason_of(error),
        as_of=utc_now(),
        elapsed_ms=elapsed_ms,
        vendor_code=error.vendor_code,
        error=error,
    )


def too_late(connection: str, seconds: float) -> Answer:
    """Return the answer of a connection that said nothing for so long."""
    error = VendorUnavailable(
        f"no answer within the deadline of {seconds:g} s",
        too_slow=True,
        connection=connection,
        operation=_OPERATION,
    )
    return failed(connection, error, elapsed_ms=round(seconds * 1000))


def unaskable(connection: str, kinds: Collection[Identifier], *, elapsed_ms: int) -> Answer:
    """Return the answer of a connection that knows customers by other identifiers, none of which anybody named."""
    words = " or ".join(kind.value for kind in Identifier if kind in kinds) or "nothing"
    error = Unsupported(
        f"customers are known here by {words} only, and no other connection named it",
        hint=f"ask by {words}, or ask a connection that names it as well",
        connection=connection,
        operation=_OPERATION,
    )
    return failed(connection, error, elapsed_ms=elapsed_ms)


def disputed(connection: str, kind: Identifier, named_by: Collection[str], *, elapsed_ms: int) -> Answer:
    """Return the answer of a connection for which an identifier of different values was named."""
    names = " and ".join(named_by)
    error = Unsupported(
        f"customers are known here by {kind.value}, and it is disputed which one the customer's is",
        hint=f"ask by {kind.value}",
        connection=connection,
        operation=_OPERATION,
    )
    warning = f"{names} named different values of the customer's {kind.value}; none of them was used"
    return attrs.evolve(failed(connection, error, elapsed_ms=elapsed_ms), warnings=(warning,))


def usable_as_name(outcome: Outcome) -> tuple[Customer, ...]:
    """The further identifiers in an answer that may be carried to other connections.

    A remembered answer past its time names nobody: an identifier may have been changed since.
    """
    if outcome.error is not None or outcome.found is None or not outcome.found.customer_known:
        return ()
    return outcome.found.also_known_as


def _explained(connection: str, error: Exception) -> CouponhubError:
    if isinstance(error, CouponhubError):
        return error
    # Where, and never the error's own text, which may quote the customer or a code.
    _log.error("%s: a fault of couponhub itself (%s)", connection, type(error).__name__)
    frames = "".join(traceback.format_tb(error.__traceback__))
    _log.debug("%s: %s, at\n%s", connection, type(error).__name__, frames)
    return CouponhubError(
        f"a fault of couponhub itself ({type(error).__name__})",
        hint="please report it",
        connection=connection,
    )
