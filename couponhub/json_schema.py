"""JSON Schemas, made from attrs classes and the metadata of their fields.

The one maker for the config file and for what the HTTP endpoint takes and gives.
"""

import types
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, NewType, Union, get_args, get_origin

import attrs

from couponhub.models.base import is_null_for_blank, json_key
from couponhub.secret import Secret

Schema = dict[str, Any]

_SIMPLE: Mapping[Any, Schema] = {
    str: {"type": "string"},
    Any: {},
    Secret: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Decimal: {"type": "number"},
    bool: {"type": "boolean"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
}


@attrs.frozen(kw_only=True)
class SchemaMaker:
    """Makes schemas (draft 2020-12) of types.

    Attributes:
        known: Schemas of kinds that have one already, such as a reference.
        of_file: Whether it is about a file that people write: they leave out what they do not know, where JSON has
            null, and a stranger's setting may be of a kind that has no schema, or a word that is no text.
    """

    known: Mapping[Any, Schema] = attrs.field(factory=dict)
    of_file: bool = False

    def schema(self, kind: Any) -> Schema:  # noqa: PLR0911 - one table
        """Return the schema of a kind of value.

        Raises:
            TypeError: It has none.
        """
        found = self.known.get(kind, _SIMPLE.get(kind))
        if found is not None:
            return dict(found)
        if isinstance(kind, NewType):
            return self.schema(kind.__supertype__)
        if isinstance(kind, type) and issubclass(kind, Enum):
            words = {"enum": [member.value for member in kind]}
            return words if self.of_file else {"type": "string", **words}
        if isinstance(kind, type) and attrs.has(kind):
            return record(self.properties(kind))
        origin, arguments = get_origin(kind), get_args(kind)
        if origin in {Union, types.UnionType}:
            some = self.schema(next(one for one in arguments if one is not types.NoneType))
            return some if self.of_file else nullable(some)
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.schema(arguments[1])}
        if isinstance(origin, type) and issubclass(origin, Iterable):
            return {"type": "array", "items": self.schema(arguments[0])}
        if self.of_file:
            return {}
        raise TypeError(f"{kind} has no schema")

    def properties(self, cls: type[Any]) -> dict[str, Schema]:
        """Return the schema of each field that stands in a file or in JSON, by its key there, with its description."""
        found = {}
        for field in attrs.fields(attrs.resolve_types(cls)):
            key = json_key(field)
            if key is None:
                continue
            schema = self.schema(field.type) | field.metadata.get("schema", {})
            if is_null_for_blank(field):
                schema = nullable(schema)
            if "about" in field.metadata:
                text: str = field.metadata["about"]
                schema["description"] = text if self.of_file else text.replace("None", "null")
            found[key] = schema
        return found


def record(properties: Mapping[str, Schema]) -> Schema:
    """Return the schema of an object that has all of these; more may come in later releases."""
    return {"type": "object", "properties": dict(properties), "required": list(properties)}


def nullable(schema: Schema) -> Schema:
    """Return the schema of what may also be null."""
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}
