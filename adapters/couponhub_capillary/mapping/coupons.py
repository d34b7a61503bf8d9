"""Rows of v1.1's list of a customer's coupons as `Coupon`; tolerant, and never surer than the row is."""

from datetime import datetime

from couponhub.models import Coupon, ListId
from couponhub.models.coupons import CouponDraft, finished
from couponhub_capillary.mapping.reading import (
    GUESSED_TIMES,
    NO_CODE,
    NO_MOMENT,
    Reading,
    properties_from,
    status_of,
)
from couponhub_capillary.mapping.redemptions import NONE_LISTED, UNTOLD, Spelling, Uses, uses_from
from couponhub_capillary.wire.times import moment_at_store
from couponhub_capillary.wire.values import inside, word

_SPELLING = Spelling(
    transaction="transaction_number",
    store="redeemed_at",
    moment=lambda row, reading: moment_at_store(row.get("date"), reading.zones),
)


def coupon_from(row: object, reading: Reading) -> Coupon | None:
    """The coupon of one row; None when it has no code (C-24: everything else may be missing)."""
    code = row.get("code") if isinstance(row, dict) else None
    if not isinstance(row, dict) or type(code) is not str or not code.strip():
        reading.odd.note(NO_CODE)
        return None
    get = row.get
    zones = reading.zones
    issue: tuple[datetime | None, bool] | None = moment_at_store(get("created_date"), zones)
    if issue is None:
        reading.note_time(get("created_date"), "issued_at")
        issue = NO_MOMENT
    end: tuple[datetime | None, bool] | None = reading.end_of(get("valid_till"))
    if end is None:
        reading.note_time(get("valid_till"), "expires_at")
        end = NO_MOMENT
    count = get("redemption_count")
    container = get("redemptions")
    if container == {} and type(count) is int and count >= 0:  # by far the most frequent
        uses = NONE_LISTED
    else:
        uses = _uses(container, reading)
        count = reading.redemption_count(count, uses.listed, has_list=container is not None)
    list_id, store = word(get("series_id")), get("issued_at")
    draft = CouponDraft(
        connection=reading.connection,
        code=code,
        vendor_id=word(get("id")),
        list_id=None if list_id is None else ListId(list_id),
        list_name=word(get("series_name")),
        status=status_of(count, end[0], reading.now),
        issued_at=issue[0],
        expires_at=end[0],
        redemption_count=count,
        redemptions=uses.listed or (() if count == 0 else None),
        issued_at_store=None if store is None else reading.store(store),
        properties=properties_from(get("custom_properties")),
        approximate=GUESSED_TIMES[issue[1], end[1], uses.is_guess],
        as_of=reading.now,
        raw=row,
    )
    return finished(draft)


def _uses(container: object, reading: Reading) -> Uses:
    if container is None:
        return UNTOLD
    return uses_from(lambda: inside(container, "redemption"), _SPELLING, reading)
