"""A config file whose connections are emulated vendors."""

from collections.abc import Mapping, Sequence

from couponhub.testing.emulation.vendor import VendorEmulator

Setting = str | float | Mapping[str, int] | None
"""A value of a connection's table; None leaves the setting out."""

REMEMBERS_NOTHING = "[lookup]\ncache_ttl = 0\nnegative_ttl = 0\nstale_if_error = 0\n"
"""Lookups that always ask: a test hands a coupon out and wants to see it at once."""


def config_text(
    server_url: str, vendors: Sequence[VendorEmulator], extra: Mapping[str, Setting] | None = None
) -> str:
    """The TOML of a connection to each emulated vendor, named like its adapter.

    Args:
        server_url: Where they are served.
        vendors: The emulated vendors.
        extra: Further settings for every connection; they may replace the emulators' own.
    """
    lines: list[str] = []
    for vendor in vendors:
        lines += [
            f"[connections.{vendor.name}]",
            f'adapter = "{vendor.name}"',
            f'base_url = "{server_url}/{vendor.name}{vendor.base_path}"',
            *(
                f"{key} = {_toml(value)}"
                for key, value in _settings(vendor, extra).items()
                if value is not None
            ),
            "",
        ]
    return "\n".join(lines)


def _settings(vendor: VendorEmulator, extra: Mapping[str, Setting] | None) -> Mapping[str, Setting]:
    # An emulator may have `settings`: what else a connection to its account should be told.
    return {**vendor.credentials, **getattr(vendor, "settings", {}), **(extra or {})}


def _toml(value: Setting) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {number}' for key, number in value.items())} }}"
    return f'"{value}"' if isinstance(value, str) else str(value)
