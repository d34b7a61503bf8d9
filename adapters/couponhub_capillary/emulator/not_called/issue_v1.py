"""Issuing and sending again in v1.1. Both are printed in the oldest style alone, and so answered in it (C-58)."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from couponhub_capillary.emulator.answers import Reply
from couponhub_capillary.emulator.not_called.issuing import issue, series_of
from couponhub_capillary.emulator.not_called.named_customers import customer_of
from couponhub_capillary.emulator.not_called.v1_items import (
    Item,
    alone_or_all,
    asked_coupons,
    echoed,
    in_old_style,
    in_text,
    item,
    v1_reply,
)
from couponhub_capillary.emulator.organisation import Organisation
from couponhub_capillary.emulator.problems import CouponProblemError, Problem
from couponhub_capillary.emulator.records import Series
from couponhub_capillary.emulator.routing import Call

_NEITHER_ID_NOR_CODE = Problem(781, "Neither coupon id nor code given")
_NOT_FOUND = Problem(780, "Coupon not found for identifier")


def issue_coupons(organisation: Organisation, call: Call) -> Reply:
    """`POST /v1.1/coupon/issue`: each coupon that is asked for, one after the other."""
    items = [
        item(
            partial(_issued, organisation, call, entry),
            otherwise={"customer": echoed(entry.get("customer"))},
        )
        for entry in asked_coupons(call.body)
    ]
    return in_old_style(v1_reply("coupon", items, alone_or_all(items)))


def resend_coupon(organisation: Organisation, call: Call) -> Reply:
    """`GET /v1.1/coupon/resend`: says that a coupon was sent again; nothing is sent."""
    named = {name: call.query[name] for name in ("id", "code") if call.query.get(name)}
    sent = item(partial(_resent, organisation, call), otherwise=named, message="Coupon Resent")
    return in_old_style(v1_reply("coupons", [sent], {"coupon": [sent]}))


def series_info(series: Series) -> dict[str, Any]:
    """Print a series as v1.1 does beside a coupon."""
    terms = series.terms
    printed: dict[str, Any] = in_text(
        {
            "id": series.id,
            "description": terms["description"],
            "discount_code": terms["discountCode"],
            "valid_till": series.last_day.isoformat(),
            "discount_type": terms["discountType"],
            "discount_value": terms["discountValue"],
            "detailed_info": terms["info"],
        }
    )
    return printed


def _issued(organisation: Organisation, call: Call, asked: Mapping[str, Any]) -> Item:
    series = series_of(organisation, asked.get("series_id"))
    customer = customer_of(organisation, asked.get("customer"))
    coupon = issue(organisation, series, customer, call.store)
    user = {"user_id": str(customer.id)} if call.query.get("user_id") == "true" else {}
    return {
        "code": coupon.code.lower(),
        "valid_till": f"{coupon.valid_till.astimezone(organisation.options.server_zone):%Y-%m-%d}",
        "series_info": series_info(series),
        "customer": echoed(asked.get("customer")) | user,
    }


def _resent(organisation: Organisation, call: Call) -> Item:
    coupon_id, code = call.query.get("id", ""), call.query.get("code", "").upper()
    if not (coupon_id or code):
        raise CouponProblemError(_NEITHER_ID_NOR_CODE)
    # `id` is the coupon's here, so that it names no customer.
    named = {name: value for name, value in call.query.items() if name != "id"}
    for coupon in customer_of(organisation, named).coupons:
        if not coupon.revoked and (str(coupon.id) == coupon_id if coupon_id else coupon.code == code):
            return {"id": str(coupon.id), "code": coupon.code}
    raise CouponProblemError(_NOT_FOUND)
