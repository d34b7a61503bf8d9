"""A counter over emulated vendors."""

from collections.abc import Iterator

import pytest

from couponhub import CouponHub
from couponhub.server.metrics import Metrics
from couponhub.testing import EmulatedVendors, emulated_vendors
from tests.server.counter import Counter, opened


@pytest.fixture(scope="module")
def vendors() -> Iterator[EmulatedVendors]:
    """Both emulated vendors with the demo's customer, lists and codes."""
    with emulated_vendors(settings={"timeout": 2.0}) as served:
        yield served


@pytest.fixture
def counter(vendors: EmulatedVendors) -> Iterator[Counter]:
    """The application over both vendors, with no token yet."""
    metrics = Metrics()
    with CouponHub.from_config(vendors.config, observer=metrics) as hub:
        counter = opened(vendors, hub, metrics)
        yield counter
        for token in counter.tokens.all():
            counter.tokens.remove(token.id)
        for control in vendors.controls.values():
            control.set_faults()
