"""The vendors in their harnesses: real HTTP, and nothing known of them but what their control API tells."""

from collections.abc import Iterator, Mapping

import pytest

from couponhub.registry import Registry
from couponhub.testing import Harness, harness_for

# What each vendor requires of a new list beyond a name and a last day.
LIST_EXTRA: Mapping[str, Mapping[str, str]] = {
    "capillary": {
        "discountCode": "PROMISE",
        "discountType": "PERC",
        "discountValue": "10",
        "smsTemplate": "Hi {{first_name}}, your code is {{voucher}}",
    },
    "moengage": {},
}
SETTINGS: Mapping[str, Mapping[str, str | float]] = {
    "capillary": {"default_country_code": "91"},
    "moengage": {"created_by": "promises@example.com"},
}


def opened(vendor: str) -> Iterator[Harness]:
    """Put one adapter in its harness."""
    plugin = Registry().load(vendor)
    with harness_for(plugin, list_extra=LIST_EXTRA[vendor], settings=SETTINGS[vendor]) as harness:
        yield harness


@pytest.fixture
def capillary() -> Iterator[Harness]:
    """Capillary, whose customers can be asked about."""
    yield from opened("capillary")


@pytest.fixture
def moengage() -> Iterator[Harness]:
    """MoEngage, whose rate limits are by the day and by the calendar minute."""
    yield from opened("moengage")


@pytest.fixture(params=["capillary", "moengage"])
def either(request: pytest.FixtureRequest) -> Iterator[Harness]:
    """Each of the two in turn."""
    yield from opened(request.param)
