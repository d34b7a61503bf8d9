"""What all models share: ids, the vendor's raw object, and instants that have a zone."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NewType, NoReturn

import attrs

from couponhub.models.given import given_id, given_instant

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


def given_list_id(value: object) -> ListId:
    """A list's id as callers give it: a text that is not blank.

    Raises:
        UsageError: It is none.
    """
    return ListId(given_id(value, "the list's id"))


def raw_field() -> Any:
    """Declare a `raw` attribute: kept beside the model, outside equality and repr."""
    return attrs.field(default=NOTHING_RAW, repr=False, eq=False)


def instant_field() -> Any:
    """Declare an optional instant: aware, kept in UTC; None when unknown."""
    return attrs.field(default=None, converter=attrs.Converter(_instant, takes_field=True))


def _instant(value: datetime | None, field: "attrs.Attribute[Any]") -> datetime | None:
    return value if value is None else given_instant(value, field.name)
