"""Coupons that were used, and whether they can be used again, which v1.1 does not tell."""

from collections.abc import Mapping, Sequence

import attrs

from couponhub.errors import RateLimited, VendorError, VendorUnavailable
from couponhub.models import Coupon
from couponhub.transport import without_trace
from couponhub_capillary.adapter.collected import Number, number_of, numbers_of, timely
from couponhub_capillary.adapter.question import CustomerQuestion
from couponhub_capillary.mapping.context import MappingContext, is_undecided, status_of
from couponhub_capillary.mapping.coupons_v2 import NO_LIMIT, coupon_from_v2, redemptions_left
from couponhub_capillary.wire.customer_coupons_v2 import REDEEMED_AND_VALID

_UNKNOWN = (
    "whether a used coupon can be used again was not told, so that its status is unknown: {why} ({count}x)"
)
_NOT_TOLD = "v2 does not tell"
_MOST_PAGES = 5
"""Of v2's list: as many used and valid coupons as nobody holds."""


@attrs.frozen
class Terms:
    """The terms that v2 adds about a coupon.

    Attributes:
        left: How often it can still be used, -1 for any number.
        coupon: The whole of it.
    """

    left: int
    coupon: Coupon


@attrs.frozen
class Decided:
    """The outcome of deciding.

    Attributes:
        coupons: As they stand.
        warnings: What people should know.
        is_whole: False when the vendor could have told more, had it answered.
    """

    coupons: Sequence[Coupon]
    warnings: Sequence[str] = ()
    is_whole: bool = True


def with_usability(
    coupons: Sequence[Coupon],
    question: CustomerQuestion,
    reading: MappingContext,
    failure: VendorError | None,
) -> Decided:
    """Decide where used and valid coupons stand, by how often they can still be used.

    Only v2's list tells that, and is asked where there is such a coupon, whatever the query selects, so that it
    stands the same in every answer. Where v2 does not serve, which an organisation may do without (C-7), it is
    unknown; where v2 cannot answer now it is so for now, and something is missing.

    Args:
        coupons: What is meant, as far as it is known.
        question: Whom it is about.
        reading: How rows are read.
        failure: How asking further failed already; then v2 is not asked again.
    """
    undecided = [coupon for coupon in coupons if is_undecided(coupon, reading.now)]
    if not undecided:
        return Decided(coupons)
    told: dict[Number, Terms] = {}
    if failure is None:
        try:
            read_terms(question.less_patient(), numbers_of(undecided), told, reading)
        except VendorError as error:
            failure = without_trace(error)
    why = _NOT_TOLD if failure is None else failure.kind
    decided = [decided_by(coupon, told, reading) for coupon in coupons]
    unknown = sum(is_undecided(coupon, reading.now) for coupon in decided)
    if not unknown:
        return Decided(decided)
    is_whole = not isinstance(failure, (RateLimited, VendorUnavailable))
    return Decided(decided, [_UNKNOWN.format(count=unknown, why=why)], is_whole)


def decided_by(coupon: Coupon, told: Mapping[Number, Terms], reading: MappingContext) -> Coupon:
    """The coupon with what v2 told, if it told of it and that was wanting."""
    number = number_of(coupon)
    terms = None if number is None else told.get(number)
    if terms is None or not is_undecided(coupon, reading.now):
        return coupon
    ends = coupon.expires_at or terms.coupon.expires_at
    return attrs.evolve(
        coupon,
        status=status_of(coupon.redemption_count, ends, reading.now, terms.left),
        expires_at=ends,
        redemptions_left=None if terms.left == NO_LIMIT else terms.left,
        description=coupon.description or terms.coupon.description,
        discount=coupon.discount or terms.coupon.discount,
    )


def read_terms(
    question: CustomerQuestion, wanted: set[Number], told: dict[Number, Terms], reading: MappingContext
) -> None:
    """Read v2's list of a customer's used and valid coupons, until all that are wanted came.

    Raises:
        VendorError: Nothing more could be read; `told` keeps what came before.
    """
    offset = 0
    seen: set[Number] = set()
    for _ in range(_MOST_PAGES):
        page = question.page(offset, status=REDEEMED_AND_VALID)
        before = len(seen)
        for row in timely(page.rows, question.patience):
            coupon = coupon_from_v2(row, reading)
            if coupon is None or (number := number_of(coupon)) is None:
                continue
            seen.add(number)
            left = redemptions_left(coupon.raw)
            if number in wanted and left is not None:
                told[number] = Terms(left, coupon)
        offset += len(page.rows)
        is_over = len(seen) == before or (page.total is not None and offset >= page.total)
        if is_over or len(told) == len(wanted):
            return
