"""Rows of a customer's coupons as `Coupon`; tolerant, and never surer than the row is."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from couponhub.models import Coupon, CouponQuery, CouponStatus, ListId, Redemption, Store
from couponhub_capillary.mapping.oddities import Oddities
from couponhub_capillary.wire.times import Zones, last_moment, moment_at_store
from couponhub_capillary.wire.values import inside, whole, word

NO_CODE = "a coupon without a readable code was left out"
_NO_TIME = "a time could not be read and is left empty: {field}"
_NO_REDEMPTIONS = "the redemptions of a coupon could not be read"
_NO_REDEMPTION = "a redemption could not be read"
_NO_COUNT = "the redemption count of a coupon could not be read"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_NO_PROPERTIES: Mapping[str, str] = MappingProxyType({})


def coupon_from(row: object, *, connection: str, zones: Zones, now: datetime, odd: Oddities) -> Coupon | None:
    """The coupon of one row; None when it has no code (C-24: everything else may be missing)."""
    code = row.get("code") if isinstance(row, dict) else None
    if not isinstance(row, dict) or type(code) is not str or not code.strip():
        odd.note(NO_CODE)
        return None
    approximate: list[str] = []
    issued = row.get("created_date")
    issued_at = moment_at_store(issued, zones)
    if issued_at is None:
        _note_time(issued, "issued_at", odd)
    elif issued_at.zone_is_guess:
        approximate.append("issued_at")
    valid_till = row.get("valid_till")
    expires_at = last_moment(valid_till, zones)
    if expires_at is None:
        _note_time(valid_till, "expires_at", odd)
    elif expires_at.zone_is_guess:
        approximate.append("expires_at")
    listed, guessed = _redemptions(row.get("redemptions"), zones, odd)
    if guessed:
        approximate.append("redemptions")
    count = _redemption_count(row, listed, odd)
    ends = expires_at.at if expires_at else None
    list_id = word(row.get("series_id"))
    return Coupon(
        connection=connection,
        code=code,
        vendor_id=word(row.get("id")),
        list_id=ListId(list_id) if list_id is not None else None,
        list_name=word(row.get("series_name")),
        status=_status(count, ends, now),
        issued_at=issued_at.at if issued_at else None,
        expires_at=ends,
        redemption_count=count,
        redemptions=listed or (() if count == 0 else None),
        issued_at_store=_store(row.get("issued_at")),
        properties=_properties(row.get("custom_properties")),
        approximate=tuple(approximate),
        as_of=now,
        raw=row,
    )


def without_duplicates(coupons: Iterable[Coupon]) -> tuple[Coupon, ...]:
    """Each of the vendor's coupon numbers once; coupons without one cannot be told apart and all stay."""
    seen: set[str] = set()
    kept = []
    for coupon in coupons:
        if coupon.vendor_id is not None:
            if coupon.vendor_id in seen:
                continue
            seen.add(coupon.vendor_id)
        kept.append(coupon)
    return tuple(kept)


def selected(coupons: Iterable[Coupon], query: CouponQuery) -> tuple[Coupon, ...]:
    """What the query selects in couponhub's meaning, newest first; what cannot be told stays in."""
    kept = [coupon for coupon in coupons if _is_meant(coupon, query)]
    return tuple(sorted(kept, key=lambda coupon: coupon.issued_at or _LONG_AGO, reverse=True))


def _is_meant(coupon: Coupon, query: CouponQuery) -> bool:
    if query.statuses and coupon.status not in query.statuses and coupon.status is not CouponStatus.UNKNOWN:
        return False
    if query.list_id is not None and coupon.list_id not in {None, query.list_id}:
        return False
    if query.since is None and query.until is None:
        return True
    uses = coupon.redemptions or ()
    moments = [coupon.issued_at, *(use.at for use in uses)]
    if None in moments or coupon.redemption_count != len(uses):
        return True
    return any(
        moment is not None
        and (query.since is None or query.since <= moment)
        and (query.until is None or moment < query.until)
        for moment in moments
    )


def _status(redemption_count: int | None, expires_at: datetime | None, now: datetime) -> CouponStatus:
    # Capillary has no status word here. A redeemed coupon may still be usable; only the v2 list knows.
    if redemption_count is None:
        return CouponStatus.UNKNOWN
    if redemption_count > 0:
        return CouponStatus.REDEEMED
    if expires_at is None:
        return CouponStatus.UNKNOWN
    return CouponStatus.EXPIRED if now > expires_at else CouponStatus.ACTIVE


def _redemption_count(
    row: Mapping[str, Any], listed: tuple[Redemption, ...] | None, odd: Oddities
) -> int | None:
    """How often it was redeemed, None when that cannot be told.

    The newest sample counts 0 beside one redemption: the larger of count and list is right (C-22), and a 0
    beside a list that cannot be read is none.
    """
    value = row.get("redemption_count")
    told = whole(value)
    if told is not None and told >= 0:
        list_is_unreadable = listed is None and row.get("redemptions") is not None
        return None if told == 0 and list_is_unreadable else max(told, len(listed or ()))
    if value is None:
        return None if listed is None else len(listed)
    odd.note(_NO_COUNT)
    return len(listed) if listed else None


def _redemptions(
    container: object, zones: Zones, odd: Oddities
) -> tuple[tuple[Redemption, ...] | None, bool]:
    """The redemptions, None when the row does not tell them; and whether the zone of any is a guess."""
    if container == {}:  # by far the most frequent
        return (), False
    if container is None:
        return None, False
    try:
        rows = inside(container, "redemption")
    except ValueError:
        odd.note(_NO_REDEMPTIONS)
        return None, False
    guessed = False
    redemptions = []
    for row in rows:
        if not isinstance(row, dict):
            # It is one nevertheless: left out, the coupon could pass for unused.
            odd.note(_NO_REDEMPTION)
            redemptions.append(Redemption())
            continue
        moment = moment_at_store(row.get("date"), zones)
        if moment is None:
            _note_time(row.get("date"), "redemptions", odd)
        else:
            guessed = guessed or moment.zone_is_guess
        redemptions.append(
            Redemption(
                id=word(row.get("id")),
                at=moment.at if moment else None,
                transaction=word(row.get("transaction_number")),
                store=_store(row.get("redeemed_at")),
            )
        )
    return tuple(redemptions), guessed


def _store(value: object) -> Store | None:
    if not isinstance(value, dict):
        return None
    code, name = word(value.get("code")), word(value.get("name"))
    return Store(code=code, name=name) if code is not None or name is not None else None


def _properties(container: object) -> Mapping[str, str]:
    """The properties that have a value: those of a series are listed with their coupons even when blank."""
    try:
        rows = inside(container, "custom_property")
    except ValueError:
        return _NO_PROPERTIES
    pairs: dict[str, str] = {}
    for row in rows:
        if isinstance(row, dict) and row.get("value"):
            name, value = word(row.get("name")), word(row.get("value"))
            if name is not None and value is not None:
                pairs[name] = value
    return MappingProxyType(pairs) if pairs else _NO_PROPERTIES


def _note_time(value: object, field: str, odd: Oddities) -> None:
    if value is not None:
        odd.note(_NO_TIME.format(field=field))
