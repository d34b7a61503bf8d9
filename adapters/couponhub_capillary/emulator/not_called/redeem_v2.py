"""Redeeming in v2: one coupon, or several at once (C-89)."""

from collections.abc import Mapping
from typing import Any

from couponhub_capillary.emulator.answers import RefusedError, Reply, v2_good, v2_status_block
from couponhub_capillary.emulator.coupons.redeemability import Use
from couponhub_capillary.emulator.not_called.body_values import amount, entries, fields, moment, text
from couponhub_capillary.emulator.not_called.named_customers import customer_of, find_named, profile_object
from couponhub_capillary.emulator.not_called.redeeming import Verdict, judge, redeem, redeemable
from couponhub_capillary.emulator.organisation import Organisation
from couponhub_capillary.emulator.problems import (
    CUSTOMER_UNKNOWN,
    INVALID_INPUT,
    CouponProblemError,
    Problem,
)
from couponhub_capillary.emulator.records import Coupon, Customer
from couponhub_capillary.emulator.routing import Call

_REDEEMED = v2_good(700, "Coupon processing successful")
_COULD_BE = v2_good(731, "Coupon redemption successful")
_SPOILT = Problem(749, "Bulk redemption failed because of other coupons in the batch")


def redeem_one(organisation: Organisation, call: Call) -> Reply:
    """`POST /v2/coupon/redeem`: one coupon; what cannot be is an error of the whole request (inferred)."""
    body = fields(call.body)
    codes = _codes(body)
    if len(codes) != 1:
        raise CouponProblemError(INVALID_INPUT)
    customer = customer_of(organisation, body.get("user"))
    use, number = _use(organisation, call, customer)
    coupon = redeemable(organisation, codes[0], use)
    redemption = redeem(organisation, coupon, use, number)
    answer = {
        "redemption": [{"redemptionId": str(redemption.id), **_result(coupon, _REDEEMED)}],
        "redemptionStatus": _REDEEMED,
        "customer": profile_object(organisation, customer),
        "warnings": [],
    }
    return Reply(body=answer)


def redeem_several(organisation: Organisation, call: Call) -> Reply:
    """`POST /v2/coupon/bulk/redeem`: all or none of them; with `is_redeemable=true` it is only asked."""
    body = fields(call.body)
    codes = _codes(body)
    if not 0 < len(codes) <= organisation.options.bulk_redeem_limit:  # C-57
        return _answer([_failure({}, INVALID_INPUT)], failed=True)
    customer = find_named(organisation, body.get("user"))
    if customer is None:
        raise RefusedError(Reply(status=400, body=CUSTOMER_UNKNOWN.entry()))  # printed without an envelope
    use, number = _use(organisation, call, customer)
    verdicts = judge(organisation, codes, use)
    if any(verdict.problem for verdict in verdicts):
        return _answer([_failed_row(verdict) for verdict in verdicts], failed=True)
    rows = []
    for coupon in (verdict.coupon for verdict in verdicts if verdict.coupon):
        if call.query.get("is_redeemable") == "true":
            result = _result(coupon, _COULD_BE)
        else:
            redemption = redeem(organisation, coupon, use, number)
            result = {"redemptionId": str(redemption.id), **_result(coupon, _REDEEMED)}
        rows.append({"entityId": coupon.id, "result": result, "errors": []})
    return _answer(rows, failed=False)


def _codes(body: Mapping[str, Any]) -> list[str]:
    return [text(fields(entry).get("code")) for entry in entries(body.get("redemptionRequestList"))]


def _use(organisation: Organisation, call: Call, customer: Customer) -> tuple[Use, str]:
    body = fields(call.body)
    use = Use(
        customer=customer,
        at=moment(body.get("redemptionTime")) or organisation.clock.now(),
        store=call.store,
        amount=amount(body.get("billAmount")),
    )
    return use, text(body.get("transactionNumber"))


def _answer(rows: list[dict[str, Any]], *, failed: bool) -> Reply:
    failures = len(rows) if failed else 0
    body = {"response": rows, "totalCount": len(rows), "failureCount": failures}
    return Reply(status=400 if failed else 200, body=body)  # C-62


def _result(coupon: Coupon, status: Mapping[str, Any]) -> dict[str, Any]:
    terms = coupon.series.terms
    return {
        **_frame(status),
        "id": coupon.id,
        "code": coupon.code,
        "discountCode": terms["discountCode"],
        "seriesCode": coupon.series.id,  # an id, whatever its name says (C-72)
        "isAbsolute": terms["discountType"] == "ABS",
        "couponValue": terms["discountValue"],
        "discountType": terms["discountType"],
        "discountValue": terms["discountValue"],
        "discountUpto": terms["discountUpto"],
    }


def _failed_row(verdict: Verdict) -> dict[str, Any]:
    entity = {"entityId": verdict.coupon.id} if verdict.coupon is not None else {}
    return entity | _failure({"code": verdict.code}, verdict.problem or _SPOILT)


def _failure(named: Mapping[str, str], problem: Problem) -> dict[str, Any]:
    return {"result": {**_frame(problem.entry()), **named}, "errors": [problem.entry()]}


def _frame(status: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "currencyInput": False,
        "localToBaseCurrencyExchangeRate": 0,
        "warnings": [],
        "appendedErrorMessage": "",
        "isAbsolute": False,
        "redemptionStatus": v2_status_block(status),
    }
