"""For authors of adapters and for users' own tests: the emulators, a bench for an adapter, the conformance suite.

Names are imported when they are first used: only the conformance suite needs pytest.
"""

from typing import TYPE_CHECKING

from couponhub._lazy import lazy_exports

if TYPE_CHECKING:
    from couponhub.testing.configuration import config_text
    from couponhub.testing.conformance import ConformanceSuite
    from couponhub.testing.control import Control
    from couponhub.testing.emulation.context import EmulatorContext
    from couponhub.testing.emulation.server import EmulatorServer
    from couponhub.testing.emulation.vendor import ControlError, EmulatedCustomer, VendorEmulator
    from couponhub.testing.harness import Harness, harness_for
    from couponhub.testing.state_conformance import StateConformanceSuite, StateHarness
    from couponhub.testing.vendors import EmulatedVendors, emulated_vendors

_HOMES = {
    "ConformanceSuite": "couponhub.testing.conformance",
    "Control": "couponhub.testing.control",
    "ControlError": "couponhub.testing.emulation.vendor",
    "EmulatedCustomer": "couponhub.testing.emulation.vendor",
    "EmulatedVendors": "couponhub.testing.vendors",
    "EmulatorServer": "couponhub.testing.emulation.server",
    "Harness": "couponhub.testing.harness",
    "StateConformanceSuite": "couponhub.testing.state_conformance",
    "StateHarness": "couponhub.testing.state_conformance",
    "VendorEmulator": "couponhub.testing.emulation.vendor",
    "EmulatorContext": "couponhub.testing.emulation.context",
    "config_text": "couponhub.testing.configuration",
    "emulated_vendors": "couponhub.testing.vendors",
    "harness_for": "couponhub.testing.harness",
}

__all__ = [
    "ConformanceSuite",
    "Control",
    "ControlError",
    "EmulatedCustomer",
    "EmulatedVendors",
    "EmulatorContext",
    "EmulatorServer",
    "Harness",
    "StateConformanceSuite",
    "StateHarness",
    "VendorEmulator",
    "config_text",
    "emulated_vendors",
    "harness_for",
]

__getattr__ = lazy_exports(__name__, _HOMES)
