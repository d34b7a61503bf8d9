"""Writing a model as a document, and reading it back."""

import json
from functools import cache
from typing import TypeVar

from cattrs import Converter, transform_error
from cattrs.v import format_exception

from couponhub.serialization.composed import ContradictionError, configure_composed
from couponhub.serialization.converter import json_converter
from couponhub.serialization.errors import Document

T = TypeVar("T")


def to_document(model: object, *, raw: bool = False) -> Document:
    """Return the JSON object of a model.

    Args:
        model: One of `couponhub.models`, or another attrs class whose fields are of their kinds.
        raw: Whether to add the vendors' own objects.
    """
    document: Document = _converter(raw).unstructure(model)
    return document


def json_text(document: Document, *, indent: int | None = None) -> str:
    """Return a document as JSON text that any encoder takes: half a surrogate pair, which vendors can send, as its escape."""
    text = json.dumps(document, ensure_ascii=False, indent=indent)
    return text if text.isascii() or _is_whole(text) else json.dumps(document, indent=indent)


def from_document(document: object, cls: type[T]) -> T:
    """Return the model of that class in a document: strictly, and never surer than what was written.

    Keys that are new to us are passed over; a new word of a coupon or an answer becomes the weakest that we know, and
    an answer with such a word is not whole.

    Raises:
        ValueError: It is no such document; the text names the places at fault, and quotes no value.
    """
    try:
        return _converter(True).structure(document, cls)
    except Exception as error:  # noqa: BLE001 - cattrs raises groups of whatever its hooks raise
        faults = "; ".join(transform_error(error, "$", _told))
    # Outside of the handler: what is chained quotes the values.
    raise ValueError(faults)


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@cache
def _converter(raw: bool) -> Converter:
    converter = json_converter(raw=raw)
    configure_composed(converter)
    return converter


def _told(error: BaseException, kind: type | None) -> str:
    return str(error) if isinstance(error, ContradictionError) else format_exception(error, kind)
