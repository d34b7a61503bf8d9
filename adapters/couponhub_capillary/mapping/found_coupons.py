"""Rows of coupons that were looked for by code as `Coupon`."""

from collections.abc import Mapping
from typing import Any

from couponhub.models import Coupon, CouponStatus, Discount, ListId, Redemption
from couponhub_capillary.mapping.context import MappingContext, status_of
from couponhub_capillary.mapping.coupons_v2 import discount_of
from couponhub_capillary.wire.found_coupons import is_for_one_use, is_revoked
from couponhub_capillary.wire.times import NO_MOMENT, Moment, exact_moment, moment_at_store
from couponhub_capillary.wire.values import flag, many, whole

_NO_REDEMPTION = "the redemption of a coupon could not be read"
_NO_END_YEAR = 1970


def found_coupon_from(row: Mapping[str, Any], terms: Mapping[str, Any], reading: MappingContext) -> Coupon:
    """The coupon of one row.

    The vendor shows one redemption; a coupon for several uses may have had more of them.

    Args:
        row: Of `coupon/get`, found.
        terms: Of v2 about the same code; empty where v2 did not say.
        reading: How times are read, and what was odd.
    """
    issued_at, issue_is_guess = moment_at_store(row.get("issued_on"), reading.zones) or NO_MOMENT
    if issued_at is None:
        reading.note_time(row.get("issued_on"), "issued_at")
    expires_at, end_is_guess = _end(row, terms, reading) or NO_MOMENT
    if expires_at is None:
        reading.note_time(row.get("valid_till"), "expires_at")
    redemptions = _redemptions(row.get("redemption_info"), reading)
    count = None if redemptions is None else len(redemptions)
    guesses = {
        "issued_at": issue_is_guess,
        "expires_at": end_is_guess,
        "redemptions": reading.zones.store is None and any(use.at for use in redemptions or ()),
    }
    list_id, number = reading.number(row.get("series_id"), "list_id"), whole(row.get("id"))
    name = reading.text(terms.get("description"), "description")
    left = 0 if count and is_for_one_use(terms.get("couponSeries")) else None
    return Coupon(
        connection=reading.connection,
        code=reading.code(row["code"]) or "",
        id=str(number) if number is not None and number > 0 else None,
        list_id=None if list_id is None else ListId(list_id),
        list_name=name,
        description=name,
        status=CouponStatus.REVOKED if is_revoked(row) else status_of(count, expires_at, reading.now, left),
        issued_at=issued_at,
        expires_at=expires_at,
        redemption_count=count,
        redemptions_left=left,
        redemptions=redemptions,
        issued_at_store=reading.store(row.get("issued_store"), "issued_at_store"),
        purpose=reading.text(row.get("purpose"), "purpose"),
        discount=_discount(row, reading),
        properties=reading.properties(row.get("custom_properties")),
        approximate=tuple(field for field, is_guess in guesses.items() if is_guess),
        as_of=reading.now,
        raw=row,
    )


def _end(row: Mapping[str, Any], terms: Mapping[str, Any], reading: MappingContext) -> Moment | None:
    """The exact moment where v2 tells it, else the end of the day that is shown (C-61)."""
    exact = exact_moment(terms.get("validTillDateTime"), reading.zones)
    if exact is not None and exact[0].year != _NO_END_YEAR:
        return exact
    return reading.end_of(row.get("valid_till"))


def _redemptions(value: object, reading: MappingContext) -> tuple[Redemption, ...] | None:
    """Return the uses under `redemption_info`, () when there are none; None when they cannot be read."""
    try:
        uses = many(value)
    except ValueError:
        uses = (value,)
    if not all(isinstance(use, dict) for use in uses):
        reading.odd.note(_NO_REDEMPTION)
        return None
    return tuple(
        _redemption(use, reading)
        for use in uses
        if isinstance(use, dict) and flag(use.get("redeemed")) is not False
    )


def _redemption(use: Mapping[str, Any], reading: MappingContext) -> Redemption:
    at, _ = moment_at_store(use.get("redeemed_on"), reading.zones) or NO_MOMENT
    if at is None:
        reading.note_time(use.get("redeemed_on"), "redemptions")
    sale = use.get("transaction")
    store = reading.store(use.get("store"), "redemptions")
    return Redemption(
        id=reading.number(use.get("id"), "redemptions"),
        at=at,
        transaction=reading.number(sale.get("bill_number"), "redemptions")
        if isinstance(sale, dict)
        else None,
        store=store or reading.store({"code": use.get("redeemed_at")}, "redemptions"),
    )


def _discount(row: Mapping[str, Any], reading: MappingContext) -> Discount | None:
    is_absolute, value = flag(row.get("is_absolute")), row.get("value")
    if is_absolute is None or value is None:  # both may be null
        return None
    return discount_of("ABS" if is_absolute else "PERC", value, reading)
