"""Choosing emulated vendors, for the `emulate` and `demo` commands."""

from collections.abc import Sequence

from couponhub.errors import UsageError
from couponhub.plugin import AdapterPlugin
from couponhub.registry import Registry
from couponhub.testing.emulation.vendor import VendorEmulator
from couponhub.testing.emulation.world import World


def emulators(names: Sequence[str], world: World) -> list[VendorEmulator]:
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
