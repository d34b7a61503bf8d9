"""Instants as text: RFC 3339."""

from datetime import UTC, date, datetime, time
from typing import overload


@overload
def instant_text(instant: datetime) -> str: ...
@overload
def instant_text(instant: datetime | None) -> str | None: ...
def instant_text(instant: datetime | None) -> str | None:
    """Return RFC 3339 in UTC, to the second unless the vendor said more; None for none."""
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_instant(text: str) -> datetime:
    """Read a day (its first second in UTC), or an RFC 3339 instant.

    Raises:
        ValueError: It is neither, or lacks its offset; the text does not quote it.
    """
    try:
        if len(text) == len("2026-01-31"):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is neither a day nor an RFC 3339 instant") from None
    if read.tzinfo is None:
        raise ValueError("lacks its offset; add Z for UTC")
    try:
        return read.astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside of the calendar") from None
