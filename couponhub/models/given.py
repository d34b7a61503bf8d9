"""Arguments of callers: taken where it is plain what is meant, and refused with their mend where it is not.

One rule each for words, texts, instants, days, numbers and collections, for models, methods and the client alike.
Every function names what it is about by `what`, raises nothing but `UsageError`, and quotes no value: it may be a
code or somebody's number. One of a kind stands for itself alone wherever several may be given.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from enum import StrEnum
from numbers import Integral, Real
from typing import Any, TypeVar
from urllib.parse import urlsplit

from couponhub.errors import UsageError

T = TypeVar("T")
W = TypeVar("W", bound=StrEnum)

LONGEST_SECONDS = 2_147_483.0
"""As many milliseconds as fit into 31 bits, which is what systems let anybody wait at once: 24 days."""
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def given_one(kind: type[T], value: object, what: str, *, hint: str = "") -> T:
    """An object of that class."""
    if isinstance(value, kind):
        return value
    raise UsageError(f"{what} must be {_article(kind)}, not {_called(value)}", hint=hint)


def given_many(
    value: object, what: str, *, of: Callable[[object, str], T], single: type[Any] | None = None
) -> Iterator[T]:
    """Each of several things, taken by `of` when its turn comes.

    Args:
        value: Any iterable but text and mappings; one thing of the class `single` stands for itself.
        what: What it is, for errors.
        of: Takes one of them.
        single: The class of one of them.
    """
    if single is not None and isinstance(value, single):
        return iter((of(value, what),))
    if isinstance(value, (str, bytes, bytearray, Mapping)) or not isinstance(value, Iterable):
        raise UsageError(f"{what} must be in a list or the like, not {_called(value)}")
    return (of(thing, what) for thing in value)


def given_text(value: object, what: str) -> str:
    """A text of one line; which one it may be is not asked."""
    if not isinstance(value, str):
        raise UsageError(f"{what} must be text, not {_called(value)}")
    if not value.isprintable() and _NO_TEXT.search(value):
        raise UsageError(f"{what} holds a character that is no text")
    return value


def given_id(value: object, what: str) -> str:
    """A text that names something: not blank."""
    text = given_text(value, what)
    if not text.strip():
        raise UsageError(f"{what} is blank")
    return text


def given_ids(value: object, what: str) -> tuple[str, ...]:
    """Texts that name something, in their order; a text is one of them, and none at all is refused."""
    if type(value) is list or type(value) is tuple:  # as nearly always, and looked at for each lookup
        texts = tuple([given_id(text, what) for text in value])
    else:
        texts = tuple(given_many(value, what, of=given_id, single=str))
    if not texts:
        raise UsageError(f"{what} must not be empty", hint="leave it out, or name at least one")
    return texts


def given_url(value: object, what: str) -> str:
    """An address of HTTP that names a host; the text never quotes it, for it may be a right in itself."""
    text = given_text(value, what)
    try:
        parts = urlsplit(text)
        complete = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        complete = False
    if not complete:
        raise UsageError(f"{what} must begin with https:// (or http://) and name a host")
    return text


def given_pairs(value: object, what: str) -> Mapping[str, str]:
    """Texts by name, as a mapping of its own."""
    if not isinstance(value, Mapping):
        raise UsageError(f"{what} must be texts by name, not {_called(value)}")
    return {
        given_id(name, f"a name in {what}"): given_text(text, f"each value in {what}")
        for name, text in value.items()
    }


def word(kind: type[W], text: str) -> W | None:
    """The member that a text names in any case, with - or _; None where it names none."""
    try:
        return kind(text)
    except ValueError:
        wanted = text.casefold().replace("-", "_")
    return next((member for member in kind if member.value.replace("-", "_") == wanted), None)


def given_word(kind: type[W], value: object, what: str) -> W:
    """A member, or its word in any case."""
    if type(value) is kind:
        return value
    found = word(kind, value) if isinstance(value, str) else None
    if found is None:
        more = "another word" if isinstance(value, str) else _called(value)
        raise UsageError(f"{what} is one of {', '.join(kind)}, and {more} was given")
    return found


def given_words(kind: type[W], value: object, what: str) -> frozenset[W]:
    """Members or their words, one or several."""
    if isinstance(value, str):
        return frozenset((given_word(kind, value, what),))
    return frozenset(given_many(value, what, of=lambda one, _: given_word(kind, one, what)))


def given_instant(value: object, what: str) -> datetime:
    """An instant of any zone, in UTC; a day stands for its start in UTC."""
    if not isinstance(value, date):
        raise UsageError(f"{what} must be a datetime with its zone, or a date, not {_called(value)}")
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    if value.tzinfo is UTC:
        return value
    try:
        if value.utcoffset() is not None:
            return value.astimezone(UTC)
    except (NotImplementedError, OverflowError, ValueError):
        raise UsageError(f"{what} lies outside of the calendar, or its zone tells no offset") from None
    raise UsageError(
        f"{what} is a datetime without its zone", hint="add the zone, as in datetime(2026, 1, 31, tzinfo=UTC)"
    )


def given_day(value: object, what: str) -> date:
    """A calendar day; an instant is none, since it falls on different days in different zones."""
    if isinstance(value, datetime) or not isinstance(value, date):
        hint = "give the .date() that is meant" if isinstance(value, datetime) else ""
        raise UsageError(f"{what} must be a date, not {_called(value)}", hint=hint)
    return value


def given_flag(value: object, what: str) -> bool:
    """True or False."""
    return given_one(bool, value, what)


def given_whole(value: object, what: str, *, least: int | None = None, most: int | None = None) -> int:
    """A whole number within these bounds."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise UsageError(f"{what} must be a whole number, not {_called(value)}")
    number = int(value)
    if least is not None and number < least:
        raise UsageError(f"{what} must be at least {least}")
    if most is not None and number > most:
        raise UsageError(f"{what} must be at most {most}")
    return number


def given_seconds(
    value: object, what: str, *, most: float = LONGEST_SECONDS, may_be_zero: bool = False
) -> float:
    """A length of time in seconds, above 0."""
    if type(value) is float and 0 < value <= most:
        return value
    if not isinstance(value, Real) or isinstance(value, bool):
        raise UsageError(f"{what} must be a number of seconds, not {_called(value)}")
    try:
        seconds = float(value)
    except OverflowError:
        seconds = float("inf")
    if not (0 < seconds <= most or (seconds == 0 and may_be_zero)):
        least = "not below 0" if may_be_zero else "above 0"
        raise UsageError(f"{what} must be a number of seconds {least}, at most {most:.10g}")
    return seconds


def _called(value: object) -> str:
    return "nothing" if value is None else type(value).__name__


def _article(kind: type[Any]) -> str:
    return f"{'an' if kind.__name__[0] in 'AEIOU' else 'a'} {kind.__name__}"
