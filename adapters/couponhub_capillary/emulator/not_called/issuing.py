"""Issuing one coupon by the series' terms; every endpoint that issues goes this way."""

from couponhub_capillary.emulator.coupons.expiry import end_of, has_passed
from couponhub_capillary.emulator.not_called.body_values import whole
from couponhub_capillary.emulator.organisation import TILL, NotPossibleError, Organisation
from couponhub_capillary.emulator.problems import (
    COUPON_EXPIRED,
    SERIES_INVALID,
    CouponProblemError,
    Problem,
)
from couponhub_capillary.emulator.records import Coupon, Customer, Series, Store
from couponhub_capillary.emulator.series.issue_limits import IssueRefusal, refused_handing_out, refused_issue

CUSTOMER_LIMIT = Problem(621, "Maximum issued per user exceeded")
NOTHING_LEFT = Problem(722, "Unable to create coupon")
SERIES_LIMIT = Problem(626, "Maximum issued per series exceeded")

_COMMON_CODE_IS_REDEEMED_DIRECTLY = Problem(811, "Operation not supported for GENERIC_REDEEMABLE")
_ISSUED_ELSEWHERE = Problem(777, "Coupon source not valid for issue")

_PROBLEMS = {
    IssueRefusal.SERIES_LIMIT: SERIES_LIMIT,
    IssueRefusal.CUSTOMER_LIMIT: CUSTOMER_LIMIT,
    IssueRefusal.HAS_ONE: Problem(709, "Coupon processing failed: user already has a coupon"),
    **{
        refusal: Problem(709, f"Coupon processing failed: {refusal}")
        for refusal in (IssueRefusal.TOO_SOON, IssueRefusal.EXCLUDED)
    },
}


def series_of(organisation: Organisation, series_id: object) -> Series:
    """The series of that id, a number or text. Raises CouponProblemError (707)."""
    number = whole(series_id)
    series = organisation.series.get(number) if number is not None else None
    if series is None:
        raise CouponProblemError(SERIES_INVALID)
    return series


def issue(organisation: Organisation, series: Series, customer: Customer, store: Store) -> Coupon:
    """Issue the next code of a series. Raises CouponProblemError."""
    now = organisation.clock.now()
    if series.kind == "GENERIC_REDEEMABLE":
        raise CouponProblemError(_COMMON_CODE_IS_REDEEMED_DIRECTLY)
    if series.external:
        raise CouponProblemError(_ISSUED_ELSEWHERE)
    if has_passed(end_of(series.last_day, organisation.options.server_zone), now):
        raise CouponProblemError(COUPON_EXPIRED)  # as the page of `issue/multiple` prints it
    refusal = refused_issue(series, customer, now) or refused_handing_out(series)
    if refusal is not None:
        raise CouponProblemError(_PROBLEMS[refusal])
    try:
        return organisation.issue(series, customer, now, store=store, till=TILL)
    except NotPossibleError:
        raise CouponProblemError(NOTHING_LEFT) from None
