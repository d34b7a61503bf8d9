"""For authors of adapters and for users' own tests: the emulators, a bench for an adapter, the conformance suite.

Names are imported when they are first used: only the conformance suite needs pytest.
"""

from typing import TYPE_CHECKING

from couponhub._lazy import lazy_exports

if TYPE_CHECKING:
    from couponhub.testing.configuration import config_text
    from couponhub.testing.conformance import ConformanceSuite
    from couponhub.testing.control import Control
    from couponhub.testing.emulation.server import EmulatorServer
    from couponhub.testing.emulation.vendor import ControlError, EmulatedCustomer, VendorEmulator
    from couponhub.testing.emulation.world import World
    from couponhub.testing.rig import Rig, rig_for
    from couponhub.testing.state_conformance import StateConformanceSuite, StateHarness
    from couponhub.testing.vendors import EmulatedVendors, emulated_vendors

_HOMES = {
    "ConformanceSuite": "couponhub.testing.conformance",
    "Control": "couponhub.testing.control",
    "ControlError": "couponhub.testing.emulation.vendor",
    "EmulatedCustomer": "couponhub.testing.emulation.vendor",
    "EmulatedVendors": "couponhub.testing.vendors",
    "EmulatorServer": "couponhub.testing.emulation.server",
    "Rig": "couponhub.testing.rig",
    "StateConformanceSuite": "couponhub.testing.state_conformance",
    "StateHarness": "couponhub.testing.state_conformance",
    "VendorEmulator": "couponhub.testing.emulation.vendor",
    "World": "couponhub.testing.emulation.world",
    "config_text": "couponhub.testing.configuration",
    "emulated_vendors": "couponhub.testing.vendors",
    "rig_for": "couponhub.testing.rig",
}

__all__ = [
    "ConformanceSuite",
    "Control",
    "ControlError",
    "EmulatedCustomer",
    "EmulatedVendors",
    "EmulatorServer",
    "Rig",
    "StateConformanceSuite",
    "StateHarness",
    "VendorEmulator",
    "World",
    "config_text",
    "emulated_vendors",
    "rig_for",
]

__getattr__ = lazy_exports(__name__, _HOMES)
