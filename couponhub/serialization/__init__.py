"""The models as JSON and back: what the command line, the HTTP endpoint and its client say.

Keys are stable, in the order of a model's fields; times are RFC 3339 in UTC, and null is what nobody knows. What a
field's metadata leaves out of JSON cannot be read back, nor can `raw` where it was not asked for: it is empty then.
"""

from typing import TYPE_CHECKING

from couponhub._lazy import lazy_exports

if TYPE_CHECKING:
    from couponhub.serialization.codec import from_document, json_text, to_document
    from couponhub.serialization.converter import json_converter
    from couponhub.serialization.errors import Document, WrittenError, error_document, error_object, many
    from couponhub.serialization.instants import instant_text, read_instant

# An error is told without cattrs: its import takes longer than all else that telling it does.
_HOMES = {
    "Document": "couponhub.serialization.errors",
    "WrittenError": "couponhub.serialization.errors",
    "error_document": "couponhub.serialization.errors",
    "error_object": "couponhub.serialization.errors",
    "from_document": "couponhub.serialization.codec",
    "instant_text": "couponhub.serialization.instants",
    "json_converter": "couponhub.serialization.converter",
    "json_text": "couponhub.serialization.codec",
    "many": "couponhub.serialization.errors",
    "read_instant": "couponhub.serialization.instants",
    "to_document": "couponhub.serialization.codec",
}

__all__ = [
    "Document",
    "WrittenError",
    "error_document",
    "error_object",
    "from_document",
    "instant_text",
    "json_converter",
    "json_text",
    "many",
    "read_instant",
    "to_document",
]

__getattr__ = lazy_exports(__name__, _HOMES)


def __dir__() -> list[str]:
    return __all__
