"""From Corner shop's words to couponhub's."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time

from couponhub.models import (
    Coupon,
    CouponList,
    CouponQuery,
    CouponStatus,
    ListId,
    ListStatus,
    Redemption,
    Store,
)
from couponhub_cornershop.wire import WireCoupon, WireList, WireUse

_LAST_SECOND = time(23, 59, 59)


def coupon_list(connection: str, wire: WireList, now: datetime) -> CouponList:
    """A list as couponhub's model. Corner shop has no word for how it stands; the day decides."""
    expires_at = _end_of(wire.last_day)
    return CouponList(
        connection=connection,
        id=ListId(str(wire.id)),
        name=wire.title,
        status=ListStatus.EXPIRED if _is_over(expires_at, now) else ListStatus.ACTIVE,
        expires_at=expires_at,
        total=wire.codes,
        available=wire.left,
        raw=wire.raw,
    )


def coupon(connection: str, wire: WireCoupon, now: datetime) -> Coupon:
    """A coupon as couponhub's model, as it stands `now`."""
    expires_at = _end_of(wire.last_day)
    if wire.used is not None:
        status = CouponStatus.REDEEMED
    else:
        status = CouponStatus.EXPIRED if _is_over(expires_at, now) else CouponStatus.ACTIVE
    redemptions = () if wire.used is None else (_redemption(wire.used),)
    return Coupon(
        connection=connection,
        code=wire.code,
        list_id=ListId(str(wire.list)),
        list_name=wire.list_title,
        status=status,
        issued_at=wire.given,
        expires_at=expires_at,
        redemption_count=len(redemptions),
        redemptions_left=1 - len(redemptions),
        redemptions=redemptions,
        as_of=now,
        raw=wire.raw,
    )


def selected(coupons: Iterable[Coupon], query: CouponQuery) -> tuple[Coupon, ...]:
    """The coupons that a query means, newest first."""
    meant = (found for found in coupons if _is_meant(found, query))
    return tuple(sorted(meant, key=_issue, reverse=True))


def _is_meant(found: Coupon, query: CouponQuery) -> bool:
    if query.list_id is not None and found.list_id != query.list_id:
        return False
    if query.status and found.status not in query.status:
        return False
    moments = [_issue(found), *(used.at for used in found.redemptions or () if used.at)]
    return any(
        (query.since is None or query.since <= moment) and (query.until is None or moment < query.until)
        for moment in moments
    )


def _issue(found: Coupon) -> datetime:
    assert found.issued_at is not None, "Corner shop always says when"
    return found.issued_at


def _redemption(used: WireUse) -> Redemption:
    return Redemption(
        at=used.at,
        transaction=used.receipt,
        store=Store(code=used.till, name=used.shop) if used.till or used.shop else None,
    )


def _end_of(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, _LAST_SECOND, UTC)


def _is_over(expires_at: datetime | None, now: datetime) -> bool:
    return expires_at is not None and expires_at < now
