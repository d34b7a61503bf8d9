"""The conformance suite over every installed adapter: none can be forgotten, since the registry drives it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from couponhub import Customer
from couponhub.plugin import AdapterPlugin
from couponhub.registry import Registry
from couponhub.testing import ConformanceSuite, Harness, harness_for

# What each vendor requires of a new list beyond a name and a last day.
LIST_EXTRA: Mapping[str, Mapping[str, str]] = {
    "capillary": {
        "discountCode": "CONFORM",
        "discountType": "PERC",
        "discountValue": "10",
        "smsTemplate": "Hi {{first_name}}, your code is {{voucher}}",
    },
    "moengage": {},
}
SETTINGS: Mapping[str, Mapping[str, str]] = {"capillary": {}, "moengage": {"created_by": "conformance"}}
CONTRACT = Path(__file__).parents[2] / "docs" / "contract.md"


class TestAdapters(ConformanceSuite):
    """Every rule, for every installed adapter."""

    @pytest.fixture(params=Registry().names())
    def harness(self, request: pytest.FixtureRequest) -> Iterator[Harness]:
        """Put the adapter on its bench; KeyError for a vendor that nobody wrote down here."""
        plugin = Registry().load(request.param)
        assert isinstance(plugin, AdapterPlugin)
        with harness_for(
            plugin, list_extra=LIST_EXTRA[plugin.name], settings=SETTINGS[plugin.name]
        ) as harness:
            yield harness


def test_every_rule_has_a_test() -> None:
    """The contract's rules and the suite's tests name the same rules."""
    worded = set(re.findall(r"^\| (R-\d\d) \|", CONTRACT.read_text(encoding="utf-8"), re.MULTILINE))
    tested = {f"R-{name[6:8]}" for name in dir(ConformanceSuite) if re.match(r"test_r\d\d_", name)}
    assert worded == tested


def test_capillary_tells_where_a_coupon_was_used() -> None:
    """The contract leaves open what a vendor does not tell; this one tells the transaction and the store."""
    plugin = Registry().load("capillary")
    with harness_for(plugin, list_extra=LIST_EXTRA["capillary"]) as harness:
        list_id = harness.create_list().id
        harness.control.add_customer(mobile="919876500001")
        harness.control.issue(list_id, {"mobile": "919876500001"}, codes=["USE-1"])
        harness.control.redeem(list_id, "USE-1", transaction="T-77", store_code="S-1", store_name="Shop")
        (coupon,) = harness.connection.customers.coupons(Customer(mobile="919876500001")).coupons
        (use,) = coupon.redemptions or ()
        assert (1, "T-77", "S-1") == (coupon.redemption_count, use.transaction, use.store and use.store.code)
