"""Capillary's coupon series, code uploads and customer coupons, for couponhub."""

from typing import TYPE_CHECKING

from couponhub.plugin import AdapterPlugin, Services
from couponhub_capillary.settings import CapillarySettings

if TYPE_CHECKING:
    from couponhub.protocols import Adapter
    from couponhub.testing.emulation.context import EmulatorContext
    from couponhub.testing.emulation.vendor import VendorEmulator

__all__ = ["PLUGIN"]


def _open(connection: str, settings: CapillarySettings, services: Services) -> "Adapter":
    from couponhub_capillary.adapter import CapillaryAdapter  # noqa: PLC0415 - HTTP is loaded when it is needed

    # A rate that nobody knows is no limit, and yet a refusal is heeded; one that is turned off is off altogether.
    limits = {
        name: figure
        for name, figure in settings.effective_limits().items()
        if figure or name in settings.limits
    }
    budget = services.budget(settings.account, limits)
    return CapillaryAdapter(
        connection,
        settings,
        clock=services.clock,
        budget=budget,
        observer=services.observer,
        room=services.room,
    )


def _emulator(world: "EmulatorContext") -> "VendorEmulator":
    from couponhub_capillary.emulator import CapillaryEmulator  # noqa: PLC0415 - most users never start one

    return CapillaryEmulator(world)


PLUGIN = AdapterPlugin(
    name="capillary",
    title="Capillary",
    settings=CapillarySettings,
    example="""\
[connections.loyalty]
adapter = "capillary"
region  = "eu"                              # or base_url (and upload_base_url when it differs)
key     = "${CAPILLARY_KEY}"                # auth = "basic" takes username and password (or password_md5) instead
secret  = "${CAPILLARY_SECRET}"
# store_timezone = "Asia/Kolkata"           # the stores' zone: Capillary prints their local time as if it were UTC
# default_country_code = "91"               # mobiles are then asked about with and without it; else "none" is never said
""",
    open=_open,
    emulator=_emulator,
)
