"""Asking in v2 whether coupons could be redeemed: `GET /v2/coupon/is_redeemable` (C-89)."""

from typing import Any

from couponhub_capillary.emulator.answers import Reply, v2_good
from couponhub_capillary.emulator.coupons.redeemability import Use, redemptions_left, uses_of
from couponhub_capillary.emulator.not_called.named_customers import customer_of, profile_object
from couponhub_capillary.emulator.not_called.redeeming import Verdict, judge
from couponhub_capillary.emulator.organisation import Organisation
from couponhub_capillary.emulator.problems import INVALID_INPUT, CouponProblemError
from couponhub_capillary.emulator.records import Customer
from couponhub_capillary.emulator.routing import Call
from couponhub_capillary.emulator.series.details import series_excerpt, whole_series

_REDEEMABLE = v2_good(700, "Coupon isRedeem successful")


def is_redeemable(organisation: Organisation, call: Call) -> Reply:
    """Answer about each code; the first one that could not be redeemed says why (inferred)."""
    codes = [code.strip() for code in call.query.get("code", "").split(",") if code.strip()]
    if not codes:
        raise CouponProblemError(INVALID_INPUT)
    customer = customer_of(organisation, call.query)
    use = Use(customer=customer, at=organisation.clock.now(), store=call.store)
    verdicts = [verdict for code in codes for verdict in judge(organisation, [code], use)]
    problem = next((verdict.problem for verdict in verdicts if verdict.problem), None)
    details = call.query.get("details", "")
    answer = {
        "redemption": [_checked(organisation, verdict, customer, details) for verdict in verdicts],
        "redemptionStatus": problem.entry() if problem is not None else _REDEEMABLE,
        "customer": profile_object(organisation, customer),
        "warnings": [],
    }
    return Reply(body=answer)


def _checked(
    organisation: Organisation, verdict: Verdict, customer: Customer, details: str
) -> dict[str, Any]:
    coupon = verdict.coupon
    printed: dict[str, Any] = {
        "currencyInput": False,
        "localToBaseCurrencyExchangeRate": 0,
        "isRedeemable": verdict.problem is None,
        "warnings": [],
        "appendedErrorMessage": "",
        "code": verdict.code.upper(),
        "isAbsolute": False,
        "redemptionsLeft": redemptions_left(coupon) if coupon is not None else 0,
        "numberOfRedemptionsByUser": uses_of(coupon.redemptions, customer) if coupon is not None else 0,
    }
    if coupon is None:
        return printed
    terms = coupon.series.terms
    if details == "true":
        printed["couponseries"] = series_excerpt(organisation, coupon.series)
        printed |= {name: terms[name] for name in ("discountType", "discountValue", "discountUpto")}
    if details == "extended":
        printed["couponseries"] = whole_series(organisation, coupon.series, range_as_object=True)
    return printed
