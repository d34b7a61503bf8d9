"""What is wrong with a table, in words that name keys and never values."""

import difflib
import heapq
from collections.abc import Iterable, Iterator

import attrs
from cattrs import (
    AttributeValidationNote,
    BaseValidationError,
    IterableValidationNote,
)
from cattrs.errors import ForbiddenExtraKeysError

from couponhub.errors import CouponhubError

_LONGEST_WORD = 60
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


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """What to write instead of `word`: the nearest of the known words, or all of them."""
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
