"""An adapter that can nothing but be opened: every rule of the suite has a way to assert a refusal."""

from collections.abc import Iterator, Mapping, Sequence

import attrs
import pytest
from couponhub_cornershop import PLUGIN
from couponhub_cornershop.adapter import CornerShopAdapter
from couponhub_cornershop.settings import CornerShopSettings

from couponhub.clock import Deadline
from couponhub.plugin import Services
from couponhub.testing import ConformanceSuite, Harness, harness_for


class LeastAdapter:
    """Corner shop without any capability."""

    def __init__(self, connection: str, settings: CornerShopSettings, services: Services) -> None:
        del services
        self._whole = CornerShopAdapter(connection, settings)
        self.limits = self._whole.limits

    def advice(self, capability: str) -> str:
        """Say the same of everything."""
        return f"go and see the shop about {capability}"

    def check(self, *, deadline: Deadline | None = None) -> str:
        """As the whole adapter."""
        return self._whole.check(deadline=deadline)

    def quota_left(self) -> Mapping[str, int]:
        """As the whole adapter."""
        return self._whole.quota_left()

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | Sequence[str]] | None = None,
        body: object = None,
    ) -> object:
        """As the whole adapter."""
        return self._whole.call(method, path, query=query, body=body)

    def close(self) -> None:
        """As the whole adapter."""
        self._whole.close()


class TestLeastAdapter(ConformanceSuite):
    """Every rule, mostly by its refusal."""

    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        """Put the adapter on its bench."""
        with harness_for(attrs.evolve(PLUGIN, open=LeastAdapter)) as harness:
            yield harness


def test_least_adapter_can_nothing() -> None:
    """Otherwise this module would prove little."""
    with harness_for(attrs.evolve(PLUGIN, open=LeastAdapter)) as harness:
        assert [] == list(harness.connection.capabilities)
