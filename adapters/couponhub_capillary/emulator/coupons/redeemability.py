"""The terms by which a coupon can be redeemed: those of its series, in the codes of C-76.

The facts name codes and situations; the order in which they are looked at is (inferred).
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs

from couponhub_capillary.emulator.coupons.expiry import end_of, has_passed, is_over
from couponhub_capillary.emulator.dates import read_last_day
from couponhub_capillary.emulator.options import Options
from couponhub_capillary.emulator.problems import (
    COUPON_EXPIRED,
    NOT_ISSUED_TO_CUSTOMER,
    SERIES_EXPIRED,
    Problem,
)
from couponhub_capillary.emulator.records import Coupon, Customer, Redemption, Series, Store

_ALREADY_USED = Problem(711, "Coupon already used")
_COUPON_LIMIT = Problem(696, "Redemption per coupon code limit has reached max limit")
_SERIES_LIMIT = Problem(714, "Redemption maximum of the series reached")
_CUSTOMER_LIMIT = Problem(728, "Redemption maximum of the customer reached")
_SAME_AGAIN = Problem(716, "Same coupon cannot be redeemed again")
_OUT_OF_RANGE = Problem(729, "Redemption range does not match")
_WRONG_AMOUNT = Problem(733, "Transaction amount does not match")
_WRONG_STORE = Problem(735, "Coupon cannot be redeemed at this store")
_TOO_SOON = Problem(738, "Redemption gap does not match")
_TOO_EARLY = Problem(739, "Redemption date does not match")

_ANY = -1
_NO_MOST_AMOUNT = 9007199254740991  # stands for no limit as -1 does (C-72)


@attrs.frozen(kw_only=True)
class Use:
    """A redemption that somebody wants.

    Attributes:
        at: The moment to judge by.
        amount: Of the bill; None where it was not told, as when somebody only asks: then any amount is right.
        beside: Coupons of the same request that are to be redeemed first.
    """

    customer: Customer | None
    at: datetime
    store: Store
    amount: Decimal | None = None
    beside: tuple[Coupon, ...] = ()


def refused_use(coupon: Coupon, use: Use, options: Options) -> Problem | None:
    """Return why the coupon cannot be redeemed so; None when it can."""
    return refused_import(coupon, use, options) or _refused_terms(coupon, use, options)


def refused_import(coupon: Coupon, use: Use, options: Options) -> Problem | None:
    """Return why a redemption that happened elsewhere cannot be: what no till could have overlooked."""
    series = coupon.series
    if has_passed(end_of(series.last_day, options.server_zone), use.at):
        return SERIES_EXPIRED
    if is_over(coupon, use.at):
        return COUPON_EXPIRED
    if coupon.customer not in {None, use.customer} and not series.terms["anyUser"]:
        return NOT_ISSUED_TO_CUSTOMER
    if coupon.code in {other.code for other in use.beside}:
        return _SAME_AGAIN
    return _spent(coupon, use)


def redemptions_left(coupon: Coupon) -> int:
    """Return how often its holder can still use it; -1 is without limit."""
    left = _left(coupon, coupon.customer, beside=())
    return max(min(left.values()), 0) if left else -1


def uses_of(redemptions: Iterable[Redemption], customer: Customer | None) -> int:
    """Count the redemptions that are this customer's."""
    return sum(customer is not None and each.customer_id == customer.id for each in redemptions)


def usable_at(series: Series, store_id: str) -> bool:
    """Tell whether the series is redeemable at every store, or names this one (C-19)."""
    named = {str(store) for store in json.loads(series.terms["redeemAtStore"])} - {"-1"}
    entities = series.terms.get("redemptionOrgEntityDetails", ())
    named |= {
        str(entity["orgEntityId"]) for entity in entities if entity["redemptionOrgEntityType"] == "STORE"
    }
    return not named or store_id in named


def _spent(coupon: Coupon, use: Use) -> Problem | None:
    left = _left(coupon, use.customer, beside=use.beside)
    return next((problem for problem, count in left.items() if count <= 0), None)


def _left(coupon: Coupon, customer: Customer | None, *, beside: Iterable[Coupon]) -> dict[Problem, int]:
    """Return what each limit that there is leaves, by the problem that it is when nothing is left."""
    series, used = coupon.series, len(coupon.redemptions)
    at_once = sum(other.series is series for other in beside)
    left: dict[Problem, int] = {}
    per_coupon = _limit(series.terms, "redemptionPerCouponMaxLimit")
    if per_coupon is not None:
        left[_COUPON_LIMIT] = per_coupon - used
    elif not series.terms["isMultipleUseAllowed"]:
        left[_ALREADY_USED] = 1 - used
    in_series = _limit(series.terms, "maxRedeem")
    if in_series is not None:
        left[_SERIES_LIMIT] = in_series - series.redeemed - at_once
    per_customer = _limit(series.terms, "maxRedemptionsInSeriesPerUser")
    if per_customer is not None and customer is not None:
        left[_CUSTOMER_LIMIT] = per_customer - uses_of(_redemptions(series), customer) - at_once
    return left


def _limit(terms: Mapping[str, Any], name: str) -> int | None:
    most = int(terms[name])
    return most if most > 0 else None


def _redemptions(series: Series) -> Iterable[Redemption]:
    return (redemption for coupon in series.coupons for redemption in coupon.redemptions)


def _refused_terms(coupon: Coupon, use: Use, options: Options) -> Problem | None:
    series = coupon.series
    checks = (
        (_TOO_SOON, _is_too_soon(series, use)),
        (_TOO_EARLY, _is_too_early(coupon, use, options)),
        (_OUT_OF_RANGE, not _in_range(series, use.at.astimezone(options.store_zone))),
        (_WRONG_AMOUNT, not _fits(series, use.amount)),
        (_WRONG_STORE, not usable_at(series, use.store.code)),
    )
    return next((problem for problem, fails in checks if fails), None)


def _is_too_soon(series: Series, use: Use) -> bool:
    days = int(series.terms["minDaysBetweenRedemption"])
    customer = use.customer
    return (
        days > 0
        and customer is not None
        and any(
            each.customer_id == customer.id and use.at - each.at < timedelta(days=days)
            for each in _redemptions(series)
        )
    )


def _is_too_early(coupon: Coupon, use: Use, options: Options) -> bool:
    terms = coupon.series.terms
    first_day = read_last_day(terms["redemptionValidFrom"], options.server_zone)
    if first_day is not None and use.at.astimezone(options.server_zone).date() < first_day:
        return True
    days = int(terms["redemptionValidAfterDays"])
    return days > 0 and use.at < coupon.issued_at + timedelta(days=days)


def _in_range(series: Series, local: datetime) -> bool:
    """Tell whether the local day of the month, weekday (1 is Monday) and hour are among the series' (C-49)."""
    ranges = json.loads(series.terms["redemptionRange"])
    now = {"dom": local.day, "dow": local.isoweekday(), "hours": local.hour}
    allowed = {name: ranges.get(name) for name in now}
    return all(
        {str(value) for value in values} & {str(_ANY), str(now[name])}
        for name, values in allowed.items()
        if isinstance(values, list) and values
    )


def _fits(series: Series, amount: Decimal | None) -> bool:
    least, most = series.terms["minBillAmount"], series.terms["maxBillAmount"]
    return amount is None or (
        amount >= Decimal(str(least)) and (most in {_ANY, 0, _NO_MOST_AMOUNT} or amount <= Decimal(str(most)))
    )
