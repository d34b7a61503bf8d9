"""A JSON Schema of the config file, made from the settings classes, for editors."""

import types
from collections.abc import Mapping
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs

from couponhub.config.settings import tables
from couponhub.plugin import AdapterPlugin
from couponhub.registry import Registry
from couponhub.secret import Secret


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
            **{name: _class_schema(cls, {}) for name, (cls, _) in tables().items()},
        },
    }


def _class_schema(kind: type[Any], fixed: Mapping[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    properties: dict[str, Any] = dict(fixed)
    required = list(fixed)
    for field in attrs.fields(kind):
        described = _type_schema(hints[field.name])
        if "about" in field.metadata:
            described["description"] = field.metadata["about"]
        if field.default is attrs.NOTHING:
            required.append(field.name)
        elif isinstance(field.default, (str, int, float)):
            described["default"] = field.default
        properties[field.name] = described
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": required,
    }


def _type_schema(hint: Any) -> dict[str, Any]:
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        alternatives = [kind for kind in get_args(hint) if kind is not type(None)]
        return _type_schema(alternatives[0])
    if origin is tuple:
        return {"type": "array", "items": _type_schema(get_args(hint)[0])}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _type_schema(get_args(hint)[1])}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [member.value for member in hint]}
    # {} allows anything: an adapter's settings may be of kinds that this table does not know.
    return {"type": _SIMPLE[hint]} if hint in _SIMPLE else {}


_SIMPLE: Mapping[type, str] = {
    str: "string",
    Secret: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
}
