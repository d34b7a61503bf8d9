"""Changes of redemptions in v2: completing and reversing them (C-90)."""

from collections.abc import Mapping
from typing import Any

from couponhub_capillary.emulator.answers import Reply, v2_good
from couponhub_capillary.emulator.not_called.body_values import amount, entries, fields, text, whole
from couponhub_capillary.emulator.not_called.named_customers import customer_of, names_somebody
from couponhub_capillary.emulator.organisation import Organisation
from couponhub_capillary.emulator.problems import INVALID_INPUT, CouponProblemError, Problem
from couponhub_capillary.emulator.routing import Call

_IDS_INVALID = Problem(510, "Invalid Redemption ids present")
_IDS_MISSING = Problem(661, "No redemption id passed")
_UPDATED = v2_good(761, "Coupon redemption update successful")
_PARTLY_UPDATED = v2_good(762, "Coupon redemption update partially successful")


def complete_redemptions(organisation: Organisation, call: Call) -> Reply:
    """`PUT /v2/coupon/redeem`: gives redemptions their bill; of it only the transaction's number is ever read again."""
    body = fields(call.body)
    wanted = [fields(entry) for entry in entries(body.get("redemptions"))]
    if not wanted:
        raise CouponProblemError(_IDS_MISSING)
    if names_somebody(body.get("user")):
        customer_of(organisation, body["user"])
    asked = [(_redemption_id(entry), _bill(entry)) for entry in wanted]
    known = [redemption_id in organisation.redeemed for redemption_id, _ in asked]
    if not any(known):
        raise CouponProblemError(_IDS_INVALID)
    rows: list[dict[str, Any]] = []
    for redemption_id, bill in asked:
        good = redemption_id in organisation.redeemed
        if good and "transactionNumber" in bill:
            organisation.number_transaction(redemption_id, bill["transactionNumber"])
        status = _UPDATED if good else _IDS_INVALID.entry()
        rows.append({"redemptionId": redemption_id, **bill, "redemptionStatus": status})
    entity = {
        "redemptions": rows,
        "status": _UPDATED if all(known) else _PARTLY_UPDATED,
        "totalCount": len(rows),
        "failedCount": known.count(False),
    }
    return Reply(body={"entity": entity, "warnings": [], "errors": [], "success": True})


def reactivate(organisation: Organisation, call: Call) -> Reply:
    """`POST /v2/coupon/reactivate`: reverses redemptions, all of them or none (inferred)."""
    ids = [whole(value) for value in entries(fields(call.body).get("redemptionIds"))]
    if not ids:
        raise CouponProblemError(_IDS_MISSING)
    known = [redemption_id for redemption_id in ids if redemption_id in organisation.redeemed]
    if len(set(known)) < len(ids):
        raise CouponProblemError(_IDS_INVALID)
    for redemption_id in known:
        coupon = organisation.redeemed[redemption_id]
        organisation.reactivate(coupon, organisation.clock.now(), redemption_id=redemption_id)
    return Reply(body={"warnings": [], "errors": [], "success": True})


def _redemption_id(entry: Mapping[str, Any]) -> int:
    redemption_id = whole(entry.get("redemptionId"))
    if redemption_id is None:
        raise CouponProblemError(_IDS_MISSING)
    return redemption_id


def _bill(entry: Mapping[str, Any]) -> dict[str, Any]:
    spent = amount(entry.get("billAmount"))
    if spent is None:
        raise CouponProblemError(INVALID_INPUT)
    number = {name: text(entry[name]) for name in ("transactionNumber",) if name in entry}
    more = {name: entry[name] for name in ("billId", "customFields") if name in entry}
    return {"billAmount": float(spent), **number, **more}
