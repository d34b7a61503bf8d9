"""What Corner shop's rooms do beyond the contract, and that its emulator keeps to the facts."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import requests
from couponhub_cornershop import PLUGIN
from couponhub_cornershop.wire import ReplyReader

from couponhub.errors import NotFound, UnreadableReply
from couponhub.models import CouponQuery, CouponStatus, Customer, Store
from couponhub.testing import ControlError, Harness, harness_for
from couponhub.transport import Reply

BUYER = Customer(email="a.buyer@example.com")
COUPON = {
    "code": "SWEET-3",
    "list": 1,
    "list_title": "Penny sweets",
    "given": "2031-01-31T10:00:00Z",
    "last_day": None,
    "used": None,
}


@pytest.fixture
def harness() -> Iterator[Harness]:
    """The adapter on its bench, with the demo at the vendor."""
    with harness_for(PLUGIN) as harness:
        harness.emulator.seed_demo()
        yield harness


def reply(content: object, status: int = 200) -> Reply:
    """A reply as the transport hands it to wire."""
    return Reply(status=status, headers={}, body=json.dumps(content).encode())


def test_odd_row_is_counted() -> None:
    """A row that cannot be read does not hide the others, and is told by its path without its values."""
    odd = {**COUPON, "code": 5150, "given": "canary"}

    holdings = ReplyReader().holdings(reply({"coupons": [odd, COUPON]}))

    assert ["SWEET-3"] == [row.code for row in holdings.coupons.readable]
    (fault,) = holdings.coupons.faults
    assert "$.coupons[0].code" in fault
    assert "5150" not in fault
    assert "canary" not in fault


def test_404_of_another_server_says_nothing() -> None:
    """Only Corner shop's own word means that there is no such list or customer."""
    with pytest.raises(NotFound):
        ReplyReader().list(reply({"error": {"code": "no_such_list"}}, status=404), "7")
    for read in (partial(ReplyReader().list, list_id="7"), ReplyReader().holdings):
        with pytest.raises(UnreadableReply, match="404"):
            read(reply({"message": "no route matched"}, status=404))


def test_expired_coupon_stays_redeemed_when_it_was_used(harness: Harness) -> None:
    """The last day makes a coupon `expired` only if nobody used it."""
    harness.control.issue("1", {"email": "a.buyer@example.com"}, codes=["SWEET-4"])
    harness.control.redeem("1", "SWEET-3")
    harness.control.set_clock(datetime.now(UTC) - timedelta(days=400))
    harness.emulator.seed({"lists": [{"name": "Old sweets", "codes": ["OLD-1", "OLD-2"]}]})
    harness.control.issue("2", {"email": "a.buyer@example.com"}, codes=["OLD-1", "OLD-2"])
    harness.control.redeem("2", "OLD-2", transaction="T-77", store_code="S-1", store_name="High Street")

    answer = harness.connection.customers.coupons(BUYER, CouponQuery())

    assert {
        "SWEET-3": CouponStatus.REDEEMED,
        "SWEET-4": CouponStatus.ACTIVE,
        "OLD-1": CouponStatus.EXPIRED,
        "OLD-2": CouponStatus.REDEEMED,
    } == {coupon.code: coupon.status for coupon in answer.coupons}
    (use,) = next(coupon.redemptions or () for coupon in answer.coupons if coupon.code == "OLD-2")
    assert ("T-77", Store(code="S-1", name="High Street")) == (use.transaction, use.store)


def test_demo_gives_a_coupon(harness: Harness) -> None:
    """The demo's customer, whatever the case of the e-mail, holds the one code that was handed out."""
    answer = harness.connection.customers.coupons(Customer(email="A.Buyer@Example.com"))

    assert ["SWEET-3"] == [coupon.code for coupon in answer.coupons]
    (sweets,) = harness.connection.lists.iterate()
    assert (10, 9) == (sweets.total, sweets.available)


def test_documented_rate_limit(harness: Harness) -> None:
    """After 600 calls in a minute the shop asks to wait, until that minute is over."""
    harness.emulator.set_rate_limits(documented=True)
    url, key = f"{harness.server.url}/cornershop/api/1/lists", {"X-Shop-Key": "demo-key"}
    with requests.Session() as session:
        statuses = [session.get(url, headers=key, timeout=60).status_code for _ in range(600)]
        refused = session.get(url, headers=key, timeout=60)
        harness.control.set_clock(datetime.now(UTC) + timedelta(seconds=61))
        again = session.get(url, headers=key, timeout=60)

    assert {200} == set(statuses)
    assert (429, "slow_down") == (refused.status_code, refused.json()["error"]["code"])
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert 200 == again.status_code


def test_what_the_control_side_refuses(harness: Harness) -> None:
    """Options that there are none of, codes that nobody holds, customers without an e-mail."""
    with pytest.raises(ControlError, match="no_such"):
        harness.emulator.set_options({"no_such": True})
    with pytest.raises(ControlError, match="nobody holds"):
        harness.emulator.redeem("1", "SWEET-9", {})
    with pytest.raises(requests.HTTPError, match="400"):
        harness.control.add_customer(mobile="919876543210")
