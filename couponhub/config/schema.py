"""A JSON Schema of the config file, made from the settings classes, for editors."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

import attrs

from couponhub.config.settings import tables
from couponhub.json_schema import Schema, SchemaMaker
from couponhub.plugin import AdapterPlugin
from couponhub.registry import Registry
from couponhub.webhooks.settings import NAME, WebhookSettings


def json_schema(registry: Registry | None = None) -> dict[str, Any]:
    """The schema (draft 2020-12) of a config file for the adapters in `registry` (the installed ones)."""
    plugins = [entry for entry in (registry or Registry()).all() if isinstance(entry, AdapterPlugin)]
    connections = [
        _class_schema(plugin.settings, {"adapter": {"const": plugin.name, "description": plugin.title}})
        for plugin in plugins
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "couponhub.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            # Without any adapter nothing can be connected, and an empty `anyOf` would be no schema.
            "connections": {
                "type": "object",
                "additionalProperties": {"anyOf": connections} if connections else False,
            },
            "webhooks": {
                "type": "object",
                "propertyNames": {"pattern": f"^{NAME.pattern}$"},
                "additionalProperties": _class_schema(WebhookSettings, {}),
            },
            **{name: _class_schema(cls, {}) for name, (cls, _) in tables().items()},
        },
    }


def _class_schema(cls: type[Any], fixed: Mapping[str, Any]) -> Schema:
    tables = {kind: _class_schema(kind, {}) for kind in _tables_within(cls)}
    properties = SchemaMaker(known=tables, of_file=True).properties(cls)
    required = list(fixed)
    for field in attrs.fields(cls):
        if field.default is attrs.NOTHING:
            required.append(field.name)
        elif isinstance(field.default, (str, int, float)):
            properties[field.name]["default"] = field.default
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {**fixed, **properties},
        "required": required,
    }


def _tables_within(cls: type[Any]) -> Iterator[type[Any]]:
    """The classes of settings that are tables themselves."""
    for field in attrs.fields(attrs.resolve_types(cls)):
        yield from (
            kind for kind in (field.type, *get_args(field.type)) if isinstance(kind, type) and attrs.has(kind)
        )
