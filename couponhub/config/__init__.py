"""The configuration: one TOML file, checked whole before anything is done."""

from couponhub.config.load import example_config, find_config, load_config
from couponhub.config.schema import json_schema
from couponhub.config.settings import Config, ConnectionConfig, LookupSettings, ServerSettings
from couponhub.config.structure import setting_fault
from couponhub.config.template import template

__all__ = [
    "Config",
    "ConnectionConfig",
    "LookupSettings",
    "ServerSettings",
    "example_config",
    "find_config",
    "json_schema",
    "load_config",
    "setting_fault",
    "template",
]
