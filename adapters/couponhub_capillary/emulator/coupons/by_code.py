"""Coupons by code: `GET /v1.1/coupon/get` and `GET /v2/coupon` (C-84)."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from couponhub_capillary.emulator.answers import (
    INVALID_INPUT,
    Reply,
    v1_error,
    v1_request_status,
    v1_status,
    v2_error,
)
from couponhub_capillary.emulator.coupons.texts import custom_properties, discount_object, store_object
from couponhub_capillary.emulator.dates import iso, iso_midnight, plain
from couponhub_capillary.emulator.organisation import Organisation
from couponhub_capillary.emulator.records import Coupon, Customer, Redemption, Series
from couponhub_capillary.emulator.series.endpoints import series_object

CASES = ("UPPER", "LOWER", "AS_IT_IS")

Query = MultiDict[str, str]


def in_case(code: str, case: str) -> str:
    """A code in the asked case; codes are stored in upper case, so that `AS_IT_IS` is upper."""
    return code.lower() if case == "LOWER" else code


def coupon_get(organisation: Organisation, query: Query) -> Reply:
    """Several codes, separated by commas; one row per code (C-54)."""
    codes = [code.strip() for code in query.get("code", "").split(",") if code.strip()]
    case = query.get("coupon_code_case", "UPPER")
    holder = query.get("issuedToIds", "")
    if not codes or case not in CASES or (holder and not holder.isdigit()):
        raise v1_error(400, INVALID_INPUT)
    rows: list[dict[str, Any]] = []
    for code in codes:
        found = _coupon(organisation, code, holder)
        if found is None:
            rows.append(_pooled_or_unknown(organisation, code, case))
            continue
        rows.append(_row(organisation, found, case))
        if case == "LOWER" and organisation.options.doubled_rows:
            rows.append(_unknown(code.upper()))
    status = v1_request_status([row["item_status"]["code"] for row in rows], 700)
    status["status"] = status["success"]
    return Reply(body={"response": {"status": status, "coupons": {"coupon": rows}}})


def coupons(organisation: Organisation, query: Query) -> Reply:
    """Coupons by code, by coupon id or by customer id; unknown ones are left out."""
    case = query.get("coupon_code_case", "UPPER")
    codes, ids, holders = (query.getlist(name) for name in ("couponCodes", "couponIds", "issuedToIds"))
    if case not in CASES or not (codes or ids or holders):
        raise v2_error(1000, "Filters not provided")
    zone = organisation.options.server_zone
    found: list[dict[str, Any]] = []
    for code, series, coupon in _matches(organisation, codes, ids, holders):
        day = (coupon.valid_till.astimezone(zone).date()) if coupon else series.last_day
        terms = series.terms
        element = {
            "code": in_case(code, case),
            "seriesId": series.id,
            "validTill": iso_midnight(day, zone),
            "validTillDateTime": iso_midnight(day, zone).replace("T00:00:00", "T23:59:59"),
            **discount_object(terms),
        }
        if coupon is not None:
            element["validTillDateTime"] = iso(coupon.valid_till, zone)
        if query.get("showCouponSeries") == "true":
            element["couponSeries"] = {
                **series_object(organisation, series),
                "redemptionRange": json.loads(terms["redemptionRange"]),  # text everywhere else (C-49)
                "validTillISODate": series.last_day.isoformat(),
            }
        found.append(element)
    return Reply(body={"data": found, "warnings": [], "errors": []})


def _matches(
    organisation: Organisation, codes: Sequence[str], ids: Sequence[str], holders: Sequence[str]
) -> Iterator[tuple[str, Series, Coupon | None]]:
    for code in codes:
        coupon = _coupon(organisation, code, "")
        owner = organisation.codes.get(code.upper())
        if coupon is not None:
            yield coupon.code, coupon.series, coupon
        elif isinstance(owner, Series) and organisation.options.pool_readable:  # C-67
            yield code.upper(), owner, None
    for customer in organisation.customers:
        for coupon in customer.coupons:
            if not coupon.revoked and (str(coupon.id) in ids or str(customer.id) in holders):
                yield coupon.code, coupon.series, coupon


def _coupon(organisation: Organisation, code: str, holder: str) -> Coupon | None:
    owner = organisation.codes.get(code.upper())
    if owner is None:
        return None
    series = owner.series if isinstance(owner, Coupon) else owner
    held = (coupon for coupon in organisation.coupons_of(series, code) if not coupon.revoked)
    return next(
        (
            coupon
            for coupon in held
            if not holder or (coupon.customer is not None and str(coupon.customer.id) == holder)
        ),
        None,
    )


def _row(organisation: Organisation, coupon: Coupon, case: str) -> dict[str, Any]:
    options = organisation.options
    issued = plain(coupon.issued_at, options.store_zone)
    terms = coupon.series.terms
    row: dict[str, Any] = {
        "id": str(coupon.id),
        "code": in_case(coupon.code, case),
        "valid_till": f"{coupon.valid_till.astimezone(options.server_zone):%d-%m-%Y}",
        "issued_on": issued,
        "valid_from": issued,
        "purpose": "",
        "custom_properties": {"custom_property": custom_properties(coupon)},
        "series_id": coupon.series.id,
        "is_absolute": terms["discountType"] == "ABS",
        "value": terms["discountValue"],
        "discount_upto": terms["discountUpto"],
        "pincode": "NULL",
    }
    if coupon.customer is not None:
        row["customer"] = _person(organisation, coupon.customer)
    if coupon.store is not None:
        row["issued_store"] = store_object(coupon.store)
    if coupon.redemptions:
        last = coupon.redemptions[-1]
        row["redemption_info"] = {
            "redeemed": "true",
            "id": last.id,
            "redeemed_on": plain(last.at, options.store_zone),
            "redeemed_at": last.store.code,
            "redeemed_by": _person(organisation, _user(organisation, coupon, last)),
            "store": store_object(last.store),
            "transaction": {"id": last.id, "bill_number": last.transaction_number},
        }
    return row | {"item_status": v1_status(700, "Coupon processing successful")}


def _user(organisation: Organisation, coupon: Coupon, redemption: Redemption) -> Customer | None:
    return organisation.customers.by_id(str(redemption.customer_id)) or coupon.customer


def _person(organisation: Organisation, customer: Customer | None) -> dict[str, Any]:
    if customer is None:
        return {}
    shown = not organisation.options.mask_people
    name = " ".join(part for part in (customer.first_name, customer.last_name) if part)
    return {
        "id": str(customer.id),
        "name": name if shown else None,
        "mobile": customer.mobile if shown else None,
        "email": customer.email if shown else None,
        "external_id": customer.external_id,
    }


def _pooled_or_unknown(organisation: Organisation, code: str, case: str) -> dict[str, Any]:
    owner = organisation.codes.get(code.upper())
    if not (organisation.options.pool_readable and isinstance(owner, Series) and code.upper() in owner.pool):
        return _unknown(code)
    row = _unknown(in_case(code.upper(), case))
    return row | {
        "series_id": owner.id,
        "item_status": v1_status(700, "Coupon processing successful"),
    }


def _unknown(code: str) -> dict[str, Any]:
    return {
        "id": -1,
        "code": code,
        "is_absolute": False,
        "value": None,
        "discount_upto": None,
        "pincode": "NULL",
        "item_status": v1_status(705, "Both coupon code and validation code are invalid"),
    }
