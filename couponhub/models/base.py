"""The basis of all models: ids, the vendor's raw object, instants that have a zone, and the way to JSON."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib import import_module
from typing import Any, NewType, NoReturn

import attrs

from couponhub.models.given import given_flag, given_id, given_instant, given_whole

ListId = NewType("ListId", str)
PartId = NewType("PartId", str)
UploadId = NewType("UploadId", str)

Raw = Mapping[str, Any]
"""A vendor's decoded JSON object, as it came."""


class _Nothing(Mapping[str, Any]):
    """A mapping that is empty and stays so; unlike a view of a dictionary it can be pickled."""

    def __getitem__(self, key: str) -> NoReturn:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "{}"

    def __reduce__(self) -> str:
        return "NOTHING"


NOTHING: Mapping[str, Any] = _Nothing()
NOTHING_RAW: Raw = NOTHING


class Documented:
    """A model that JSON has a form for: the same one on the command line, over HTTP and here."""

    __slots__ = ()

    def as_dict(self, *, raw: bool = False) -> dict[str, Any]:
        """Return the model as JSON's own kinds of value: texts, numbers, flags, None, lists and dictionaries.

        Keys, their order and their forms are those of `-o json` and of the HTTP endpoint: instants in RFC 3339 and in
        UTC, days as `2026-01-31`, and None for what nobody knows. Codes and identifiers stand in it in plain text.

        Args:
            raw: Whether to add the vendors' own objects, which may hold personal data.

        Raises:
            UsageError: `raw` is no flag.
        """
        document: dict[str, Any] = _codec().to_document(self, raw=given_flag(raw, "raw"))
        return document

    def to_json(self, *, raw: bool = False, indent: int | None = None) -> str:
        """Return the text of `as_dict`, on one line unless `indent` is given.

        Args:
            raw: As of `as_dict`.
            indent: Blanks for each level, each key on a line of its own.

        Raises:
            UsageError: `raw` is no flag, or `indent` no number of 0 or more.
        """
        width = None if indent is None else given_whole(indent, "indent", least=0)
        text: str = _codec().json_text(self.as_dict(raw=raw), indent=width)
        return text


def _codec() -> Any:
    # By name and when it is first needed: the codec knows every model, so it stands on a floor above them.
    return import_module("couponhub.serialization")


def given_list_id(value: object) -> ListId:
    """A list's id as callers give it: a text that is not blank.

    Raises:
        UsageError: It is none.
    """
    return ListId(given_id(value, "the list's id"))


def about(
    text: str = "", *, key: str = "", in_json: bool = True, null_for_blank: bool = False
) -> dict[str, Any]:
    """Return the metadata of a field that goes out as JSON.

    Args:
        text: What it is, for people: the words of the reference and of the OpenAPI document.
        key: Its key, where that is another than its name.
        in_json: Whether JSON has it at all.
        null_for_blank: Whether JSON has null where the model has "".
    """
    said = {"about": text, "key": key, "left_out": not in_json, "null_for_blank": null_for_blank}
    return {name: value for name, value in said.items() if value}


def json_key(field: "attrs.Attribute[Any]") -> str | None:
    """Return the key of a field in JSON; None where it is left out."""
    key: str = field.metadata.get("key", field.name)
    return None if field.metadata.get("left_out") else key


def is_null_for_blank(field: "attrs.Attribute[Any]") -> bool:
    """Tell whether JSON has null where the field has ""."""
    return bool(field.metadata.get("null_for_blank"))


def raw_field(text: str = "") -> Any:
    """Declare a `raw` attribute: kept beside the model, outside equality and repr."""
    return attrs.field(default=NOTHING_RAW, repr=False, eq=False, metadata=about(text))


def instant_field(text: str = "") -> Any:
    """Declare an optional instant: aware, kept in UTC; None when unknown."""
    return attrs.field(
        default=None, converter=attrs.Converter(_instant, takes_field=True), metadata=about(text)
    )


def _instant(value: datetime | None, field: "attrs.Attribute[Any]") -> datetime | None:
    return value if value is None else given_instant(value, field.name)
