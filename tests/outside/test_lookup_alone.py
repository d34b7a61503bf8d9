"""An adapter that looks customers up and can nothing else joins the suite: every other rule asserts a refusal."""

from collections.abc import Iterator, Mapping, Sequence

import attrs
import pytest
from couponhub_cornershop import PLUGIN
from couponhub_cornershop.adapter import CornerShopAdapter
from couponhub_cornershop.settings import CornerShopSettings

from couponhub.clock import Deadline
from couponhub.errors import Unsupported
from couponhub.models import CouponQuery, Customer, CustomerCoupons
from couponhub.plugin import Services
from couponhub.testing import ConformanceSuite, Harness, harness_for


class LookupAlone:
    """Corner shop as a vendor that answers one question, and of a used coupon says no more than that it was used."""

    def __init__(self, connection: str, settings: CornerShopSettings, services: Services) -> None:
        del services
        self._whole = CornerShopAdapter(connection, settings)
        self.limits = self._whole.limits

    def customer_coupons(
        self, customer: Customer, query: CouponQuery, *, deadline: Deadline | None = None
    ) -> CustomerCoupons:
        """As the whole adapter, but of lists it knows nothing."""
        if query.list_id is not None:
            raise Unsupported("the shop tells no lists", hint="ask for all coupons", connection="cornershop")
        answer = self._whole.customer_coupons(customer, query, deadline=deadline)
        coupons = (
            attrs.evolve(one, redemptions=None, redemption_count=None, redemptions_left=None)
            for one in answer.coupons
        )
        return attrs.evolve(answer, coupons=tuple(coupons))

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


class TestLookupAlone(ConformanceSuite):
    """Every rule, mostly by its refusal."""

    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        """Put the adapter on its bench."""
        with harness_for(attrs.evolve(PLUGIN, open=LookupAlone)) as harness:
            yield harness


def test_it_can_nothing_else() -> None:
    """Otherwise this module would prove little."""
    with harness_for(attrs.evolve(PLUGIN, open=LookupAlone)) as harness:
        assert ["customers.coupons"] == list(harness.connection.capabilities)
