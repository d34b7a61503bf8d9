"""The application over emulated vendors."""

from collections.abc import Iterator

import pytest

from couponhub import CouponHub
from couponhub.server.metrics import Metrics
from couponhub.testing import EmulatedVendors, emulated_vendors
from tests.server.harness import ServerHarness, opened


@pytest.fixture(scope="module")
def vendors() -> Iterator[EmulatedVendors]:
    """Both emulated vendors with the demo's customer, lists and codes."""
    with emulated_vendors(settings={"timeout": 2.0}) as served:
        yield served


@pytest.fixture
def harness(vendors: EmulatedVendors) -> Iterator[ServerHarness]:
    """The application over both vendors, with no token yet."""
    metrics = Metrics()
    with CouponHub.from_config(vendors.config, observer=metrics) as hub:
        harness = opened(vendors, hub, metrics)
        yield harness
        for token in harness.tokens.all():
            harness.tokens.remove(token.id)
        for control in vendors.controls.values():
            control.set_faults()
