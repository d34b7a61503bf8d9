"""Rows of v1.1's list of a customer's coupons as `Coupon`; tolerant, and never surer than the row is."""

from couponhub.models import Coupon, ListId
from couponhub.models.coupons import CouponDraft, finished
from couponhub_capillary.mapping.context import (
    GUESSED_TIMES,
    NO_CODE,
    MappingContext,
    status_of,
    transaction_from,
)
from couponhub_capillary.mapping.redemptions import NONE_LISTED, UNTOLD, Spelling, Uses, uses_from
from couponhub_capillary.wire.times import NO_MOMENT, moment_at_store
from couponhub_capillary.wire.values import inside

_SPELLING = Spelling(
    transaction="transaction_number",
    store="redeemed_at",
    moment=lambda row, reading: moment_at_store(row.get("date"), reading.zones),
)


def coupon_from(row: object, reading: MappingContext) -> Coupon | None:
    """The coupon of one row; None when it has no code (C-24: everything else may be missing)."""
    if not isinstance(row, dict):
        reading.odd.note(NO_CODE)
        return None
    get = row.get
    if (code := reading.code(get("code"))) is None:
        return None
    issued_at, issue_is_guess = moment_at_store(get("created_date"), reading.zones) or NO_MOMENT
    if issued_at is None:
        reading.note_time(get("created_date"), "issued_at")
    expires_at, end_is_guess = reading.end_of(get("valid_till")) or NO_MOMENT
    if expires_at is None:
        reading.note_time(get("valid_till"), "expires_at")
    count = get("redemption_count")
    container = get("redemptions")
    # By far the most frequent: an empty list, which leaves the last word to the count.
    if type(container) is dict and not container and type(count) is int and count >= 0:
        uses = NONE_LISTED
    else:
        uses = _uses(container, reading)
        count = reading.redemption_count(count, uses.listed, has_list=container is not None)
    draft = CouponDraft(connection=reading.connection, code=code)
    draft.id = reading.number(get("id"), "id")
    if (list_id := reading.number(get("series_id"), "list_id")) is not None:
        draft.list_id = ListId(list_id)
    draft.list_name = reading.text(get("series_name"), "list_name")
    draft.status = status_of(count, expires_at, reading.now)
    draft.issued_at = issued_at
    draft.expires_at = expires_at
    draft.redemption_count = count
    draft.redemptions = uses.listed or (() if count == 0 else None)
    draft.issued_at_store = reading.store(get("issued_at"), "issued_at_store")
    draft.issued_transaction = transaction_from(get("transaction_number"), reading)
    draft.purpose = reading.text(get("purpose"), "purpose")
    draft.properties = reading.properties(get("custom_properties"))
    draft.approximate = GUESSED_TIMES[issue_is_guess, end_is_guess, uses.is_guess]
    draft.as_of = reading.now
    draft.raw = row
    return finished(draft)


def _uses(container: object, reading: MappingContext) -> Uses:
    if container is None:
        return UNTOLD
    return uses_from(lambda: inside(container, "redemption"), _SPELLING, reading)
