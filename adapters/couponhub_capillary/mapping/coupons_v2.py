"""Rows of v2's list of a customer's coupons as `Coupon`: exact instants, discount, redemptions left."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from couponhub.models import Coupon, Discount, ListId
from couponhub_capillary.mapping.context import NO_CODE, MappingContext, status_of, transaction_from
from couponhub_capillary.mapping.redemptions import UNTOLD, Spelling, uses_from
from couponhub_capillary.wire.times import NO_MOMENT, Moment, exact_moment, moment_at_store
from couponhub_capillary.wire.values import many, whole, word

NO_LIMIT = -1
"""In `redemptionsLeft`: any number."""
_NO_LEFT = "how often a coupon can still be used could not be read"
_NO_DISCOUNT = "the discount of a coupon could not be read"
_NO_END_YEAR = 1970
_DISCOUNTS = {"ABS": "absolute", "PERC": "percent"}
_AMOUNT = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")


def _moment(row: Mapping[str, Any], exact: str, local: str, reading: MappingContext) -> Moment | None:
    """The true instant, which only newer answers print; else the digits at the store with their false Z."""
    return exact_moment(row.get(exact), reading.zones) or moment_at_store(row.get(local), reading.zones)


_SPELLING = Spelling(
    transaction="transactionNumber",
    store="redeemedAt",
    moment=lambda row, reading: _moment(row, "dateISO", "date", reading),
)


def coupon_from_v2(row: object, reading: MappingContext) -> Coupon | None:
    """The coupon of one row; None when it has no code."""
    if not isinstance(row, dict):
        reading.odd.note(NO_CODE)
        return None
    if (code := reading.code(row.get("code"))) is None:
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
    left = redemptions_left(row)
    if left is None and row.get("redemptionsLeft") is not None:
        reading.odd.note(_NO_LEFT)
    list_id = reading.number(row.get("seriesId"), "list_id")
    description = reading.text(row.get("description"), "description")
    return Coupon(
        connection=reading.connection,
        code=code,
        id=reading.number(row.get("id"), "id"),
        list_id=None if list_id is None else ListId(list_id),
        # The series' description is what v1.1 calls its name.
        list_name=description,
        description=description,
        status=status_of(count, expires_at, reading.now, left),
        issued_at=issued_at,
        expires_at=expires_at,
        redemption_count=count,
        redemptions_left=None if left == NO_LIMIT else left,
        redemptions=uses.listed or (() if count == 0 else None),
        issued_at_store=reading.store(row.get("issuedAt"), "issued_at_store"),
        issued_transaction=transaction_from(row.get("transactionNumber"), reading),
        discount=discount_of(row.get("discountType"), row.get("discountValue"), reading),
        properties=reading.properties(row.get("customProperty")),
        approximate=tuple(approximate),
        as_of=reading.now,
        raw=row,
    )


def redemptions_left(row: Mapping[str, Any]) -> int | None:
    """Return how often the coupon of a row can still be used, -1 for any number; None when that is not told."""
    left = whole(row.get("redemptionsLeft"))
    return left if left is not None and left >= NO_LIMIT else None


def discount_of(kind: object, value: object, reading: MappingContext) -> Discount | None:
    """Return a coupon's discount, by the vendor's word for the kind; None when it is not told, or cannot be read."""
    if kind is None and value is None:
        return None
    # The shortest text of a float is what the vendor printed.
    amount = "" if isinstance(value, bool) else str(value).strip()
    if word(kind) is None or not _AMOUNT.fullmatch(amount):
        reading.odd.note(_NO_DISCOUNT)
        return None
    return Discount(type=_DISCOUNTS.get(str(kind), str(kind)), value=Decimal(amount))
