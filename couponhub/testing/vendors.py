"""Emulated vendors on a port of this machine with a hub that is configured for them, for tests of one's own code."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs

from couponhub.errors import UsageError
from couponhub.hub import CouponHub
from couponhub.plugin import AdapterPlugin
from couponhub.registry import Registry
from couponhub.testing.configuration import REMEMBERS_NOTHING, config_text
from couponhub.testing.control import Control
from couponhub.testing.emulation.context import EmulatorContext
from couponhub.testing.emulation.server import EmulatorServer
from couponhub.testing.emulation.vendor import VendorEmulator


@attrs.frozen(kw_only=True)
class EmulatedVendors:
    """Vendors that are being served.

    Attributes:
        url: Where, e.g. `http://127.0.0.1:40123`.
        config: The config file of `hub`, for code that reads one.
        hub: Its connections are named like the adapters: `hub["capillary"]`, `hub["moengage"]`.
        controls: By the same names: what a test steers a vendor with, and reads the truth from.
    """

    url: str
    config: Path
    hub: CouponHub
    controls: Mapping[str, Control]


@contextmanager
def emulated_vendors(
    *names: str, demo: bool = True, settings: Mapping[str, str | float] | None = None
) -> Iterator[EmulatedVendors]:
    """Serve the emulators of the adapters named, or of all that have one, for the length of the block.

    Args:
        names: Adapters by name.
        demo: Whether the vendors hold the demo's lists and customers, or nothing.
        settings: Further settings of every connection, such as a short `timeout`.

    Raises:
        UsageError: No adapter of such a name has an emulator.
    """
    world = EmulatorContext()
    vendors = emulators(names, world)
    for vendor in vendors:
        vendor.set_processing_delay(0.02)
        if demo:
            vendor.seed_demo()
    with (
        EmulatorServer(vendors, world) as server,
        tempfile.TemporaryDirectory(prefix="couponhub-vendors-") as folder,
    ):
        config = Path(folder) / "couponhub.toml"
        store = f'[store]\nurl = "sqlite:///{Path(folder).as_posix()}/couponhub.db"\n'
        chosen = {"settle": 0.05, **(settings or {})}
        config.write_text(
            config_text(server.url, vendors, chosen) + store + REMEMBERS_NOTHING, encoding="utf-8"
        )
        with CouponHub.from_config(config) as hub:
            controls = {vendor.name: Control(server.url, vendor.name) for vendor in vendors}
            yield EmulatedVendors(url=server.url, config=config, hub=hub, controls=controls)


def emulators(names: Sequence[str], world: EmulatorContext) -> list[VendorEmulator]:
    """The emulators of the adapters named, or of all that have one.

    Raises:
        UsageError: No adapter of such a name has an emulator.
    """
    plugins = {
        plugin.name: plugin
        for plugin in Registry().all()
        if isinstance(plugin, AdapterPlugin) and plugin.emulator is not None
    }
    for name in names:
        if name not in plugins:
            raise UsageError(f'there is no emulator "{name}"', hint=f"there are: {', '.join(plugins)}")
    chosen = [plugins[name] for name in dict.fromkeys(names)] or list(plugins.values())
    return [plugin.emulator(world) for plugin in chosen if plugin.emulator is not None]
