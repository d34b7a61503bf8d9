"""The choice of the coupons that a question means, and their order: one meaning for all vendors."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from couponhub.models.coupons import Coupon, CouponQuery, CouponSort, CouponStatus, Source
from couponhub.models.given import given_many, given_one

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def selected(coupons: Iterable[Coupon], query: CouponQuery) -> tuple[Coupon, ...]:
    """Return the coupons that the query selects, in the order of `newest_first`; what cannot be told stays in.

    Which coupons can be redeemed at a store no coupon tells: that part of a query is the vendor's to answer.
    """
    kept = within(coupons, query)
    if query.status:
        wanted = query.status | {CouponStatus.UNKNOWN}
        kept = [coupon for coupon in kept if coupon.status in wanted]
    return newest_first(kept)


def within(coupons: Iterable[Coupon], query: CouponQuery) -> list[Coupon]:
    """The coupons of the list and the days that are meant; what cannot be told stays in.

    A usage report knows when a coupon was given out and never what became of it: its coupons are judged by the
    moment of issue alone, so that a question limited to days rests on the reports of those days.
    """
    given_one(CouponQuery, query, "query")
    given = _given(coupons)
    if query.list_id is None and query.since is None and query.until is None:
        return given
    return [coupon for coupon in given if _is_in_list(coupon, query) and _is_in_days(coupon, query)]


def in_order(coupons: Iterable[Coupon], query: CouponQuery) -> tuple[Coupon, ...]:
    """The coupons in the order that the query names, among equals `newest_first`, and no more than its limit."""
    given_one(CouponQuery, query, "query")
    newest = newest_first(coupons)
    if query.sort is None:
        return newest[: query.limit]
    key = _KEYS[query.sort]
    known = [coupon for coupon in newest if key(coupon) is not None]
    known.sort(key=key, reverse=query.descending)
    return (*known, *(coupon for coupon in newest if key(coupon) is None))[: query.limit]


def newest_first(coupons: Iterable[Coupon]) -> tuple[Coupon, ...]:
    """By moment of issue, latest first, those without one last; of equal moments by code, list and number.

    Vendors answer the same question in changing order: without the second rule equal moments would flicker.
    """
    ordered = sorted(_given(coupons), key=_issued, reverse=True)
    if len({coupon.issued_at for coupon in ordered}) < len(ordered):  # rare, and dearer than the rest
        ordered.sort(key=_name)
        ordered.sort(key=_issued, reverse=True)
    return tuple(ordered)


def _given(coupons: Iterable[Coupon]) -> list[Coupon]:
    held = coupons if isinstance(coupons, (list, tuple)) else given_many(coupons, "coupons", of=_coupon)
    given = list(held)
    if set(map(type, given)) <= {Coupon}:  # as nearly always, and there are many
        return given
    return [_coupon(one, "coupons") for one in given]


def _coupon(value: object, _: str) -> Coupon:
    return given_one(Coupon, value, "each of the coupons")


def _issued(coupon: Coupon) -> datetime:
    return coupon.issued_at or _LONG_AGO


def _name(coupon: Coupon) -> tuple[str, str, str]:
    return coupon.code, coupon.list_id or "", coupon.id or ""


def _store(coupon: Coupon) -> tuple[str, str] | None:
    store = coupon.issued_at_store
    return None if store is None else (store.code or "", store.name or "")


# By what is `created_by` sorted at a vendor, no answer shows; the store of issue is what comes nearest.
_KEYS: Mapping[CouponSort, Callable[[Coupon], Any]] = MappingProxyType(
    {
        CouponSort.CREATED: lambda coupon: coupon.issued_at,
        CouponSort.CREATED_BY: _store,
        CouponSort.EXPIRES: lambda coupon: coupon.expires_at,
    }
)


def _is_in_list(coupon: Coupon, query: CouponQuery) -> bool:
    return query.list_id is None or coupon.list_id in {None, query.list_id}


def _is_in_days(coupon: Coupon, query: CouponQuery) -> bool:
    if query.since is None and query.until is None:
        return True
    moments = [coupon.issued_at]
    if coupon.source is not Source.REPORT:
        uses = coupon.redemptions or ()
        moments += [use.at for use in uses]
        if coupon.redemption_count != len(uses):
            return True
    return any(
        moment is None
        or ((query.since is None or query.since <= moment) and (query.until is None or moment < query.until))
        for moment in moments
    )
