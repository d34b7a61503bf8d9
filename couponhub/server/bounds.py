"""The bounds of a body: looked at before anything is made of it, so that none costs more than another."""

from collections.abc import Mapping
from typing import Any

from couponhub.errors import UsageError

MOST_CUSTOMERS = 1000
MOST_ITEMS = 100
"""Of any other list."""
LONGEST_TEXT = 256
"""Characters of an identifier, a name, a date."""
_MOST_KEYS = 32
_MOST_INNER_KEYS = 8
_MOST: Mapping[str, int] = {"customers": MOST_CUSTOMERS}
_DEEPEST = 3
"""`customers[0].mobile`; what lies deeper is looked at by nobody."""


def check_bounds(document: dict[str, Any]) -> None:
    """Check what was decoded; the message names the field and the limit.

    Raises:
        UsageError: Something is longer than any request needs.
    """
    _check_object(document, "", _DEEPEST)


def _check_object(value: dict[str, Any], path: str, depth: int) -> None:
    most = _MOST_INNER_KEYS if path else _MOST_KEYS
    if len(value) > most:
        raise UsageError(f"{path or 'the body'}: at most {most} keys")
    for key, inner in value.items():
        if len(key) > LONGEST_TEXT:
            raise UsageError(f"{path or 'the body'}: a key has more than {LONGEST_TEXT} characters")
        # Most are texts of a few characters.
        if (kind := type(inner)) is str and len(inner) <= LONGEST_TEXT:
            continue
        where = f"{path}.{key}" if path else key
        if kind is dict and depth:
            _check_object(inner, where, depth - 1)
        else:
            _check(inner, where, _MOST.get(key, MOST_ITEMS), depth)


def _check(value: Any, path: str, most: int, depth: int) -> None:
    match value:
        case str() if len(value) > LONGEST_TEXT:
            raise UsageError(f"{path}: at most {LONGEST_TEXT} characters")
        case list() if len(value) > most:
            raise UsageError(f"{path}: at most {most} items", hint="split it")
        case list() if depth:
            for at, item in enumerate(value):
                _check(item, f"{path}[{at}]", MOST_ITEMS, depth - 1)
        case dict() if depth:
            _check_object(value, path, depth - 1)
