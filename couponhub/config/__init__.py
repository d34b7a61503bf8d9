"""The configuration: one TOML file, checked whole before anything is done."""

from typing import TYPE_CHECKING

from couponhub._lazy import lazy_exports

if TYPE_CHECKING:
    from couponhub.config.finding import find_config
    from couponhub.config.load import example_config, load_config
    from couponhub.config.oidc import OidcSettings
    from couponhub.config.schema import json_schema
    from couponhub.config.settings import Config, ConnectionConfig, LookupSettings, ServerSettings
    from couponhub.config.structure import setting_fault
    from couponhub.config.writing import template

_HOMES = {
    "Config": "couponhub.config.settings",
    "ConnectionConfig": "couponhub.config.settings",
    "LookupSettings": "couponhub.config.settings",
    "OidcSettings": "couponhub.config.oidc",
    "ServerSettings": "couponhub.config.settings",
    "example_config": "couponhub.config.load",
    "find_config": "couponhub.config.finding",
    "json_schema": "couponhub.config.schema",
    "load_config": "couponhub.config.load",
    "setting_fault": "couponhub.config.structure",
    "template": "couponhub.config.writing",
}

__all__ = [
    "Config",
    "ConnectionConfig",
    "LookupSettings",
    "OidcSettings",
    "ServerSettings",
    "example_config",
    "find_config",
    "json_schema",
    "load_config",
    "setting_fault",
    "template",
]

__getattr__ = lazy_exports(__name__, _HOMES)


def __dir__() -> list[str]:
    return [*__all__]
