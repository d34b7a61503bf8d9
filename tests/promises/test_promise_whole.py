"""A customer's coupons come back whole and each once, however many; else the answer says that it is not whole."""

from collections import Counter
from datetime import timedelta

import pytest

from couponhub.clock import utc_now
from couponhub.models import Customer, LookupAnswer, Reason, Verdict
from couponhub.testing import Harness
from tests.promises.vendor_side import codes

HOLDER = {"mobile": "919876512345", "external_id": "HOLDER-1"}
V2_IS_OFF = {
    "vendor": "capillary",
    "match": "GET /v2/customers/*",
    "fault": "status",
    "value": {
        "status": 403,
        "body": {
            "warnings": [],
            "errors": [{"status": False, "code": 403, "message": "V2 is not enabled"}],
            "success": False,
        },
    },
}


def hand_out(harness: Harness, count: int, *, in_one_second: int, a_day: int = 20) -> str:
    """A list whose codes the holder was given, some a day, the last ones all in one second; answers its id."""
    days = -(-(count - in_one_second) // a_day)
    moment = utc_now() - timedelta(days=days + 1)
    harness.control.set_clock(moment)
    harness.control.add_customer(**HOLDER)
    list_id = harness.list_with("held", [f"HELD-{number:05}" for number in range(count)])
    left = count - in_one_second
    while left:
        moment += timedelta(days=1)
        harness.control.set_clock(moment)
        left -= len(harness.control.issue(list_id, HOLDER, count=min(a_day, left)))
    harness.control.set_clock(None)
    if in_one_second:
        harness.control.issue(list_id, HOLDER, count=in_one_second)
    return list_id


def ask(harness: Harness) -> LookupAnswer:
    """Look the holder up, in a hub of its own: the clock that handed out has moved, tokens have not.

    With time for every call: of a page that a busy machine is slow to make, the harness's two seconds would let the
    adapter turn to the days, which give a whole answer too, but not by the way that a test is about.
    """
    with harness.open_hub(timeout=30.0) as hub:
        return hub.lookup(Customer(mobile=HOLDER["mobile"]), deadline=30)


@pytest.mark.parametrize(("count", "in_one_second"), [(1234, 0), (2500, 300)])
@pytest.mark.parametrize("limit_cap", [0, 100])
def test_every_coupon_comes_once(capillary: Harness, count: int, in_one_second: int, limit_cap: int) -> None:
    """With v2 serving, whether or not v1.1 cuts its lists in silence."""
    list_id = hand_out(capillary, count, in_one_second=in_one_second)
    capillary.control.set_options(limit_cap=limit_cap)

    answer = ask(capillary)

    assert codes(capillary, list_id) == Counter(coupon.code for coupon in answer.coupons)
    assert (count, True) == (len(answer.coupons), answer.complete)


@pytest.mark.parametrize(("count", "in_one_second"), [(1234, 0), (2500, 300)])
def test_every_coupon_comes_once_without_v2(capillary: Harness, count: int, in_one_second: int) -> None:
    """With v2 switched off they come by days, as long as no day holds more than an answer may."""
    list_id = hand_out(capillary, count, in_one_second=in_one_second)
    capillary.control.set_faults(V2_IS_OFF)

    answer = ask(capillary)

    assert codes(capillary, list_id) == Counter(coupon.code for coupon in answer.coupons)
    assert (count, True) == (len(answer.coupons), answer.complete)


def test_what_cannot_be_had_is_not_called_whole(capillary: Harness) -> None:
    """Without v2 and with lists cut at 100, a second of 300 cannot be read: the rest comes, and it is said."""
    list_id = hand_out(capillary, 2500, in_one_second=300)
    capillary.control.set_faults(V2_IS_OFF)
    capillary.control.set_options(limit_cap=100)

    answer = ask(capillary)

    came, truth = Counter(coupon.code for coupon in answer.coupons), codes(capillary, list_id)
    assert {1} == set(came.values())
    assert came.keys() <= truth.keys()
    assert 2200 + 100 == len(came)
    (one,) = answer.answers
    assert (Verdict.FOUND, Reason.INCOMPLETE, False) == (one.verdict, one.reason, answer.complete)
