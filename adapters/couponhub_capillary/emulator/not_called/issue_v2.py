"""Issuing in v2: one coupon, one of several series, several of one series (C-88)."""

from collections.abc import Mapping, Sequence
from typing import Any

from couponhub_capillary.emulator.answers import RefusedError, Reply
from couponhub_capillary.emulator.coupons.texts import discount_object
from couponhub_capillary.emulator.dates import iso, iso_midnight
from couponhub_capillary.emulator.not_called.body_values import entries, fields, text
from couponhub_capillary.emulator.not_called.issuing import (
    CUSTOMER_LIMIT,
    NOTHING_LEFT,
    SERIES_LIMIT,
    issue,
    series_of,
)
from couponhub_capillary.emulator.not_called.named_customers import customer_of, profile_object
from couponhub_capillary.emulator.organisation import Organisation
from couponhub_capillary.emulator.problems import INVALID_INPUT, CouponProblemError, Problem
from couponhub_capillary.emulator.records import Coupon, Customer, Series
from couponhub_capillary.emulator.routing import Call

_MOST = 500
_COUNT_OUT_OF_RANGE = Problem(677, "Invalid coupon count. Minimum 1 and Maximum 500.")
_COUNT_TOO_SMALL = Problem(756, "count should be greater than 0")
_SERIES_MISSING = Problem(756, "seriesId is mandatory to set")
_ONE_COMMON_CODE = Problem(5004, "Cannot issue more than one GENERIC coupon code.")
_LONGEST = {"sourceType": 50, "sourceId": 50, "sourceActivity": 50, "notes": 250, "reason": 250}

_OF_NOTHING = {
    SERIES_LIMIT: Problem(5001, "max coupon per series exceeded"),
    CUSTOMER_LIMIT: Problem(5002, "max coupon per user exceeded"),
    NOTHING_LEFT: Problem(5005, "coupon queue is empty"),
}
"""The name of a problem where no coupon at all could be issued."""

_OF_SOME = {
    SERIES_LIMIT: SERIES_LIMIT,
    CUSTOMER_LIMIT: CUSTOMER_LIMIT,
    NOTHING_LEFT: Problem(702, "coupon queue is empty"),
}
_NOT_ALL = Problem(678, "some coupons could not be issued")

_ZEROS = (
    "id",
    "numUploadedNonIssued",
    "numUploadedTotal",
    "redemptionValidAfterDays",
    "ownerId",
    "ownerValidity",
    "shortCodeLength",
    "randomCodeLength",
    "fixedExpiryDate",
    "numTotal",
    "latestIssualTime",
    "latestRedemptionTime",
)


def issue_one(organisation: Organisation, call: Call) -> Reply:
    """`POST /v2/coupon/issue`: the coupon, without its id (C-58)."""
    body = fields(call.body)
    if body.get("seriesId") is None:
        raise CouponProblemError(_SERIES_MISSING)
    series = series_of(organisation, body["seriesId"])
    customer = customer_of(organisation, body.get("customer"))
    coupon = issue(organisation, series, customer, call.store)
    printed = issued_object(organisation, coupon)
    return Reply(body={**printed, "customer": profile_object(organisation, customer), "warnings": []})


def issue_of_several_series(organisation: Organisation, call: Call) -> Reply:
    """`POST /v2/coupon/bulk/issue`: an entry for each series."""
    body = fields(call.body)
    series_ids = entries(body.get("seriesIds"))
    if not series_ids:
        raise CouponProblemError(_SERIES_MISSING)
    customer = customer_of(organisation, body.get("customer"))
    rows: list[dict[str, Any]] = []
    for series_id in series_ids:
        row: dict[str, Any] = {"entityId": series_id, "result": None, "errors": [], "warnings": []}
        try:
            coupon = issue(organisation, series_of(organisation, series_id), customer, call.store)
            row["result"] = issued_object(organisation, coupon)
        except CouponProblemError as error:
            row["errors"] = [error.problem.entry()]
        rows.append(row)
    failures = sum(bool(row["errors"]) for row in rows)
    body = {"response": rows, "totalCount": len(rows), "failureCount": failures}
    return Reply(status=400 if failures == len(rows) else 200, body=body)


