"""Corner shop, a stranger's adapter, keeps the contract like any other."""

from collections.abc import Iterator

import pytest
from couponhub_cornershop import PLUGIN

from couponhub.testing import ConformanceSuite, Harness, harness_for


class TestCornerShop(ConformanceSuite):
    """Every rule; what the shop cannot do is asserted to be refused."""

    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        """Put the adapter on its bench."""
        with harness_for(PLUGIN) as harness:
            yield harness
