"""The limits of a series that one more issue could break, with the texts of the upload's error file."""

import json
from datetime import datetime, timedelta

from couponhub_capillary.emulator.expiry import is_over
from couponhub_capillary.emulator.records import Customer, Series

NO_LIMIT = -1
_NONE_EXCLUDED = ("[-1]", "[]")


def refused_creation(series: Series) -> str | None:
    """Why the series takes no further code; None when it does. Pooled codes count as created."""
    most = series.terms["maxCreate"]
    if most != NO_LIMIT and series.issued + len(series.pool) >= most:
        return "coupon max issual limit exceeded"
    return None


def refused_issue(series: Series, customer: Customer, now: datetime) -> str | None:
    """Why this customer gets no further coupon of the series; None when it does."""
    if not _is_limited(series):
        return None
    excluded = _excluded(series)
    held = [coupon for coupon in customer.coupons if not coupon.revoked]
    if excluded and any(coupon.series.id in excluded and not is_over(coupon, now) for coupon in held):
        return "Coupon exists for mutual exclusive series"
    own = [coupon for coupon in held if coupon.series is series]
    terms = series.terms
    if own and (series.kind == "GENERIC" or _gives_one_only(series)):
        return "coupon already issued not uploading again as per resend config"
    if terms["maxVouchersPerUser"] != NO_LIMIT and len(own) >= terms["maxVouchersPerUser"]:
        return "coupon max issual limit per customer exceeded"
    days = terms["minDaysBetweenVouchers"]
    if days > 0 and own and now - max(coupon.issued_at for coupon in own) < timedelta(days=days):
        return "coupon already issued within min days between issual limit"
    return None


def _is_limited(series: Series) -> bool:
    terms = series.terms
    return (
        series.kind == "GENERIC"
        or _gives_one_only(series)
        or terms["maxVouchersPerUser"] != NO_LIMIT
        or terms["minDaysBetweenVouchers"] > 0
        or bool(_excluded(series))
    )


def _gives_one_only(series: Series) -> bool:
    terms = series.terms
    return bool(terms["doNotResendExistingVoucher"]) and not terms["isMultipleVouchersPerUserAllowed"]


def _excluded(series: Series) -> frozenset[int]:
    text = series.terms["mutualExclusiveSeriesIds"]
    if text in _NONE_EXCLUDED:
        return frozenset()  # spares an upload the parsing, row by row
    return frozenset(json.loads(text)) - {NO_LIMIT}
