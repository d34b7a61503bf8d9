"""cattrs, made strict: it would turn `null` into "None", "false" into True, 12.9 into 12 and "ab" into ("a", "b")."""

from collections.abc import Mapping
from enum import Enum
from types import GenericAlias
from typing import Any, cast, get_args, get_origin

from cattrs import Converter


def strict_converter(*, forbid_extra_keys: bool = False) -> Converter:
    """A fresh converter that takes each kind of value only as JSON and TOML spell it, or fails.

    Its hooks raise only TypeError and ValueError, with texts that name no value.

    Args:
        forbid_extra_keys: For what people write (config); what vendors send may grow keys at any time.
    """
    converter = Converter(forbid_extra_keys=forbid_extra_keys)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(int, _whole)
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(bool, _flag)

    def items(value: Any, kind: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            raise TypeError("expected a list")
        as_list: Any = GenericAlias(list, get_args(kind)[:1])
        return tuple(converter.structure(value, as_list))

    def entries(value: Any, kind: Any) -> dict[Any, Any]:
        if type(value) is not dict:
            raise TypeError("expected a table")
        as_dict: Any = GenericAlias(dict, get_args(kind))
        return dict(converter.structure(value, as_dict))

    converter.register_structure_hook_func(_is_tuple_of_any_length, items)
    converter.register_structure_hook_func(_is_mapping, entries)
    return converter


def _is_tuple_of_any_length(kind: Any) -> bool:
    return get_origin(kind) is tuple and get_args(kind)[1:] == (...,)


def _is_mapping(kind: Any) -> bool:
    return cast("object", get_origin(kind)) is Mapping


def _text(value: Any, cls: type[Any]) -> Any:
    if type(value) is not str:
        raise TypeError("expected text")
    if cls is str:
        return value
    # cattrs chooses this hook for StrEnum fields too.
    if issubclass(cls, Enum):
        words = [member.value for member in cls]
        if value not in words:
            raise ValueError(f"expected one of {', '.join(words)}")
    return cls(value)


def _whole(value: Any, _: type[Any]) -> int:
    if type(value) is not int:
        raise TypeError("expected a whole number")
    return value


def _number(value: Any, _: type[Any]) -> float:
    if type(value) not in {int, float}:
        raise TypeError("expected a number")
    try:
        return float(value)
    except OverflowError:
        raise ValueError("expected a number of fewer digits") from None


def _flag(value: Any, _: type[Any]) -> bool:
    if type(value) is not bool:
        raise TypeError("expected true or false")
    return value
