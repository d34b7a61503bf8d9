"""Models that hold what their annotations say: every field is converted and checked, by one table of types.

    @attrs.frozen(kw_only=True)
    class Fetch(Checked): ...

Words become members of their enum, iterables tuples, instants UTC; what is of another type is a `UsageError` that
names the field. A field with a converter of its own is left to that one: type checkers know only those, so that
where callers may give more than the annotation says, there is one.
"""

import types
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar, Literal, NewType, Union, get_args, get_origin

import attrs

from couponhub.models.given import (
    given_day,
    given_flag,
    given_instant,
    given_many,
    given_one,
    given_pairs,
    given_text,
    given_whole,
    given_word,
)

TakeValue = Callable[[Any, str], Any]
_Check = tuple[str, Any, frozenset[type], TakeValue]
"""Of a field: its name, its default, the classes whose objects it holds as they are, and what takes all else."""

_SIMPLE: Mapping[Any, TakeValue] = types.MappingProxyType(
    {
        bool: given_flag,
        int: given_whole,
        date: given_day,
        datetime: given_instant,
        Mapping[str, str]: given_pairs,
    }
)

_UNIONS = frozenset({types.UnionType, Union})
"""The latter of a NewType and None, in Python 3.11."""


class Checked:
    """A model that adapters make of what a vendor says: its texts may hold anything."""

    __slots__ = ()
    _any_text: ClassVar[bool] = True
    _checks: ClassVar[tuple[_Check, ...]] = ()

    @classmethod
    def __attrs_init_subclass__(cls) -> None:
        text = _take_any_text if cls._any_text else given_text
        texts = frozenset({str}) if cls._any_text else frozenset[type]()
        cls._checks = tuple(
            (field.name, field.default, _ready(field.type, texts), _take(field.type, text, texts))
            for field in attrs.fields(cls)  # type: ignore[arg-type] # attrs calls this for classes of its own
            if field.converter is None
        )

    def __attrs_post_init__(self) -> None:
        # One call for all fields, for nearly all of them hold what is right: many models are made.
        for name, default, ready, take in self._checks:
            value = getattr(self, name)
            if value is not default and type(value) not in ready:
                object.__setattr__(self, name, take(value, name))


class CheckedInput(Checked):
    """A model that callers make: its texts are texts of one line."""

    __slots__ = ()
    _any_text = False


def _ready(kind: Any, texts: frozenset[type]) -> frozenset[type]:
    """Return the classes whose objects are right for that annotation, whatever they hold."""
    if isinstance(kind, NewType):
        return _ready(kind.__supertype__, texts)
    origin = get_origin(kind)
    if origin in _UNIONS:
        return frozenset[type]().union(*(_ready(one, texts) for one in get_args(kind)))
    if kind is str:
        return texts
    if kind in {date, datetime} or kind == Mapping[str, str]:
        return frozenset()
    if origin is Mapping:
        return frozenset({dict})
    return frozenset({kind}) if isinstance(kind, type) else frozenset()


def _take(kind: Any, text: TakeValue, texts: frozenset[type]) -> TakeValue:  # noqa: PLR0911 - one table
    """Return the function that takes a value of that annotation."""
    if isinstance(kind, NewType):
        return _take(kind.__supertype__, text, texts)
    if kind is str:
        return text
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in _UNIONS:
        return _union(arguments, text, texts)
    if origin is tuple:
        return _tuple(arguments[0], _take(arguments[0], text, texts), _ready(arguments[0], texts))
    if _is_word(kind):
        return lambda value, name: given_word(kind, value, name)
    return lambda value, name: given_one(origin or kind, value, name)


def _is_word(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, StrEnum)


def _union(kinds: Sequence[Any], text: TakeValue, texts: frozenset[type]) -> TakeValue:
    """One class, or several; None; and literals, which only ever stand for what was left out."""
    told = [one for one in kinds if one is not types.NoneType and get_origin(one) is not Literal]
    take = _take(told[0], text, texts) if len(told) == 1 else _any_of(tuple(told))
    if types.NoneType not in kinds:
        return take
    return lambda value, name: None if value is None else take(value, name)


def _any_of(kinds: tuple[Any, ...]) -> TakeValue:
    return lambda value, name: value if isinstance(value, kinds) else given_one(kinds[0], value, name)


def _tuple(kind: Any, take: TakeValue, ready: frozenset[type]) -> TakeValue:
    single = str if kind is str else None

    def convert(value: Any, name: str) -> tuple[Any, ...]:
        if type(value) is tuple and set(map(type, value)) <= ready:
            return value
        return tuple(given_many(value, name, of=take, single=single))

    return convert


def _take_any_text(value: Any, name: str) -> str:
    return given_one(str, value, name)
