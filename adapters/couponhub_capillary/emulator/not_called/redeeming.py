"""Finding the coupon that a code means to somebody, and redeeming it; every endpoint that redeems goes this way."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from couponhub_capillary.emulator.coupons.redeemability import Use, redemptions_left, refused_use
from couponhub_capillary.emulator.organisation import Organisation
from couponhub_capillary.emulator.problems import (
    CODE_INVALID,
    CODE_REVOKED,
    NOT_ISSUED_TO_CUSTOMER,
    CouponProblemError,
    Problem,
)
from couponhub_capillary.emulator.records import Coupon, Customer, Redemption, Series


@attrs.frozen(kw_only=True)
class Verdict:
    """A verdict on one code: its coupon where there is one, and why it cannot be redeemed."""

    code: str
    coupon: Coupon | None
    problem: Problem | None


def judge(organisation: Organisation, codes: Sequence[str], use: Use) -> list[Verdict]:
    """Say of each code whether it can be redeemed, those before it being redeemed too; nothing is changed."""
    verdicts: list[Verdict] = []
    for code in codes:
        beside = tuple(verdict.coupon for verdict in verdicts if verdict.coupon and not verdict.problem)
        coupon, problem = None, None
        try:
            coupon = coupon_for(organisation, code, use.customer, use.at)
            problem = refused_use(coupon, attrs.evolve(use, beside=beside), organisation.options)
        except CouponProblemError as error:
            problem = error.problem
        verdicts.append(Verdict(code=code, coupon=coupon, problem=problem))
    return verdicts


def redeemable(organisation: Organisation, code: str, use: Use) -> Coupon:
    """The coupon, which can be redeemed so. Raises CouponProblemError."""
    coupon = coupon_for(organisation, code, use.customer, use.at)
    problem = refused_use(coupon, use, organisation.options)
    if problem is not None:
        raise CouponProblemError(problem)
    return coupon


def redeem(organisation: Organisation, coupon: Coupon, use: Use, transaction_number: str) -> Redemption:
    """Record the use, as of now: the moment that it was judged by is not stored (C-89)."""
    return organisation.redeem(
        coupon,
        at=organisation.clock.now(),
        transaction_number=transaction_number,
        store=use.store,
        by=use.customer,
    )


def coupon_for(organisation: Organisation, code: str, customer: Customer | None, at: datetime) -> Coupon:
    """The coupon that the code is to a customer.

    A code of the pool is nobody's, and answered as an unknown one (C-67). A common code is the customer's own
    coupon; where anybody may redeem it, and somebody was issued it, it becomes one as it is redeemed (inferred).

    Raises:
        CouponProblemError: 702, 660 or 703.
    """
    code = code.upper()
    owner = organisation.codes.get(code)
    if isinstance(owner, Coupon):
        return owner
    if owner is None or code in owner.pool:
        revoked = owner is None and code in organisation.revoked_codes
        raise CouponProblemError(CODE_REVOKED if revoked else CODE_INVALID)
    return _of_common_code(organisation, owner, customer, at)


def _of_common_code(
    organisation: Organisation, series: Series, customer: Customer | None, at: datetime
) -> Coupon:
    own = [coupon for coupon in customer.coupons if coupon.series is series] if customer else []
    held = [coupon for coupon in own if not coupon.revoked]
    if held:
        return next((coupon for coupon in held if redemptions_left(coupon) != 0), held[-1])
    if own:
        raise CouponProblemError(CODE_REVOKED)
    direct = series.kind == "GENERIC_REDEEMABLE"
    if customer is None or not (direct or (series.terms["anyUser"] and series.issued)):
        raise CouponProblemError(NOT_ISSUED_TO_CUSTOMER)
    return organisation.common_coupon(series, customer, at)
