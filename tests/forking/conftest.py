"""Capillary behind a proxy that keeps connections open."""

from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest

from couponhub.hub import CouponHub
from couponhub.models import ListId
from couponhub.registry import Registry
from couponhub.testing import harness_for
from couponhub.testing.configuration import REMEMBERS_NOTHING, Setting, config_text
from tests.forking.keeping import HAS_FORK, KeepAliveProxy

HOLDER = {"mobile": "919876500001", "email": "holder@example.com"}
OTHER = {"mobile": "919876500002", "email": "other@example.com"}
HELD = [f"HELD-{number}" for number in range(5)]
_EXTRA = {
    "discountCode": "FORKED",
    "discountType": "PERC",
    "discountValue": "10",
    "smsTemplate": "{{voucher}}",
}


@attrs.frozen(kw_only=True)
class ForkingHarness:
    """A customer with five coupons and one without, at a vendor that is reached over connections that are kept.

    Attributes:
        config: Names the vendor behind the proxy; lookups remember nothing.
        open_hub: Opens a hub with it.
        list_id: A list that takes codes.
    """

    proxy: KeepAliveProxy
    config: Path
    open_hub: Callable[[], CouponHub]
    list_id: ListId


@pytest.fixture
def harness() -> Iterator[ForkingHarness]:
    """Open it."""
    if not HAS_FORK:
        pytest.skip("Windows has no fork")
    with (
        harness_for(Registry().load("capillary"), list_extra=_EXTRA) as vendor,
        KeepAliveProxy(vendor.server.port) as proxy,
    ):
        for person in (HOLDER, OTHER):
            vendor.control.add_customer(**person)
        vendor.control.issue(vendor.list_with("held", HELD), HOLDER, codes=HELD)
        settings: dict[str, Setting] = {"timeout": 20.0, "limits": {"calls_per_minute": 0}}
        config = vendor.folder / "forking.toml"
        config.write_text(
            config_text(proxy.url, [vendor.emulator], settings)
            + f'[store]\nurl = "sqlite:///{vendor.folder.as_posix()}/forking.db"\n'
            + REMEMBERS_NOTHING,
            encoding="utf-8",
        )
        yield ForkingHarness(
            proxy=proxy,
            config=config,
            open_hub=lambda: CouponHub.from_config(config),
            list_id=vendor.create_list("takes codes").id,
        )
