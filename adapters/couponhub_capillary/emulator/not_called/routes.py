"""The paths of what is done to coupons, and of the look-ups beside the main ones (C-82, C-86 to C-92)."""

from collections.abc import Callable, Sequence

from werkzeug.wrappers import Request

from couponhub.testing.emulation.routes import Route
from couponhub_capillary.emulator.answers import INVALID_INPUT, Family, Reply, v1_error
from couponhub_capillary.emulator.not_called import (
    customer_coupons_detailed,
    expiry_changes,
    issue_v1,
    issue_v2,
    redeem_v1,
    redeem_v2,
    redeemable_v2,
    redemption_changes,
    revoking,
    series_v1,
)
from couponhub_capillary.emulator.organisation import Organisation
from couponhub_capillary.emulator.problems import CouponProblemError, refused
from couponhub_capillary.emulator.routing import Arguments, Call, Operation, rule

_Answer = Callable[[Organisation, Call], Reply]

_CALLS: Sequence[tuple[str, str, str, _Answer]] = (
    ("GET", "/v1.1/coupon/series", "coupon-read", series_v1.series_list),
    ("POST", "/v1.1/coupon/issue", "default", issue_v1.issue_coupons),
    ("GET", "/v1.1/coupon/resend", "default", issue_v1.resend_coupon),
    ("GET", "/v1.1/coupon/isredeemable", "default", redeem_v1.is_redeemable),
    ("POST", "/v1.1/coupon/redeem", "default", redeem_v1.redeem_coupons),
    ("GET", "/v2/customers/lookup", "default", customer_coupons_detailed.customer_id),
    ("POST", "/v2/coupon/issue", "default", issue_v2.issue_one),
    ("POST", "/v2/coupon/bulk/issue", "default", issue_v2.issue_of_several_series),
    ("POST", "/v2/coupon/issue/multiple", "default", issue_v2.issue_several),
    ("GET", "/v2/coupon/is_redeemable", "default", redeemable_v2.is_redeemable),
    ("POST", "/v2/coupon/redeem", "default", redeem_v2.redeem_one),
    ("POST", "/v2/coupon/bulk/redeem", "default", redeem_v2.redeem_several),
    ("PUT", "/v2/coupon/redeem", "coupon-write", redemption_changes.complete_redemptions),
    ("POST", "/v2/coupon/reactivate", "default", redemption_changes.reactivate),
    ("POST", "/v2/coupon/revoke", "default", revoking.revoke),
    ("PUT", "/v2/coupon/bulk/expiry", "coupon-write", expiry_changes.change_expiry),
)
"""Method, path, access group (3.4), and what answers."""


def coupon_rules(organisation: Organisation) -> list[Route[Operation]]:
    """Let these paths be answered from one organisation's state."""

    def answered_by(answer: _Answer) -> Callable[[Request, Arguments], Reply]:
        return lambda request, arguments: _answered(organisation, answer, request, arguments)

    rules = [rule(method, path, right, answered_by(answer)) for method, path, right, answer in _CALLS]
    detailed = answered_by(customer_coupons_detailed.detailed_coupons)
    path = "/v2/customers/<customer_id>/coupons"
    return [*rules, rule("GET", path, "default", detailed, says_words=True)]


def _answered(organisation: Organisation, answer: _Answer, request: Request, arguments: Arguments) -> Reply:
    call = Call.of(request, arguments)
    try:
        with organisation.lock:
            return answer(organisation, call)
    except CouponProblemError as error:
        # v1.1 tells problems at the coupon; one that comes this far was in the form of the request.
        if Family.of(request.path) is Family.V1:
            raise v1_error(400, INVALID_INPUT) from None
        raise refused(error.problem) from None
