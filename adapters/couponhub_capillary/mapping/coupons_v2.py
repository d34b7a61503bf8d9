"""Rows of v2's list of a customer's coupons as `Coupon`: exact instants, discount, redemptions left."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from couponhub.models import Coupon, CouponStatus, Discount, ListId
from couponhub_capillary.mapping.reading import NO_CODE, Reading, properties_from, status_of
from couponhub_capillary.mapping.redemptions import UNTOLD, Spelling, uses_from
from couponhub_capillary.wire.times import NO_MOMENT, Moment, exact_moment, moment_at_store
from couponhub_capillary.wire.values import many, whole, word

_NO_LIMIT = -1
_NO_END_YEAR = 1970
_DISCOUNTS = {"ABS": "absolute", "PERC": "percent"}
_AMOUNT = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")


def _moment(row: Mapping[str, Any], exact: str, local: str, reading: Reading) -> Moment | None:
    """The true instant, which only newer answers print; else the digits at the store with their false Z."""
    return exact_moment(row.get(exact), reading.zones) or moment_at_store(row.get(local), reading.zones)


_SPELLING = Spelling(
    transaction="transactionNumber",
    store="redeemedAt",
    moment=lambda row, reading: _moment(row, "dateISO", "date", reading),
)


def coupon_from_v2(row: object, reading: Reading) -> Coupon | None:
    """The coupon of one row; None when it has no code."""
    if not isinstance(row, dict) or type(code := row.get("code")) is not str or not code.strip():
        reading.odd.note(NO_CODE)
        return None
    approximate = []
    issued_at, is_guess = _moment(row, "createdDateISO", "createdDate", reading) or NO_MOMENT
    if issued_at is None:
        reading.note_time(row.get("createdDate"), "issued_at")
    if is_guess:
        approximate.append("issued_at")
    expires_at, is_guess = exact_moment(row.get("validTillDateTime"), reading.zones) or NO_MOMENT
    if expires_at is None or expires_at.year == _NO_END_YEAR:
        expires_at, is_guess = reading.end_of(row.get("validTill")) or NO_MOMENT
    if expires_at is None:
        reading.note_time(row.get("validTill"), "expires_at")
    if is_guess:
        approximate.append("expires_at")
    container = row.get("redemptions")
    uses = UNTOLD if container is None else uses_from(lambda: many(container), _SPELLING, reading)
    if uses.is_guess:
        approximate.append("redemptions")
    count = reading.redemption_count(row.get("redemptionCount"), uses.listed, has_list=container is not None)
    left = whole(row.get("redemptionsLeft"))
    list_id, description = word(row.get("seriesId")), word(row.get("description"))
    return Coupon(
        connection=reading.connection,
        code=code,
        vendor_id=word(row.get("id")),
        list_id=None if list_id is None else ListId(list_id),
        # The series' description is what v1.1 calls its name.
        list_name=description,
        description=description,
        status=_status(reading, count, left, expires_at),
        issued_at=issued_at,
        expires_at=expires_at,
        redemption_count=count,
        redemptions_left=left if left is not None and left >= 0 else None,
        redemptions=uses.listed or (() if count == 0 else None),
        issued_at_store=reading.store(row.get("issuedAt")),
        discount=discount_of(row.get("discountType"), row.get("discountValue")),
        properties=properties_from(row.get("customProperty")),
        approximate=tuple(approximate),
        as_of=reading.now,
        raw=row,
    )


def _status(
    reading: Reading, count: int | None, left: int | None, expires_at: datetime | None
) -> CouponStatus:
    """As v1.1's rows tell it, but for coupons of several uses: usable is what has redemptions left."""
    status = status_of(count, expires_at, reading.now)
    if left is None or left < _NO_LIMIT:
        return status
    if status is CouponStatus.ACTIVE and left == 0:
        return CouponStatus.UNKNOWN  # never used, and used up
    if status is CouponStatus.REDEEMED and left != 0 and expires_at and expires_at >= reading.now:
        return CouponStatus.ACTIVE
    return status


def discount_of(kind: object, value: object) -> Discount | None:
    """What a coupon takes off, by the vendor's word for the kind; None when it cannot be read."""
    if word(kind) is None or isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    amount = str(value).strip()  # the shortest text of a float is what the vendor printed
    if not _AMOUNT.fullmatch(amount):
        return None
    return Discount(type=_DISCOUNTS.get(str(kind), str(kind)), value=Decimal(amount))
