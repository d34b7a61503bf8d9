"""The ends of series and coupons, computed on read; nothing stores an expired state."""

import calendar
from datetime import UTC, date, datetime, timedelta, tzinfo

from couponhub_capillary.emulator.records import Coupon, Series


def end_of(day: date, zone: tzinfo) -> datetime:
    """The last second of a calendar day in that zone, in UTC."""
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=zone).astimezone(UTC)


def coupon_end(series: Series, issued_at: datetime, zone: tzinfo) -> datetime:
    """The last second in which a coupon issued then can be used, never later than the series (C-53)."""
    amount = max(int(series.terms["expiryStrategyValue"] or 0), 0)
    issue_day = issued_at.astimezone(zone).date()
    match series.terms["expiryStrategyType"]:
        case "DAYS":
            day = issue_day + timedelta(days=min(amount, (date.max - issue_day).days))
        case "MONTHS_END":
            months = issue_day.year * 12 + issue_day.month - 1 + amount
            year, month = min(months // 12, date.max.year), months % 12 + 1
            day = date(year, month, calendar.monthrange(year, month)[1])
        case _:
            day = series.last_day
    return end_of(min(day, series.last_day), zone)


def has_passed(last_second: datetime, now: datetime) -> bool:
    """Tell whether that whole second lies behind."""
    return now - timedelta(seconds=1) >= last_second


def is_over(coupon: Coupon, now: datetime) -> bool:
    """Tell whether the coupon's time has passed."""
    return has_passed(coupon.valid_till, now)
