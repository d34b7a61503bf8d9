"""Making settings of tables: strict, and every fault of every setting found, not only the first."""

from collections.abc import Callable
from functools import cache
from typing import Any

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, override

from couponhub.secret import Secret
from couponhub.strict import strict_converter


@attrs.frozen(kw_only=True)
class TableWords:
    """The rest of a table, as the validator of one of its settings may know it before there is an instance."""

    allow_http: bool = False


@cache
def config_converter(words: TableWords | None = None) -> Converter:
    """The converter for settings classes, which knows `Secret` and runs each setting's validator by itself.

    It is kept, for it compiles a function for each class that it meets.
    """
    converter = strict_converter(forbid_extra_keys=True)
    converter.register_structure_hook(Secret, _secret)
    known = words or TableWords()
    converter.register_structure_hook_factory(attrs.has, lambda kind: whole_class(converter, kind, known))
    return converter


def whole_class(
    converter: Converter, kind: type[Any], words: TableWords | None = None
) -> Callable[[Any, Any], Any]:
    """A hook that makes an object of a class, and finds the faults of all its fields."""
    checks: dict[str, Any] = {
        field.name: override(struct_hook=_checked(converter, field, words))
        for field in attrs.fields(attrs.resolve_types(kind))
    }
    return make_dict_structure_fn(kind, converter, **checks)


def setting_fault(cls: type[Any], name: str, value: Any) -> str | None:
    """Return what is wrong with one setting; None where nothing is."""
    field = attrs.fields_dict(attrs.resolve_types(cls))[name]
    try:
        _checked(config_converter(), field, TableWords())(value, field.type)
    except (TypeError, ValueError) as error:
        return str(error).removeprefix(f"{name}: ")
    return None


def _checked(
    converter: Converter, field: "attrs.Attribute[Any]", words: TableWords | None
) -> Callable[[Any, Any], Any]:
    """Convert and validate one setting; the class alone would stop at the first validator that refuses."""
    # Found once: the body of each request is made so.
    structure, validator = converter.get_structure_hook(field.type), field.validator
    if validator is None:
        return structure

    def convert(value: Any, kind: Any) -> Any:
        converted = structure(value, kind)
        validator(words, field, converted)
        return converted

    return convert


def _secret(value: Any, _: type[Secret]) -> Secret:
    if not isinstance(value, Secret):
        raise TypeError('expected text (secrets are always text: write "007", not 007)')
    if not value.reveal():
        raise ValueError("is empty")
    return value
