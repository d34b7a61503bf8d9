"""What users test their own code with: the fixture, the vendors, the control over them."""

import pytest

from couponhub import Customer, UsageError
from couponhub.testing import EmulatedVendors, emulated_vendors

pytest_plugins = ["couponhub.testing.fixtures"]


def test_the_fixture_serves_every_vendor(coupon_vendors: EmulatedVendors) -> None:
    """A user's test looks the demo's customer up and gets coupons of one vendor and a refusal of the other."""
    answer = coupon_vendors.hub.lookup(Customer(external_id="EXT-007"))
    verdicts = {name: one.verdict for name, one in answer.by_connection.items()}
    assert {"capillary": "found", "moengage": "unknown"} == verdicts
    assert len(answer.coupons) >= 5


def test_a_user_can_break_a_vendor(coupon_vendors: EmulatedVendors) -> None:
    """With a fault in place the lookup is unknown, and afterwards all is well again."""
    customer = Customer(mobile="919876543210")
    coupon_vendors.controls["capillary"].fail("GET *", "garbage", "half")
    assert "unknown" == coupon_vendors.hub.lookup(customer).by_connection["capillary"].verdict
    coupon_vendors.controls["capillary"].set_faults()
    assert "found" == coupon_vendors.hub.lookup(customer).by_connection["capillary"].verdict


def test_vendors_can_be_chosen() -> None:
    """One vendor, empty; one that does not exist is refused by name."""
    with emulated_vendors("moengage", demo=False) as vendors:
        assert ["moengage"] == list(vendors.hub)
        assert [] == list(vendors.hub["moengage"].lists.iterate())
    with pytest.raises(UsageError, match="nobody"), emulated_vendors("nobody"):
        pass
