"""Moving the expiry of single coupons: `PUT /v2/coupon/bulk/expiry` (C-92, C-61)."""

from datetime import datetime
from typing import Any

import attrs

from couponhub_capillary.emulator.answers import Reply
from couponhub_capillary.emulator.coupons.expiry import end_of, has_passed
from couponhub_capillary.emulator.dates import iso
from couponhub_capillary.emulator.not_called.body_values import entries, fields, moment, text
from couponhub_capillary.emulator.not_called.issuing import series_of
from couponhub_capillary.emulator.not_called.named_customers import customer_of, names_somebody
from couponhub_capillary.emulator.organisation import Organisation
from couponhub_capillary.emulator.problems import (
    BATCH_TOO_LARGE,
    SERIES_EXPIRED,
    SERIES_MISSING,
    CouponProblemError,
    Problem,
)
from couponhub_capillary.emulator.records import Coupon, Customer, Series
from couponhub_capillary.emulator.routing import Call

_MOST_CODES = 100
_BEYOND_SERIES = Problem(691, "coupon code expiry date cannot be set beyond series expiry")
_CODE_INVALID = Problem(633, "invalid coupon code")
_CODES_MISSING = Problem(756, "Atleast one coupon code and expiry date info is mandatory")
_CUSTOMER_MISSING = Problem(695, "User Id is mandatory for common coupon to change expiry")
_PAST = Problem(690, "Expiry date is past date")


@attrs.frozen(kw_only=True)
class _Change:
    code: str
    end: datetime


def change_expiry(organisation: Organisation, call: Call) -> Reply:
    """Move the end of each coupon to the second that is asked for; a success even when each of them fails."""
    body = fields(call.body)
    if body.get("couponSeriesId") is None:
        raise CouponProblemError(SERIES_MISSING)
    changes = [_change(entry) for entry in entries(body.get("couponCodes"))]
    if not changes:
        raise CouponProblemError(_CODES_MISSING)
    if len(changes) > _MOST_CODES:
        raise CouponProblemError(BATCH_TOO_LARGE)
    series = series_of(organisation, body["couponSeriesId"])
    customer = customer_of(organisation, body["customer"]) if names_somebody(body.get("customer")) else None
    if series.kind == "GENERIC" and customer is None:
        raise CouponProblemError(_CUSTOMER_MISSING)
    zone = organisation.options.server_zone
    if has_passed(end_of(series.last_day, zone), organisation.clock.now()):
        raise CouponProblemError(SERIES_EXPIRED)
    unprocessed: list[dict[str, Any]] = []
    for change in changes:
        try:
            _move(organisation, series, customer, change)
        except CouponProblemError as error:
            entry = {"expiryDate": iso(change.end, zone), "couponCode": change.code}
            reason = {"errorCode": error.problem.code, "errorMessage": error.problem.message}
            unprocessed.append(entry | reason)
    entity = {
        "totalCount": len(changes),
        "failedCount": len(unprocessed),
        "successCount": len(changes) - len(unprocessed),
        "unprocessedCoupons": unprocessed,
        "userId": customer.id if customer is not None else None,
        "couponSeriesId": series.id,
    }
    return Reply(body={"entity": entity, "warnings": [], "errors": [], "success": True})


def _change(entry: object) -> _Change:
    given = fields(entry)
    code, end = text(given.get("couponCode")), moment(given.get("expiryDate"))
    if not code or end is None:
        raise CouponProblemError(_CODES_MISSING)
    return _Change(code=code, end=end.replace(microsecond=0))


def _move(organisation: Organisation, series: Series, customer: Customer | None, change: _Change) -> None:
    coupon = _held(organisation, series, customer, change.code)
    if has_passed(change.end, organisation.clock.now()):
        raise CouponProblemError(_PAST)
    if change.end > end_of(series.last_day, organisation.options.server_zone):
        raise CouponProblemError(_BEYOND_SERIES)
    coupon.valid_till = change.end


def _held(organisation: Organisation, series: Series, customer: Customer | None, code: str) -> Coupon:
    for coupon in organisation.coupons_of(series, code):
        if not coupon.revoked and customer in {None, coupon.customer}:
            return coupon
    raise CouponProblemError(_CODE_INVALID)
