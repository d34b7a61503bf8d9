"""The shape of a JSON object: its keys and their types."""

from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Any

import attrs

Body = Mapping[str, Any]


class Kind(Enum):
    """The JSON types that occur. A flag is not a number, whatever Python thinks."""

    TEXT = auto()
    TEXTS = auto()
    FLAG = auto()
    WHOLE = auto()

    def fits(self, value: object) -> bool:
        """Tell whether a decoded JSON value is of this type."""
        match self:
            case Kind.TEXT:
                return type(value) is str
            case Kind.TEXTS:
                return type(value) is list and all(type(item) is str for item in value)
            case Kind.FLAG:
                return type(value) is bool
            case Kind.WHOLE:
                return type(value) is int


@attrs.frozen(kw_only=True)
class Shape:
    """The keys that an object may have, with their types, and those that it must have."""

    keys: Mapping[str, "Kind | Shape"]
    required: tuple[str, ...] = ()

    def unknown(self, body: Body) -> Iterator[str]:
        """Keys of the object, then of the objects in it, that are not in the shape."""
        yield from (key for key in body if key not in self.keys)
        for key, kind in self.keys.items():
            if isinstance(kind, Shape) and isinstance(body.get(key), dict):
                yield from kind.unknown(body[key])

    def fits(self, value: object) -> bool:
        """Tell whether a value is an object whose present keys are all of the right type."""
        return isinstance(value, dict) and all(
            kind.fits(value[key]) for key, kind in self.keys.items() if key in value
        )
