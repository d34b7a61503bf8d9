"""Corner shop's coupon lists and customers, for couponhub: a vendor that exists only to be followed."""

from typing import TYPE_CHECKING

from couponhub.plugin import AdapterPlugin, Services
from couponhub_cornershop.settings import CornerShopSettings

if TYPE_CHECKING:
    from couponhub.protocols import Adapter
    from couponhub.testing.emulation.context import EmulatorContext
    from couponhub.testing.emulation.vendor import VendorEmulator

__all__ = ["PLUGIN"]


def _open(connection: str, settings: CornerShopSettings, services: Services) -> "Adapter":  # noqa: ARG001 - the shop has no limits
    # Imported here, so that HTTP is loaded when it is needed and no sooner.
    from couponhub_cornershop.adapter import CornerShopAdapter

    return CornerShopAdapter(connection, settings)


def _emulator(world: "EmulatorContext") -> "VendorEmulator":
    from couponhub_cornershop.emulator import CornerShopEmulator

    return CornerShopEmulator(world)


PLUGIN = AdapterPlugin(
    name="cornershop",
    title="Corner shop",
    settings=CornerShopSettings,
    example="""\
[connections.corner]
adapter  = "cornershop"
base_url = "https://shop.example.com/api/1"
key      = "${CORNERSHOP_KEY}"
""",
    open=_open,
    emulator=_emulator,
)
