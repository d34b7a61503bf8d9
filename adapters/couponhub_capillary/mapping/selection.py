"""Which of a customer's coupons are meant by a question, in couponhub's words and not the vendor's."""

from collections.abc import Iterable
from datetime import UTC, datetime

from couponhub.models import Coupon, CouponQuery, CouponStatus

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


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


def within(coupons: Iterable[Coupon], query: CouponQuery) -> list[Coupon]:
    """The coupons of the list and the days that are meant; what cannot be told stays in."""
    if query.list_id is None and query.since is None and query.until is None:
        return list(coupons)
    return [coupon for coupon in coupons if _is_in_list(coupon, query) and _is_in_days(coupon, query)]


def selected(coupons: Iterable[Coupon], query: CouponQuery) -> tuple[Coupon, ...]:
    """What the query selects, newest first; what cannot be told stays in."""
    kept = within(coupons, query)
    if query.statuses:
        wanted = query.statuses | {CouponStatus.UNKNOWN}
        kept = [coupon for coupon in kept if coupon.status in wanted]
    kept.sort(key=lambda coupon: coupon.issued_at or _LONG_AGO, reverse=True)
    return tuple(kept)


def _is_in_list(coupon: Coupon, query: CouponQuery) -> bool:
    return query.list_id is None or coupon.list_id in {None, query.list_id}


def _is_in_days(coupon: Coupon, query: CouponQuery) -> bool:
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
