"""What is wrong with a table, in words that name keys and never values."""

import difflib
from collections.abc import Iterable, Iterator

import attrs
from cattrs import BaseValidationError, ClassValidationError, IterableValidationError
from cattrs.errors import ForbiddenExtraKeysError

from couponhub.errors import CouponhubError


def faults_in(error: BaseValidationError, key: str) -> Iterator[tuple[str, str]]:
    """Every fault of the value at `key`, as the key it stands at and the problem."""
    for inner in error.exceptions:
        where = f"{key}{_place(error, inner)}"
        match inner:
            case BaseValidationError():
                yield from faults_in(inner, where)
            case ForbiddenExtraKeysError():
                known = [field.name for field in attrs.fields(inner.cl)]
                for word in sorted(inner.extra_fields):
                    yield f"{key}.{word}", f"unknown key{did_you_mean(word, known)}"
            case _:
                yield where, _problem(inner).removeprefix(f"{where.rpartition('.')[2]}: ")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """What to write instead of `word`: the nearest of the known words, or all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1)
    return f'; did you mean "{near[0]}"?' if near else f"; known are: {', '.join(names) or 'none'}"


def _place(error: BaseValidationError, inner: Exception) -> str:
    """What `inner` adds to the key of `error`; "" when it is about the whole of it."""
    match error:
        case ClassValidationError():
            names = [note.name for found, note in error.group_exceptions()[0] if found is inner]
            return "".join(f".{name}" for name in names)
        case IterableValidationError():
            places = [note.index for found, note in error.group_exceptions()[0] if found is inner]
            return "".join(f"[{place}]" if isinstance(place, int) else f".{place}" for place in places)
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
