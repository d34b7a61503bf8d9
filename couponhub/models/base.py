"""What all models share: ids, the vendor's raw object, and the check that an instant has a zone."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NewType

import attrs

if TYPE_CHECKING:
    from attrs import Attribute

ListId = NewType("ListId", str)
PartId = NewType("PartId", str)
UploadId = NewType("UploadId", str)

Raw = Mapping[str, Any]
"""A vendor's decoded JSON object, as it came."""

NOTHING_RAW: Raw = MappingProxyType({})


def is_utc(instance: object, attribute: "Attribute[datetime | None]", value: datetime | None) -> None:
    """Validate that an instant is aware and in UTC (or None where that is allowed)."""
    if value is None or value.tzinfo is UTC:
        return
    if value.utcoffset() != timedelta(0):
        raise ValueError(f"{type(instance).__name__}.{attribute.name} must be an aware UTC instant")


def utc_now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)


def raw_field() -> Any:
    """Declare a `raw` attribute: kept beside the model, outside equality and repr."""
    return attrs.field(default=NOTHING_RAW, repr=False, eq=False)


def instant_field() -> Any:
    """Declare an optional instant: aware UTC, None when unknown."""
    return attrs.field(default=None, validator=is_utc)
