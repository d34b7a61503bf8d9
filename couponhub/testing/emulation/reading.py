"""Reads the JSON that the control API is sent; whatever is wrong with it becomes one clear `ControlError`."""

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from couponhub.testing.emulation.vendor import ControlError, EmulatedCustomer

_RFC_3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})", re.ASCII | re.IGNORECASE
)


def read_json(body: bytes) -> Any:
    """Decode a body of UTF-8 JSON; NaN and infinities, which Python lets pass, are refused."""
    try:
        decoded = json.loads(body.decode(), parse_constant=_finite, parse_float=_finite)
        # A lone surrogate ("\ud800") is no text: it could neither be stored nor answered later.
        json.dumps(decoded, ensure_ascii=False).encode()
    except UnicodeError:
        raise ControlError("the body must be UTF-8 text") from None
    except (ValueError, RecursionError):
        raise ControlError("the body must be JSON") from None
    return decoded


def read_object(
    value: Any, where: str, *, required: Collection[str] = (), optional: Collection[str] = ()
) -> Mapping[str, Any]:
    """Take an object that has all `required` keys and no key beyond the `optional` ones."""
    members = read_mapping(value, where)
    known = [*required, *optional]
    if unknown := [key for key in members if key not in known]:
        raise ControlError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(known)}")
    if missing := [key for key in required if key not in members]:
        raise ControlError(f"{where}: {missing[0]!r} is missing")
    return members


def read_mapping(value: Any, where: str) -> Mapping[str, Any]:
    """Take an object with any keys."""
    if not isinstance(value, dict):
        raise ControlError(f"{where} must be an object")
    return value


def read_list(value: Any, where: str) -> Sequence[Any]:
    """Take an array."""
    if not isinstance(value, list):
        raise ControlError(f"{where} must be an array")
    return value


def read_text(value: Any, where: str) -> str:
    """Take a string that is not empty."""
    if not isinstance(value, str) or not value:
        raise ControlError(f"{where} must be a string that is not empty")
    return value


def read_count(value: Any, where: str, *, most: int) -> int:
    """Take a whole number from 1 to `most`."""
    if type(value) is not int or not 1 <= value <= most:
        raise ControlError(f"{where} must be a whole number from 1 to {most}")
    return value


def read_seconds(value: Any, where: str, *, most: float) -> float:
    """Take a number of seconds from 0 to `most`."""
    if type(value) not in {int, float} or not 0 <= value <= most:
        raise ControlError(f"{where} must be a number of seconds from 0 to {most:g}")
    return float(value)


def read_instant(value: Any, where: str) -> datetime:
    """Take an RFC 3339 instant, whose offset is not optional."""
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper())
        except ValueError:
            pass  # the form is right, but there is no such day or hour
    raise ControlError(f"{where} must be an RFC 3339 instant with an offset, such as 2030-01-31T10:00:00Z")


def read_customer(value: Any, where: str) -> EmulatedCustomer:
    """Take a customer: any of the four identifiers, at least one of them; null is the same as left out."""
    identifiers = {
        key: read_text(identifier, f"{where}.{key}")
        for key, identifier in read_object(value, where, optional=_IDENTIFIERS).items()
        if identifier is not None
    }
    if not identifiers:
        raise ControlError(f"{where} needs one of {', '.join(_IDENTIFIERS)}")
    return EmulatedCustomer(**identifiers)


_IDENTIFIERS = ("mobile", "email", "external_id", "id")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("no finite number")
    return number
