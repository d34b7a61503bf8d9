"""The faults of a table, in words that name keys, and values only where no secret can stand."""

import difflib
import heapq
import re
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any, get_args, get_type_hints

import attrs
from cattrs import (
    AttributeValidationNote,
    BaseValidationError,
    IterableValidationNote,
)
from cattrs.errors import ForbiddenExtraKeysError

from couponhub.config.references import is_reference
from couponhub.errors import CouponhubError
from couponhub.secret import Secret

_LONGEST_SHOWN = 40
_LONGEST_WORD = 60
_NUMBER = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?")
_NUMBERS = frozenset({"expected a number", "expected a whole number"})
_ONE_OF = "expected one of "
_MOST_KEYS = 20
"""Unknown keys of one table that are named."""


def faults_in(error: BaseValidationError, key: str) -> Iterator[tuple[str, str]]:
    """The faults of the value at `key`, one after the other, as the key each stands at and the problem.

    Each is found when it is asked for, in a time that does not grow with their number: whoever shows a few of a
    stranger's many takes a few.
    """
    for inner, place in _placed(error):
        where = f"{key}{place}"
        match inner:
            case BaseValidationError():
                yield from faults_in(inner, where)
            case ForbiddenExtraKeysError():
                known = [field.name for field in attrs.fields(inner.cl)]
                for word in heapq.nsmallest(_MOST_KEYS, inner.extra_fields):
                    yield f"{key}.{word}", f"unknown key{did_you_mean(word, known)}"
            case _:
                yield where, _problem(inner).removeprefix(f"{where.rpartition('.')[2]}: ")


def quoted(problem: str, value: Any, field: "attrs.Attribute[Any]", cls: type[Any]) -> str:
    """Return the problem of one setting together with the wrong value, where that can be no secret.

    Args:
        problem: In words that do not name the value.
        value: What stands in the file, its references as they are written.
        field: The setting.
        cls: The class that it is a setting of.
    """
    shown = _shown(value, field, cls)
    if shown is None:
        return problem
    if problem.startswith(_ONE_OF):
        return f"{shown} is none of {problem.removeprefix(_ONE_OF)}"
    if not problem.startswith("expected "):
        return f"{shown}: {problem}"
    mend = ""
    if problem == "expected text":
        mend = ": write it in quotes"
    elif problem in _NUMBERS and isinstance(value, str):
        mend = ": write it without quotes"
    return f"{problem}, not {shown}{mend}"


def _shown(value: Any, field: "attrs.Attribute[Any]", cls: type[Any]) -> str | None:
    """The value as TOML has it; None for one that may be a secret, that came from elsewhere, or that is long."""
    hint = get_type_hints(cls)[field.name]
    kinds = [kind for kind in (hint, *get_args(hint)) if isinstance(kind, type)]
    if Secret in kinds or not field.repr:
        return None
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            text = str(value)
        case str() if field.metadata.get("shown") or any(issubclass(kind, Enum) for kind in kinds):
            # What a reference stands for may be a secret, wherever it stands.
            text = "" if is_reference(value) else f'"{value}"'
        case str() if _NUMBER.fullmatch(value) and {int, float} & set(kinds):
            text = f'"{value}"'
        case _:
            return None
    return text if 0 < len(text) <= _LONGEST_SHOWN else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Say what to write instead of `word`: the nearest of the known words, or all of them."""
    names = sorted(known)
    # A word of a megabyte is near to none, and would take seconds to compare.
    near = difflib.get_close_matches(word, names, n=1) if len(word) <= _LONGEST_WORD else []
    return f'; did you mean "{near[0]}"?' if near else f"; known are: {', '.join(names) or 'none'}"


def _placed(error: BaseValidationError) -> Iterator[tuple[Exception, str]]:
    """The exceptions in `error`, each with what it adds to its key; "" when it is about the whole of it."""
    for inner in error.exceptions:
        # Read where cattrs notes it: its `group_exceptions` goes through all of them.
        yield inner, next((place for note in getattr(inner, "__notes__", ()) if (place := _place(note))), "")


def _place(note: str) -> str:
    match note:
        case AttributeValidationNote():
            return f".{note.name}"
        case IterableValidationNote():
            return f"[{note.index}]" if isinstance(note.index, int) else f".{note.index}"
        case _:
            return ""


def _problem(error: Exception) -> str:
    match error:
        case KeyError():
            return "missing"
        case CouponhubError() | TypeError() | ValueError():
            return str(error) or "is not valid"
        case _:  # the text of a stranger's may quote the value
            return f"is not valid ({type(error).__name__})"
