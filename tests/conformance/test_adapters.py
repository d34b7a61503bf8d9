"""The conformance suite over every installed adapter: none can be forgotten, since the registry drives it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

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
