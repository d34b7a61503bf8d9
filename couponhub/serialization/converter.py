"""The one converter between models and JSON: which kinds of value it writes how, and takes how.

A model's own field says in its metadata what differs from its name and kind (see `couponhub.models.base.about`).
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, NoReturn, Union, cast, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from couponhub.errors import CouponhubError
from couponhub.models import (
    CouponStatus,
    Customer,
    DaySpan,
    Identifier,
    ReportImport,
    ReportRequest,
    Source,
    Verdict,
)
from couponhub.models.base import is_null_for_blank, json_key
from couponhub.secret import Secret
from couponhub.serialization.errors import Document, WrittenError, error_object
from couponhub.serialization.instants import instant_text, read_instant
from couponhub.strict import strict_converter

Write = Callable[[Any], Any]
ReadValue = Callable[[Any, Any], Any]

_WEAKEST: tuple[StrEnum, ...] = (CouponStatus.UNKNOWN, Verdict.UNKNOWN, Source.CACHE)
"""For each kind of word what one stands for that a newer couponhub writes, and that is new to us."""


_COMPUTED: Mapping[type, tuple[str, str]] = {
    ReportImport: ("known", "added"),
    ReportRequest: ("command", "wait_days"),
}
"""Properties that are written too, each behind a key."""


def json_converter(*, raw: bool) -> Converter:
    """Return a fresh converter, strict in what it takes.

    Args:
        raw: Whether it writes the vendors' own objects too; it takes them where they stand.
    """
    converter = strict_converter()
    _write_values(converter)
    _read_values(converter)
    converter.register_unstructure_hook_factory(attrs.has, lambda cls: record_writer(converter, cls, raw=raw))
    converter.register_structure_hook_factory(attrs.has, lambda cls: record_reader(converter, cls))
    converter.register_unstructure_hook(
        Customer, lambda customer: {customer.identifier.value: customer.value}
    )
    converter.register_structure_hook(Customer, _customer)
    return converter


def _write_values(converter: Converter) -> None:
    # `str` takes a third of the time that `.value` takes, and there are many.
    converter.register_unstructure_hook(StrEnum, str)
    converter.register_unstructure_hook(datetime, instant_text)
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_unstructure_hook(Decimal, _number)
    converter.register_unstructure_hook(Secret, _refuse)
    converter.register_unstructure_hook(CouponhubError, error_object)
    converter.register_unstructure_hook_func(_is_mapping, dict)
    converter.register_unstructure_hook_func(_is_set, _words)
    converter.register_unstructure_hook_factory(_is_tuple, lambda kind: _items_writer(converter, kind))
    converter.register_unstructure_hook_factory(_is_optional, lambda kind: _optional_writer(converter, kind))


def _read_values(converter: Converter) -> None:
    converter.register_structure_hook(datetime, _instant)
    converter.register_structure_hook(date, _day)
    converter.register_structure_hook(Decimal, _decimal)
    for word in _WEAKEST:
        converter.register_structure_hook(type(word), _tolerant(word))
    converter.register_structure_hook(
        CouponhubError, lambda value, _: converter.structure(value, WrittenError).error()
    )


def record_writer(converter: Converter, cls: type[Any], *, raw: bool) -> Write:
    """Return what writes an object of a class, key by key."""
    fields = attrs.fields(attrs.resolve_types(cls))
    overrides: dict[str, Any] = {field.name: _written_as(field, raw=raw) for field in fields}
    plain: Write = make_dict_unstructure_fn(cls, converter, **overrides)
    spans = {field.name for field in fields if field.type is DaySpan}
    computed, after = _COMPUTED.get(cls, ("", ""))
    if not (spans or computed):
        return plain

    def write(model: Any) -> Document:
        document: Document = {}
        for key, value in plain(model).items():
            document |= value if key in spans else {key: value}
            if key == after:
                document[computed] = getattr(model, computed)
        return document

    return write


def record_reader(converter: Converter, cls: type[Any]) -> ReadValue:
    """Return what takes an object of a class, key by key."""
    fields = attrs.fields(attrs.resolve_types(cls))
    overrides: dict[str, Any] = {field.name: _read_as(field) for field in fields}
    plain = make_dict_structure_fn(cls, converter, **overrides)
    spans = [field.name for field in fields if field.type is DaySpan]

    def read(value: Any, kind: Any) -> Any:
        if type(value) is not dict:
            raise TypeError("expected an object")
        return plain({**value, **dict.fromkeys(spans, value)} if spans else value, kind)

    return read


def _written_as(field: "attrs.Attribute[Any]", *, raw: bool) -> object:
    key = json_key(field)
    return override(
        omit=key is None or (key == "raw" and not raw) or None,
        rename=key,
        unstruct_hook=(lambda text: text or None) if is_null_for_blank(field) else None,
    )


def _read_as(field: "attrs.Attribute[Any]") -> object:
    key = json_key(field)
    # What is left out and has no default is handed down by whatever it stands in.
    return override(
        omit=(key is None and field.default is not attrs.NOTHING) or None,
        rename=key,
        struct_hook=(lambda value, _: "" if value is None else _text(value))
        if is_null_for_blank(field)
        else None,
    )


def _items_writer(converter: Converter, kind: Any) -> Write:
    write = converter.get_unstructure_hook(get_args(kind)[0])
    return list if _is_plain(converter, write) else lambda values: [write(value) for value in values]


def _optional_writer(converter: Converter, kind: Any) -> Write:
    (inner,) = (one for one in get_args(kind) if one is not NoneType)
    write = converter.get_unstructure_hook(inner)
    # Instants are most of what there is, and `instant_text` takes None by itself.
    if _is_plain(converter, write) or write is instant_text:
        return write
    return lambda value: None if value is None else write(value)


def _is_plain(converter: Converter, write: Write) -> bool:
    """Tell whether values are written as they are; cattrs then calls nothing for them."""
    return write is converter.get_unstructure_hook(str)


def _is_mapping(kind: Any) -> bool:
    return cast("object", get_origin(kind)) is Mapping


def _is_set(kind: Any) -> bool:
    return get_origin(kind) is frozenset


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _is_optional(kind: Any) -> bool:
    # Of a NewType and None Python 3.11 makes the former.
    return get_origin(kind) in {Union, UnionType} and NoneType in get_args(kind) and len(get_args(kind)) == 2


def _words(value: frozenset[str]) -> list[str]:
    return sorted(map(str, value))


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _decimal(value: Any, _: type[Decimal]) -> Decimal:
    if type(value) not in {int, float}:
        raise TypeError("expected a number")
    return Decimal(str(value))


def _refuse(value: Secret) -> NoReturn:
    raise TypeError(f"a {type(value).__name__} is not written as JSON")


def _instant(value: Any, _: type[datetime]) -> datetime:
    return read_instant(_text(value))


def _day(value: Any, _: type[date]) -> date:
    text = _text(value)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("expected a day") from None


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError("expected text")
    return value


def _tolerant(weakest: StrEnum) -> ReadValue:
    known = {member.value: member for member in type(weakest)}
    return lambda value, _: known.get(_text(value), weakest)


def _customer(value: Any, _: type[Customer]) -> Customer:
    if type(value) is not dict or len(value) != 1 or not set(value) <= set(Identifier):
        raise TypeError("expected a customer by one identifier")
    return Customer(**{kind: _text(text) for kind, text in value.items()})
