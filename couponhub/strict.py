"""cattrs, made strict: it would turn `null` into "None", "false" into True and 12.9 into 12."""

from typing import Any

from cattrs import Converter


def strict_converter(*, forbid_extra_keys: bool = False) -> Converter:
    """A fresh converter that takes text, whole numbers, numbers and flags as JSON and TOML spell them, or fails.

    Its hooks raise only TypeError and ValueError, with texts that name no value.

    Args:
        forbid_extra_keys: For what people write (config); what vendors send may grow keys at any time.
    """
    converter = Converter(forbid_extra_keys=forbid_extra_keys)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(int, _whole)
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(bool, _flag)
    return converter


def _text(value: Any, cls: type[Any]) -> Any:
    if type(value) is not str:
        raise TypeError("expected text")
    # cls(value), not value: cattrs chooses this hook for StrEnum fields too.
    return cls(value)


def _whole(value: Any, _: type[Any]) -> int:
    if type(value) is not int:
        raise TypeError("expected a whole number")
    return value


def _number(value: Any, _: type[Any]) -> float:
    if type(value) not in {int, float}:
        raise TypeError("expected a number")
    return float(value)


def _flag(value: Any, _: type[Any]) -> bool:
    if type(value) is not bool:
        raise TypeError("expected true or false")
    return value
