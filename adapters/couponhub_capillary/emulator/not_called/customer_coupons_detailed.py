"""A customer's coupons in detail, `GET /v2/customers/{customerId}/coupons`, and the id to ask with (12.4, 12.5)."""

import zlib
from typing import Any

from couponhub_capillary.emulator.answers import RefusedError, Reply, v2_error, v2_good, v2_status_block
from couponhub_capillary.emulator.coupons.by_code import CASES, in_case
from couponhub_capillary.emulator.coupons.redeemability import redemptions_left
from couponhub_capillary.emulator.coupons.texts import redemption_object, store_object
from couponhub_capillary.emulator.customers.coupons_v1 import find_customer
from couponhub_capillary.emulator.dates import false_z, iso
from couponhub_capillary.emulator.organisation import ORGANISATION_ID, TILL_USER_ID, Organisation
from couponhub_capillary.emulator.records import Coupon, Store
from couponhub_capillary.emulator.routing import Call
from couponhub_capillary.emulator.series.details import whole_series

_SENT_AGAIN = v2_status_block(v2_good(700, "Coupon Resent"))
_SUCCESS = v2_status_block(v2_good(200, "Success"))
_WORDS = {401: "UNAUTHORIZED", 403: "FORBIDDEN"}
_LOOKED_UP_BY = {"id": "id", "mobile": "mobile", "email": "email", "externalId": "external_id"}


def detailed_coupons(organisation: Organisation, call: Call) -> Reply:
    """Every coupon that the customer holds, oldest first. Raises RefusedError with a word (C-56)."""
    customer_id, case = call.arguments["customer_id"], call.query.get("coupon_code_case", "UPPER")
    if not (customer_id.isascii() and customer_id.isdigit()):
        raise _word(400, "INVALID_CUSTOMER_ID")
    if case not in CASES:
        raise v2_error(400, "Invalid Input")
    customer = organisation.customers.by_id(customer_id)
    if customer is None:
        raise _word(404, "CUSTOMER_NOT_FOUND")
    held = [coupon for coupon in customer.coupons if not coupon.revoked]
    if not held:
        raise _word(404, "NO_COUPONS_FOUND")
    entity = [_coupon(organisation, coupon, case) for coupon in held]
    return Reply(body={"entity": entity, "warnings": [], "errors": [], "success": True})


def in_words(refused: RefusedError) -> RefusedError:
    """A caller without credentials or right, told so by a word (C-56)."""
    word = _WORDS.get(refused.reply.status)
    return refused if word is None else _word(refused.reply.status, word)


def customer_id(organisation: Organisation, call: Call) -> Reply:
    """`GET /v2/customers/lookup`: the id of whom all the identifiers name."""
    names = [name.strip() for name in call.query.get("identifierName", "").split(",")]
    values = [value.strip() for value in call.query.get("identifierValue", "").split(",")]
    if not call.query.get("source") or len(names) != len(values) or not all((*names, *values)):
        raise v2_error(400, "Invalid Input")
    found = {
        find_customer(organisation, _LOOKED_UP_BY[name], value) if name in _LOOKED_UP_BY else None
        for name, value in zip(names, values, strict=True)
    }
    customer = found.pop()
    if customer is None or found:
        raise v2_error(8015, "Customer not found for the given identifiers")
    return Reply(body={"entity": customer.id, "warnings": []})


def _word(status: int, word: str) -> RefusedError:
    return v2_error(status, word, status=status)


def _coupon(organisation: Organisation, coupon: Coupon, case: str) -> dict[str, Any]:
    options, terms = organisation.options, coupon.series.terms
    issued = false_z(coupon.issued_at, options.store_zone)
    code = in_case(coupon.code, case)
    printed: dict[str, Any] = {
        "id": coupon.id,
        "seriesId": coupon.series.id,
        "series": whole_series(organisation, coupon.series),
        "code": code,
        "description": terms["description"],
        "createdDate": issued,
        "validTill": iso(coupon.valid_till, options.server_zone),
        "isRedeemed": bool(coupon.redemptions),
        "issuedTo": coupon.customer.id if coupon.customer is not None else -1,
        "issuedBy": TILL_USER_ID,
        "orgId": ORGANISATION_ID,
        "refId": 0,
        "status": _SENT_AGAIN,
        "couponDiscountType": terms["discountType"],
        "issuedOn": issued,
        "activeFrom": issued,
        "redemptionsLeft": redemptions_left(coupon),
        "couponStatus": _SUCCESS,
        "redemptionInfo": [redemption_object(each, options) for each in coupon.redemptions],
        "reversedRedemptionInfo": [redemption_object(each, options) for each in coupon.reversals],
        "discountType": terms["discountType"] == "ABS",  # no word here (12.4)
        "discountValue": terms["discountValue"],
        "discountValueAsDouble": float(terms["discountValue"]),
        "discountUpto": terms["discountUpto"],
        "trimmedCode": code,
        "redeemed": bool(coupon.redemptions),
        "seriesName": terms["description"],
    }
    if coupon.store is not None:
        printed["issuedAt"] = _place(coupon.store)
    return printed


def _place(store: Store) -> dict[str, Any]:
    return {
        # Stores have no number of their own here; this one stays the same for each of them.
        "id": zlib.crc32(store.code.encode()),
        **store_object(store),
        "description": "",
        "type": "STORE",
        "adminType": "GENERAL",
        "isOrgUnit": False,
    }
