"""The vendor's ways to print and read dates (C-73)."""

import re
from datetime import UTC, date, datetime, tzinfo

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})", re.ASCII)


def false_z(instant: datetime, store_zone: tzinfo, *, fraction: str = "") -> str:
    """Store-local digits with a `Z` that is not true (C-20)."""
    return f"{instant.astimezone(store_zone):%Y-%m-%dT%H:%M:%S}{fraction}Z"


def iso(instant: datetime, zone: tzinfo) -> str:
    """The true instant in that zone, `Z` where it is UTC, cut to the second."""
    local = instant.astimezone(zone).replace(microsecond=0)
    return local.isoformat().replace("+00:00", "Z")


def iso_midnight(day: date, zone: tzinfo) -> str:
    """The first second of a day in that zone."""
    return iso(midnight(day, zone), zone)


def midnight(day: date, zone: tzinfo) -> datetime:
    """The first second of a day in that zone, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def plain(instant: datetime, zone: tzinfo) -> str:
    """`YYYY-MM-DD HH:MM:SS` without any zone."""
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def epoch_ms(instant: datetime | None) -> int:
    """Epoch milliseconds, cut to the second; 0 for never."""
    return 0 if instant is None else int(instant.timestamp()) * 1000


def read_day(text: str) -> date | None:
    """A `YYYY-MM-DD`; None when it is none."""
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def read_last_day(text: str, zone: tzinfo) -> date | None:
    """The calendar day, in that zone, of an instant with its offset, or of a bare day (C-81, C-47); None when neither."""
    if not _INSTANT.fullmatch(text):
        return read_day(text)
    try:
        return datetime.fromisoformat(text).astimezone(zone).date()
    except (ValueError, OverflowError):
        return None
