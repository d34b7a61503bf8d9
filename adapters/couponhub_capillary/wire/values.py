"""Readers of single values, as tolerant as Capillary's answers demand; none of them guesses."""

import re
from collections.abc import Sequence

_EXACT_FLOATS = 2**53
"""Below this every whole number is a float of its own."""
_WHOLE = re.compile(r"\s*(-?[0-9]{1,18})(?:\.0+)?\s*", re.ASCII)


def whole(value: object) -> int | None:
    """A number without a fraction, as number or text: 200, 200.0, "200" (C-10); None for anything else."""
    if type(value) is int:
        return value
    if type(value) is float:
        return int(value) if value.is_integer() else None
    if type(value) is str:
        match = _WHOLE.fullmatch(value)
        return int(match[1]) if match else None
    return None


def code_of(value: object) -> int | None:
    """A code as Capillary numbers them, as number or text; a longer number could be somebody's telephone."""
    number = whole(value)
    return number if number is not None and 0 <= number < 10_000_000 else None


def word(value: object) -> str | None:
    """A text that is not blank, or a number as its digits: ids come both ways; None for anything else."""
    if type(value) is str:
        return value if value.strip() else None
    number = whole(value)
    return None if number is None else str(number)


def code_text(value: object) -> str | None:
    """The code of a coupon: a text that is not blank, or the digits of a number; None for anything else.

    Documented is a text. Of a number that is not whole, or too large for a float, nobody knows the digits.
    """
    if type(value) is str:
        return value if value.strip() else None
    number = whole(value)
    is_exact = type(value) is int or (number is not None and number < _EXACT_FLOATS)
    return str(number) if number is not None and number >= 0 and is_exact else None


def flag(value: object) -> bool | None:
    """A boolean, also as text in any case (C-10); None for anything else."""
    if type(value) is bool:
        return value
    if type(value) is str:
        return {"true": True, "false": False}.get(value.strip().lower())
    return None


def many(value: object) -> Sequence[object]:
    """Return the items that stand where an array is expected: array, single object, null, "" or {} (C-11).

    Raises:
        ValueError: It is none of these, and must not be mistaken for "nothing there".
    """
    if type(value) is list:
        return value
    if value is None or value in ({}, ""):
        return ()
    if isinstance(value, dict):
        return (value,)
    raise ValueError("expected an array, an object or nothing")


def inside(container: object, name: str) -> Sequence[object]:
    """The elements of `{"<name>": <many>}`; an empty or missing container holds none (C-11, C-26).

    Raises:
        ValueError: The container holds something else.
    """
    if isinstance(container, dict) and container:
        if name not in container:
            raise ValueError(f"expected {name}")
        return many(container[name])
    if container is None or container in ({}, "", []):
        return ()
    raise ValueError("expected an object or nothing")


def entries_of(value: object) -> Sequence[object]:
    """As `many`, for what only explains: anything unreadable counts as nothing."""
    try:
        return many(value)
    except ValueError:
        return ()
