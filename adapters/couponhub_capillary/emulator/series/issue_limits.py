"""The limits of a series that one more issue could break, with the texts of the upload's error file."""

import enum
import json
from datetime import datetime, timedelta

from couponhub_capillary.emulator.coupons.expiry import is_over
from couponhub_capillary.emulator.records import Customer, Series

NO_LIMIT = -1
_NONE_EXCLUDED = ("[-1]", "[]")


class IssueRefusal(enum.StrEnum):
    """A reason why a code is not issued, as the upload's error file words it (C-77)."""

    SERIES_LIMIT = "coupon max issual limit exceeded"
    CUSTOMER_LIMIT = "coupon max issual limit per customer exceeded"
    TOO_SOON = "coupon already issued within min days between issual limit"
    HAS_ONE = "coupon already issued not uploading again as per resend config"
    EXCLUDED = "Coupon exists for mutual exclusive series"


def refused_creation(series: Series) -> IssueRefusal | None:
    """Return why the series takes no further code; None when it does. Pooled codes count as created."""
    most = series.terms["maxCreate"]
    if most != NO_LIMIT and series.issued + len(series.pool) >= most:
        return IssueRefusal.SERIES_LIMIT
    return None


def refused_handing_out(series: Series) -> IssueRefusal | None:
    """Return why nobody is issued a further code of the series; None when codes may be. Pooled codes do not count."""
    most = series.terms["maxCreate"]
    return IssueRefusal.SERIES_LIMIT if most != NO_LIMIT and series.issued >= most else None


def refused_issue(series: Series, customer: Customer, now: datetime) -> IssueRefusal | None:
    """Return why this customer gets no further coupon of the series; None when it does."""
    if not _is_limited(series):
        return None
    excluded = _excluded(series)
    held = [coupon for coupon in customer.coupons if not coupon.revoked]
    if excluded and any(coupon.series.id in excluded and not is_over(coupon, now) for coupon in held):
        return IssueRefusal.EXCLUDED
    own = [coupon for coupon in held if coupon.series is series]
    terms = series.terms
    if own and (series.kind == "GENERIC" or _gives_one_only(series)):
        return IssueRefusal.HAS_ONE
    if terms["maxVouchersPerUser"] != NO_LIMIT and len(own) >= terms["maxVouchersPerUser"]:
        return IssueRefusal.CUSTOMER_LIMIT
    days = terms["minDaysBetweenVouchers"]
    if days > 0 and own and now - max(coupon.issued_at for coupon in own) < timedelta(days=days):
        return IssueRefusal.TOO_SOON
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
