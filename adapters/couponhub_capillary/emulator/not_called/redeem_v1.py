"""Redeeming, and asking whether one could, in v1.1."""

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from couponhub_capillary.emulator.answers import Reply
from couponhub_capillary.emulator.coupons.by_code import CASES, in_case
from couponhub_capillary.emulator.coupons.redeemability import Use, redemptions_left, uses_of
from couponhub_capillary.emulator.not_called.body_values import amount, fields, text
from couponhub_capillary.emulator.not_called.issue_v1 import series_info
from couponhub_capillary.emulator.not_called.named_customers import customer_of, find_named
from couponhub_capillary.emulator.not_called.redeeming import redeem, redeemable
from couponhub_capillary.emulator.not_called.v1_items import (
    Item,
    alone_or_all,
    asked_coupons,
    customer_object,
    echoed,
    in_old_style,
    item,
    v1_reply,
)
from couponhub_capillary.emulator.organisation import Organisation
from couponhub_capillary.emulator.problems import CUSTOMER_UNKNOWN, INVALID_INPUT, CouponProblemError
from couponhub_capillary.emulator.routing import Call

_IDENTIFIERS = ("id", "external_id", "mobile", "email", "card_number")


def redeem_coupons(organisation: Organisation, call: Call) -> Reply:
    """`POST /v1.1/coupon/redeem`: each coupon for itself, one after the other."""
    wanted = [_wanted(organisation, call, entry) for entry in asked_coupons(call.body)]
    items = [
        item(partial(_redeemed, organisation, printed, use), otherwise=printed) for printed, use in wanted
    ]
    reply = v1_reply("coupons", items, {"coupon": alone_or_all(items)})
    return in_old_style(reply) if organisation.options.legacy else reply


def is_redeemable(organisation: Organisation, call: Call) -> Reply:
    """`GET /v1.1/coupon/isredeemable`: whether one coupon could be redeemed now."""
    otherwise = {**_named(call), "code": call.query.get("code", ""), "is_redeemable": "false"}
    found = item(
        partial(_checked, organisation, call), otherwise=otherwise, message="Coupon isRedeem successful"
    )
    found["item_status"]["status"] = found["item_status"]["success"]
    reply = v1_reply("coupons", [found], {"redeemable": found})
    return in_old_style(reply) if organisation.options.legacy else reply


def _wanted(organisation: Organisation, call: Call, asked: Mapping[str, Any]) -> tuple[Item, Use]:
    """Print what an answer says of a coupon in any case, and its use."""
    transaction = asked.get("transaction")
    bill = fields(transaction[0] if isinstance(transaction, list) and transaction else transaction or {})
    spent = amount(bill.get("amount"))
    customer = find_named(organisation, asked.get("customer"))
    shown = not organisation.options.mask_people
    printed: Item = {
        "customer": customer_object(customer, shown=shown) if customer else echoed(asked.get("customer")),
        "code": text(asked.get("code")).upper(),
        "is_absolute": "false",
        "transaction": {"amount": f"{spent or Decimal(0):.2f}", "number": text(bill.get("number"))},
        "side_effects": [],
    }
    use = Use(customer=customer, at=organisation.clock.now(), store=call.store, amount=spent)
    return printed, use


def _redeemed(organisation: Organisation, printed: Item, use: Use) -> Item:
    if use.customer is None:
        raise CouponProblemError(CUSTOMER_UNKNOWN)
    coupon = redeemable(organisation, printed["code"], use)
    redemption = redeem(organisation, coupon, use, printed["transaction"]["number"])
    terms = coupon.series.terms
    return {
        **printed,
        "redemption_id": str(redemption.id),
        "discount_code": terms["discountCode"],
        "series_code": str(coupon.series.id),
        "series_info": [],
        "is_absolute": "true" if terms["discountType"] == "ABS" else "false",
        "coupon_value": str(terms["discountValue"]),
    }


def _checked(organisation: Organisation, call: Call) -> Item:
    code, case = call.query.get("code", ""), call.query.get("coupon_code_case", "UPPER")
    if not code or case not in CASES:
        raise CouponProblemError(INVALID_INPUT)
    customer = customer_of(organisation, call.query)
    use = Use(customer=customer, at=organisation.clock.now(), store=call.store)
    coupon = redeemable(organisation, code, use)
    series = coupon.series
    details = (
        {"series_info": series_info(series)} if call.query.get("details") in {"true", "extended"} else {}
    )
    return {
        **_named(call),
        "code": in_case(coupon.code, case),
        "is_redeemable": "true",
        "redemptions_left": redemptions_left(coupon),
        "no_of_redemptions_by_user": uses_of(coupon.redemptions, customer),
        "coupon_value": str(series.terms["discountValue"]),
        "customer": customer_object(customer, shown=not organisation.options.mask_people),
        **details,
    }


def _named(call: Call) -> dict[str, str]:
    return {name: call.query[name] for name in _IDENTIFIERS if call.query.get(name)}
