"""Models that hold what their annotations say: attrs converts and checks every field, by one table of types.

    @attrs.frozen(kw_only=True, field_transformer=checked)

Words become members of their enum, iterables tuples, instants UTC; what is of another type is a `UsageError` that
names the field. A field with a converter of its own is left to that one: type checkers know only those, so that
where callers may give more than the annotation says, there is one.
"""

import types
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal, NewType, Union, get_args, get_origin

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
Fields = list["attrs.Attribute[Any]"]

_SIMPLE: Mapping[Any, TakeValue] = types.MappingProxyType(
    {
        bool: given_flag,
        int: given_whole,
        date: given_day,
        datetime: given_instant,
        Mapping[str, str]: given_pairs,
    }
)


def checked(_: type, fields: Fields) -> Fields:
    """Check the fields of a model that adapters make of what a vendor says: its texts may hold anything."""
    return [_converting(field, _any_text) for field in fields]


def checked_input(_: type, fields: Fields) -> Fields:
    """Check the fields of a model that callers make: its texts are texts of one line."""
    return [_converting(field, given_text) for field in fields]


def _converting(field: "attrs.Attribute[Any]", text: TakeValue) -> "attrs.Attribute[Any]":
    if field.converter is not None:
        return field
    take, name, default = _take(field.type, text), field.name, field.default
    # What is already right goes the short way: an answer is made for each connection of each lookup.
    exact = field.type if field.type in {bool, int} or _is_word(field.type) else None

    def convert(value: Any) -> Any:
        return value if value is default or type(value) is exact else take(value, name)

    return field.evolve(converter=convert)


def _take(kind: Any, text: TakeValue) -> TakeValue:  # noqa: PLR0911 - one table
    """Return the function that takes a value of that annotation."""
    if isinstance(kind, NewType):
        return _take(kind.__supertype__, text)
    if kind is str:
        return text
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {types.UnionType, Union}:  # the latter of a NewType and None, in Python 3.11
        return _union(arguments, text)
    if origin is tuple:
        return _tuple(arguments[0], _take(arguments[0], text))
    if _is_word(kind):
        return lambda value, name: given_word(kind, value, name)
    return lambda value, name: given_one(origin or kind, value, name)


def _is_word(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, StrEnum)


def _union(kinds: Sequence[Any], text: TakeValue) -> TakeValue:
    """One class, or several; None; and literals, which only ever stand for what was left out."""
    told = [one for one in kinds if one is not types.NoneType and get_origin(one) is not Literal]
    take = _take(told[0], text) if len(told) == 1 else _any_of(tuple(told))
    if types.NoneType not in kinds:
        return take
    return lambda value, name: None if value is None else take(value, name)


def _any_of(kinds: tuple[Any, ...]) -> TakeValue:
    return lambda value, name: value if isinstance(value, kinds) else given_one(kinds[0], value, name)


def _tuple(kind: Any, take: TakeValue) -> TakeValue:
    single = str if kind is str else None
    ready = set() if kind is str else {kind}

    def convert(value: Any, name: str) -> tuple[Any, ...]:
        if type(value) is tuple and set(map(type, value)) <= ready:
            return value
        return tuple(given_many(value, name, of=take, single=single))

    return convert


def _any_text(value: Any, name: str) -> str:
    return given_one(str, value, name)