def issue_several(organisation: Organisation, call: Call) -> Reply:
    """`POST /v2/coupon/issue/multiple`: as many of them as can be; its errors come with HTTP 200 (C-62)."""
    try:
        series, customer, count = _asked(organisation, fields(call.body))
    except CouponProblemError as error:
        raise _nothing(error.problem) from None
    issued: list[Coupon] = []
    warnings: list[dict[str, Any]] = []
    while len(issued) < count:
        try:
            issued.append(issue(organisation, series, customer, call.store))
        except CouponProblemError as error:
            if not issued:
                raise _nothing(_OF_NOTHING.get(error.problem, error.problem)) from None
            problem = _OF_SOME.get(error.problem, _NOT_ALL)
            warnings = [problem.entry()]
            break
    answer = {
        "coupons": [{"code": coupon.code, "couponId": coupon.id} for coupon in issued],
        "couponConfig": _configuration(series),
        "totalCount": count,
        "failureCount": count - len(issued),
        "successCount": len(issued),
        "customer": profile_object(organisation, customer),
        "errors": [],
        "warnings": warnings,
    }
    return Reply(body=answer)


def issued_object(organisation: Organisation, coupon: Coupon) -> dict[str, Any]:
    """A coupon as the answer to its issue prints it."""
    zone = organisation.options.server_zone
    return {
        "code": coupon.code,
        "seriesId": coupon.series.id,
        **discount_object(coupon.series.terms),
        "validTill": iso_midnight(coupon.valid_till.astimezone(zone).date(), zone),
        "redemptionCount": 0,
        "id": 0,
        "validTillDateTime": iso(coupon.valid_till, zone),
    }


def _count(value: object) -> int:
    if type(value) is not int:
        raise CouponProblemError(INVALID_INPUT)
    if value < 1:
        raise CouponProblemError(_COUNT_TOO_SMALL)
    if value > _MOST:
        raise CouponProblemError(_COUNT_OUT_OF_RANGE)
    return value


def _asked(organisation: Organisation, body: Mapping[str, Any]) -> tuple[Series, Customer, int]:
    count = _count(body.get("count", 1))
    metadata = fields(body.get("metadata"))
    if any(len(text(metadata.get(name))) > most for name, most in _LONGEST.items()):
        raise CouponProblemError(INVALID_INPUT)
    if body.get("seriesId") is None:
        raise CouponProblemError(_SERIES_MISSING)
    series = series_of(organisation, body["seriesId"])
    if series.kind == "GENERIC" and count > 1:
        raise CouponProblemError(_ONE_COMMON_CODE)
    return series, customer_of(organisation, body.get("customer")), count


def _nothing(problem: Problem) -> RefusedError:
    """The printed errors: those in thousands have a key for warnings, the others have not."""
    errors: Sequence[dict[str, Any]] = [problem.entry()]
    body: dict[str, Any] = {"errors": errors}
    return RefusedError(Reply(body=body | ({"warnings": []} if problem.code >= 5000 else {})))


def _configuration(series: Series) -> dict[str, Any]:
    """The excerpt of the series that the answer prints, with zeros for what else it names."""
    terms = series.terms
    return {
        "customPropertyMap": terms.get("customPropertyMap", {}),
        "description": terms["description"],
        "discountCode": terms["discountCode"],
        "info": terms["info"],
        "discountUpto": terms["discountUpto"],
        "discountValue": terms["discountValue"],
        "discountOn": terms["discountOn"],
        "discountType": terms["discountType"],
        "externalIssual": terms["externalIssual"],
        **dict.fromkeys(("alphaNumeric", "issueToLoyalty", "updateProductData"), False),
        **dict.fromkeys(_ZEROS, 0),
    }
