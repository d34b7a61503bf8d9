"""The customer's coupons of the v2 family, `GET /v2/customers/coupons` (C-85)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from couponhub_capillary.emulator.answers import Reply, v2_error
from couponhub_capillary.emulator.coupons.by_code import CASES, in_case
from couponhub_capillary.emulator.coupons.expiry import is_over
from couponhub_capillary.emulator.coupons.redeemability import redemptions_left
from couponhub_capillary.emulator.coupons.texts import people, redemption_object, store_object
from couponhub_capillary.emulator.customers.coupons_v1 import find_customer
from couponhub_capillary.emulator.dates import false_z, iso, iso_midnight
from couponhub_capillary.emulator.options import Options
from couponhub_capillary.emulator.organisation import Organisation
from couponhub_capillary.emulator.records import Coupon

_IDENTIFIERS = {
    "id": "id",
    "external_id": "external_id",
    "externalId": "external_id",
    "external_Id": "external_id",
    "mobile": "mobile",
    "email": "email",
}
"""All three spellings of the external id are taken (C-55); the first identifier given wins (C-27)."""

_STATUSES = (
    "REDEEMED",
    "UNREDEEMED",
    "ACTIVE",
    "EXPIRED",
    "ACTIVE_REDEEMED",
    "ACTIVE_UNREDEEMED",
    "EXPIRED_REDEEMED",
    "EXPIRED_UNREDEEMED",
    "REDEEMABLE",
)


def customer_coupons(organisation: Organisation, query: Mapping[str, str]) -> Reply:
    """Answer the list, newest first unless asked otherwise. Raises RefusedError."""
    name = next((name for name in _IDENTIFIERS if query.get(name)), None)
    status, order = query.get("status", ""), query.get("sort_order", "DESC")
    case, reversed_too = query.get("coupon_code_case", "UPPER"), query.get("include_reversed_redemptions")
    limit, offset = query.get("limit", "100"), query.get("offset", "0")
    if (
        name is None
        or (status and status not in _STATUSES)
        or order not in {"ASC", "DESC"}
        or case not in CASES
        or not _is_whole(limit)
        or limit.strip("0") == ""
        or not _is_whole(offset)
    ):
        raise v2_error(400, "Invalid Input")
    customer = find_customer(organisation, _IDENTIFIERS[name], query[name])
    if customer is None:
        raise v2_error(8015, "Customer not found for the given identifiers")
    now, options = organisation.clock.now(), organisation.options
    transactions = {text.strip() for text in query.get("transaction_numbers", "").split(",") if text.strip()}
    found = [
        coupon
        for coupon in customer.coupons
        if not coupon.revoked
        and _has_status(coupon, status, now)
        and (not transactions or (coupon.transaction_number or "0") in transactions)
    ]
    found.sort(key=lambda coupon: (coupon.issued_at, coupon.id), reverse=order == "DESC")
    shown = found[int(offset) : int(offset) + int(limit)]
    entry: dict[str, Any] = people(customer, options) | {"id": customer.id}
    external_id = entry.pop("external_id")
    if external_id is not None:
        entry["externalId"] = external_id
    entry["coupons"] = [
        _coupon(coupon, options, case=case, reversed_too=reversed_too == "true") for coupon in shown
    ]
    entity = {
        "pagination": {"limit": limit, "offset": offset, "total": len(found)},
        "customers": [entry],
    }
    return Reply(body={"entity": entity, "warnings": [], "errors": [], "success": True})


def _has_status(coupon: Coupon, status: str, now: datetime) -> bool:
    if status == "REDEEMABLE":
        return not is_over(coupon, now) and redemptions_left(coupon) != 0
    truth = {
        "EXPIRED": is_over(coupon, now),
        "ACTIVE": not is_over(coupon, now),
        "REDEEMED": bool(coupon.redemptions),
        "UNREDEEMED": not coupon.redemptions,
    }
    return all(truth[word] for word in status.split("_") if word)


def _coupon(coupon: Coupon, options: Options, *, case: str, reversed_too: bool) -> dict[str, Any]:
    server, store, terms = options.server_zone, options.store_zone, coupon.series.terms
    reversals = coupon.reversals if reversed_too else ()
    printed: dict[str, Any] = {
        "code": in_case(coupon.code, case),
        "seriesId": coupon.series.id,
        "description": terms["description"],
        "validTill": iso_midnight(coupon.valid_till.astimezone(server).date(), server),
        "discountType": terms["discountType"],
        "discountValue": terms["discountValue"],
        "discountUpto": terms["discountUpto"],
        "redemptionCount": len(coupon.redemptions),
        "redemptionsLeft": redemptions_left(coupon),
        "id": coupon.id,
        "createdDate": false_z(coupon.issued_at, store),
        "transactionNumber": coupon.transaction_number or "0",
        "redemptions": [redemption_object(each, options) for each in coupon.redemptions],
        "reversedRedemptions": [redemption_object(each, options) for each in reversals],
        "validTillDateTime": iso(coupon.valid_till, server),
        "createdDateISO": iso(coupon.issued_at, server),
    }
    if coupon.store is not None:
        printed["issuedAt"] = store_object(coupon.store)
    return printed


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit()
