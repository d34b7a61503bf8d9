"""Times in tables: in the vendor's forms or ISO 8601; a day without a time stands for its beginning or its end."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo

_LAST_SECOND = timedelta(days=1, seconds=-1)
_LONGEST_DAY = 10
"""Characters of a day without a time, as in 2026-11-29."""


def read_time(text: str, formats: Sequence[str], zone: tzinfo | None, *, is_end: bool = False) -> datetime:
    """Read a time, in UTC.

    Args:
        text: As it stands in a table, not blank.
        formats: As `datetime.strptime` takes them, tried before ISO 8601.
        zone: Of what names none; None where nobody knows it: it is taken for UTC.
        is_end: A day without a time stands for its last second.

    Raises:
        ValueError: It is no time.
    """
    text = text.strip()
    moment = next(filter(None, (_parsed(text, form) for form in formats)), None)
    if moment is None:
        moment = datetime.fromisoformat(text)
    if is_end and len(text) <= _LONGEST_DAY and moment.time() == time.min:
        moment += _LAST_SECOND
    try:
        return moment.replace(tzinfo=moment.tzinfo or zone or UTC).astimezone(UTC)
    except OverflowError as error:  # beyond the calendar
        raise ValueError("no time") from error


def _parsed(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is added where it names none
    except ValueError:
        return None
