"""Rows of v1.1's list of a customer's coupons as `Coupon`; tolerant, and never surer than the row is."""

from couponhub.models import Coupon, ListId
from couponhub_capillary.mapping.reading import NO_CODE, Reading, properties_from, status_of, store_from
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
    approximate: list[str] = []
    issued_at = ends = None
    issue = moment_at_store(get("created_date"), reading.zones)
    if issue is None:
        reading.note_time(get("created_date"), "issued_at")
    else:
        issued_at, is_guess = issue
        if is_guess:
            approximate.append("issued_at")
    end = reading.end_of(get("valid_till"))
    if end is None:
        reading.note_time(get("valid_till"), "expires_at")
    else:
        ends, is_guess = end
        if is_guess:
            approximate.append("expires_at")
    container = get("redemptions")
    uses = _uses(container, reading)
    if uses.is_guess:
        approximate.append("redemptions")
    count = reading.redemption_count(get("redemption_count"), uses.listed, has_list=container is not None)
    list_id = word(get("series_id"))
    return Coupon(
        connection=reading.connection,
        code=code,
        vendor_id=word(get("id")),
        list_id=None if list_id is None else ListId(list_id),
        list_name=word(get("series_name")),
        status=status_of(count, ends, reading.now),
        issued_at=issued_at,
        expires_at=ends,
        redemption_count=count,
        redemptions=uses.listed or (() if count == 0 else None),
        issued_at_store=store_from(get("issued_at")),
        properties=properties_from(get("custom_properties")),
        approximate=tuple(approximate),
        as_of=reading.now,
        raw=row,
    )


def _uses(container: object, reading: Reading) -> Uses:
    if container == {}:  # by far the most frequent
        return NONE_LISTED
    if container is None:
        return UNTOLD
    return uses_from(lambda: inside(container, "redemption"), _SPELLING, reading)
