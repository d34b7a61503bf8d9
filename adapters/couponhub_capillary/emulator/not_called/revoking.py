"""Taking coupons from their customers: `POST /v2/coupon/revoke` (C-91, C-60)."""

from collections.abc import Iterable, Sequence
from typing import Any

from couponhub_capillary.emulator.answers import Reply
from couponhub_capillary.emulator.coupons.by_code import CASES, in_case
from couponhub_capillary.emulator.coupons.expiry import end_of, has_passed
from couponhub_capillary.emulator.not_called.body_values import entries, fields, text
from couponhub_capillary.emulator.not_called.issuing import series_of
from couponhub_capillary.emulator.not_called.named_customers import customer_of, names_somebody
from couponhub_capillary.emulator.organisation import Organisation
from couponhub_capillary.emulator.problems import (
    BATCH_TOO_LARGE,
    INVALID_INPUT,
    SERIES_EXPIRED,
    SERIES_MISSING,
    CouponProblemError,
    Problem,
)
from couponhub_capillary.emulator.records import Coupon, Customer, Series
from couponhub_capillary.emulator.routing import Call

_MOST_CODES = 50
_MOST_OF_CUSTOMER = 100
_COMMON_CODE = Problem(108, "Unsupported coupons series config with client handling type GENERIC")
_NOT_FOUND = Problem(682, "Coupon not found ")
_NOTHING_NAMED = Problem(756, "CouponCode/s or customer info is mandatory")
_REDEEMED = Problem(405, "Coupon code redeemed")


def revoke(organisation: Organisation, call: Call) -> Reply:
    """Revoke coupons by code, or all that a customer has not redeemed; a success even when each of them fails."""
    body = fields(call.body)
    codes = [text(code) for code in entries(body.get("couponCodes"))]
    somebody = names_somebody(body.get("customer"))
    case = call.query.get("couponCodeCase", "UPPER")
    if not (codes or somebody):
        raise CouponProblemError(_NOTHING_NAMED)
    if case not in CASES:
        raise CouponProblemError(INVALID_INPUT)
    if len(codes) > _MOST_CODES:
        raise CouponProblemError(BATCH_TOO_LARGE)
    series = _series(organisation, body.get("couponSeriesId"), codes)
    customer = customer_of(organisation, body["customer"]) if somebody else None
    if series is not None:
        if series.kind == "GENERIC" and customer is None:
            raise CouponProblemError(_COMMON_CODE)
        if has_passed(end_of(series.last_day, organisation.options.server_zone), organisation.clock.now()):
            raise CouponProblemError(SERIES_EXPIRED)
    if customer is not None and not codes:
        coupons = _unredeemed(customer, series)
        if len(coupons) > _MOST_OF_CUSTOMER:
            raise CouponProblemError(BATCH_TOO_LARGE)
        for coupon in coupons:
            organisation.revoke(coupon)
        return _reply(coupons, {}, case)
    return _by_code(organisation, series, customer, codes, case)


def _series(organisation: Organisation, series_id: object, codes: Sequence[str]) -> Series | None:
    """The series that is named, else that of the only code; None where there is none."""
    if series_id is not None:
        return series_of(organisation, series_id)
    if len(codes) != 1:
        raise CouponProblemError(SERIES_MISSING)
    owner = organisation.codes.get(codes[0].upper())
    return owner.series if isinstance(owner, Coupon) else owner


def _unredeemed(customer: Customer, series: Series | None) -> list[Coupon]:
    return [
        coupon
        for coupon in customer.coupons
        if coupon.series is series and not coupon.revoked and not coupon.redemptions
    ]


def _by_code(
    organisation: Organisation,
    series: Series | None,
    customer: Customer | None,
    codes: Iterable[str],
    case: str,
) -> Reply:
    revoked: list[Coupon] = []
    failed: dict[Problem, list[str]] = {}
    for code in codes:
        held = [
            coupon
            for coupon in (organisation.coupons_of(series, code) if series is not None else ())
            if not coupon.revoked and customer in {None, coupon.customer}
        ]
        unredeemed = next((coupon for coupon in held if not coupon.redemptions), None)
        if unredeemed is None:
            failed.setdefault(_REDEEMED if held else _NOT_FOUND, []).append(in_case(code.upper(), case))
            continue
        organisation.revoke(unredeemed)
        revoked.append(unredeemed)
    return _reply(revoked, failed, case)


def _reply(revoked: Sequence[Coupon], failed: dict[Problem, list[str]], case: str) -> Reply:
    failures = sum(map(len, failed.values()))
    entity: dict[str, Any] = {
        "totalCount": len(revoked) + failures,
        "failedCount": failures,
        "revokedCoupons": [
            {
                "couponId": coupon.id,
                "couponCode": in_case(coupon.code, case),
                # A code of a third party has nobody as its owner (C-98).
                "issuedToUserId": coupon.customer.id if coupon.customer is not None else -1,
            }
            for coupon in revoked
        ],
        "failedToRevoke": [
            {"errorCode": problem.code, "errorMessage": problem.message, "couponCodes": codes}
            for problem, codes in failed.items()
        ],
    }
    return Reply(body={"entity": entity, "warnings": [], "errors": [], "success": True})
