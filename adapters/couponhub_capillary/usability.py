"""Whether coupons that were redeemed can be used again, which v1.1 does not tell."""

from collections.abc import Sequence

import attrs

from couponhub.errors import VendorError
from couponhub.models import Coupon, CouponQuery, CouponStatus
from couponhub_capillary.holdings import Number, number_of, numbers_of
from couponhub_capillary.mapping.coupons_v2 import coupon_from_v2
from couponhub_capillary.mapping.reading import Reading
from couponhub_capillary.question import Question
from couponhub_capillary.wire.customer_coupons_v2 import REDEEMED_AND_VALID

_UNDECIDED = "whether redeemed coupons can be used again is not known"


def with_usability(
    coupons: Sequence[Coupon], question: Question, query: CouponQuery, reading: Reading
) -> tuple[list[Coupon], list[str]]:
    """Decide which redeemed coupons are active, where the query asks for it; and what people should know.

    A redeemed and valid coupon of which redemptions are left is active. Only v2's list knows how many are left;
    where it does not say, and active ones are asked for, the coupon is unknown, and so stays in. A query without
    such a status costs no call: the coupon is then called redeemed.
    """
    if not query.status & {CouponStatus.ACTIVE, CouponStatus.REDEEMED}:
        return list(coupons), []
    undecided = [coupon for coupon in coupons if _is_undecided(coupon, reading)]
    if not undecided:
        return list(coupons), []
    told: dict[Number | None, Coupon] = {}
    warnings = []
    try:
        _ask(question.less_patient(), numbers_of(undecided), told, reading)
    except VendorError as error:
        warnings.append(f"{_UNDECIDED} ({error.kind})")
    fallback = CouponStatus.UNKNOWN if CouponStatus.ACTIVE in query.status else CouponStatus.REDEEMED
    return [
        _decided(coupon, told.get(number_of(coupon)), fallback) if _is_undecided(coupon, reading) else coupon
        for coupon in coupons
    ], warnings


def _ask(
    question: Question, wanted: set[Number], told: dict[Number | None, Coupon], reading: Reading
) -> None:
    """Read v2's list of redeemed and valid coupons, until all that are wanted came."""
    offset = 0
    seen: set[Number] = set()
    while True:
        page = question.page(offset, status=REDEEMED_AND_VALID)
        before = len(seen)
        for row in page.rows:
            coupon = coupon_from_v2(row, reading)
            if coupon is None or (number := number_of(coupon)) is None:
                continue
            seen.add(number)
            if number in wanted:
                told[number] = coupon
        offset += len(page.rows)
        is_over = len(seen) == before or (page.total is not None and offset >= page.total)
        if is_over or len(told) == len(wanted):
            return


def _is_undecided(coupon: Coupon, reading: Reading) -> bool:
    return (
        coupon.status is CouponStatus.REDEEMED
        and coupon.redemptions_left is None
        and (coupon.expires_at is None or coupon.expires_at >= reading.now)
    )


def _decided(coupon: Coupon, told: Coupon | None, fallback: CouponStatus) -> Coupon:
    if told is not None and (told.status is CouponStatus.ACTIVE or told.redemptions_left == 0):
        status = CouponStatus.REDEEMED if told.redemptions_left == 0 else CouponStatus.ACTIVE
        return attrs.evolve(coupon, status=status, redemptions_left=told.redemptions_left)
    return attrs.evolve(coupon, status=fallback)
