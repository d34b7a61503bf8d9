"""Verdicts: what may be concluded from what a connection said, or failed to say.

"none" is only ever said when a vendor, reached and understood, said so, or when a report proves it. Whatever
else happens is "unknown".
"""

from couponhub.errors import (
    AuthRejected,
    CouponhubError,
    PermissionDenied,
    RateLimited,
    RequestRejected,
    Unsupported,
    UsageError,
    VendorUnavailable,
)
from couponhub.models import CustomerCoupons, Reason, Verdict


def judge(outcome: CustomerCoupons) -> tuple[Verdict, Reason | None]:
    """Return what may be concluded from an answer that was understood."""
    missing = None if outcome.complete else Reason.INCOMPLETE
    if not outcome.covered:
        missing = Reason.NOT_COVERED
    if outcome.coupons:
        return Verdict.FOUND, missing
    if missing is not None:
        return Verdict.UNKNOWN, missing
    if not outcome.every_form:
        return Verdict.UNKNOWN, Reason.IDENTIFIER_AMBIGUOUS
    return Verdict.NONE, Reason.NO_COUPONS if outcome.customer_known else Reason.CUSTOMER_UNKNOWN


def reason_of(error: CouponhubError) -> Reason:
    """Return the reason why nothing may be concluded when asking failed so."""
    match error:
        case Unsupported() | RequestRejected() | UsageError():
            return Reason.UNSUPPORTED  # the vendor cannot be asked this
        case AuthRejected() | PermissionDenied():
            return Reason.CREDENTIALS
        case RateLimited():
            return Reason.RATE_LIMITED
        case VendorUnavailable():
            return Reason.TIMEOUT if error.too_slow else Reason.UNREACHABLE
        case _:
            return Reason.UNREADABLE
