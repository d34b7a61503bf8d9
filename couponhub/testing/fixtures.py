"""pytest fixtures for users' own tests: name this module in `pytest_plugins`."""

from collections.abc import Iterator

import pytest

from couponhub.testing.vendors import EmulatedVendors, emulated_vendors


@pytest.fixture
def coupon_vendors() -> Iterator[EmulatedVendors]:
    """Every emulated vendor, holding the demo's lists and customers, and a hub that is configured for them."""
    with emulated_vendors() as vendors:
        yield vendors
