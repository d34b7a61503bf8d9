"""MoEngage's coupon lists and coupon files, for couponhub."""

from typing import TYPE_CHECKING

from couponhub.plugin import AdapterPlugin, Services
from couponhub_moengage.settings import MoEngageSettings
from couponhub_moengage.settings.limits import effective_limits

if TYPE_CHECKING:
    from couponhub.protocols import Adapter
    from couponhub.testing.emulation.context import EmulatorContext
    from couponhub.testing.emulation.vendor import VendorEmulator

__all__ = ["PLUGIN"]


def _open(connection: str, settings: MoEngageSettings, services: Services) -> "Adapter":
    from couponhub_moengage.adapter import MoEngageAdapter  # noqa: PLC0415 - HTTP is loaded when it is needed

    budget = services.budget(settings.account, effective_limits(settings.limits))
    return MoEngageAdapter(
        connection,
        settings,
        clock=services.clock,
        budget=budget,
        observer=services.observer,
        room=services.room,
    )


def _emulator(world: "EmulatorContext") -> "VendorEmulator":
    from couponhub_moengage.emulator import MoEngageEmulator  # noqa: PLC0415 - most users never start one

    return MoEngageEmulator(world)


PLUGIN = AdapterPlugin(
    name="moengage",
    title="MoEngage",
    settings=MoEngageSettings,
    example="""\
[connections.engage]
adapter      = "moengage"
data_center  = "01"                         # the number in your dashboard's address; or base_url
workspace_id = "${MOENGAGE_WORKSPACE_ID}"
api_key      = "${MOENGAGE_API_KEY}"
user_id_is   = "external_id"                # what MoEngage's "User ID" is in your world
created_by   = "coupons@example.com"        # default for lists and files that we create
""",
    open=_open,
    emulator=_emulator,
)
