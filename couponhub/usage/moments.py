"""The moments in a report: read at once, and told from each other by the first and the last of them."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice

import attrs

from couponhub.models import ReportColumn, ReportForm
from couponhub.usage.opening import MakeFault

_ODD_SHOWN = 3
_LIKE_A_MOMENT = re.compile(
    # Two numbers of no more digits than years and fractions have, and a colon, a slash or a month: no code, no telephone.
    r"(?!.*(?:^|[^.,\d])\d{5})(?=.{4,40}$)(?=.*\d[^\d]+\d)(?=.*(?:[:/]|[a-z]{3}|\d\.\d{1,2}\.\d{4}|\d{4}-\d\d-\d\d))(?:\d{1,4}(?:[.,]\d{1,9})?|[-/:., +]|[TZ]|[AP]\.?M\.?|UTC|GMT|IST"
    r"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6})+",
    re.IGNORECASE,
)


@attrs.frozen
class Moments:
    """The moments of some rows.

    Attributes:
        texts: Each in ISO 8601 with its offset; the very texts that were read where they are that.
        first, last: The earliest and the latest.
        approximate: Some came without a zone, and the connection names none.
    """

    texts: Sequence[str]
    first: datetime
    last: datetime
    approximate: bool


def read_moments(texts: Sequence[str], form: ReportForm, number: int, fault: MakeFault) -> Moments:
    """Read a column of moments, of at least one row.

    Args:
        texts: The column.
        form: Says how they are written.
        number: The number of the first row.
        fault: Makes the error.

    Raises:
        LocalError: One cannot be read; what may be no moment at all is not quoted.
    """
    texts, moments = _read(texts, form.time_format, number, fault)
    try:
        first, last = min(moments), max(moments)
        known = first.tzinfo is not None
    except TypeError:  # some name a zone, some do not
        known = False
    if not known:
        zone = form.zone or UTC
        moments = [moment.replace(tzinfo=moment.tzinfo or zone) for moment in moments]
        first, last = min(moments), max(moments)
    if not known or form.time_format is not None:
        texts = [moment.isoformat() for moment in moments]
    return Moments(texts, first, last, approximate=not known and form.zone is None)


def _read(
    texts: Sequence[str], form: str | None, number: int, fault: MakeFault
) -> tuple[Sequence[str], list[datetime]]:
    try:
        return texts, _moments(texts, form)
    except ValueError:
        plain = list(map(str.strip, texts))
    try:
        return plain, _moments(plain, form)
    except ValueError:
        odd = ((row, text) for row, text in enumerate(plain, number) if not _is_moment(text, form))
        raise fault(
            _unreadable(list(islice(odd, _ODD_SHOWN))),
            "usage_time_format of the connection says how times are written, as strptime takes it:"
            " %d/%m/%Y %H:%M for one; without it they are read as ISO 8601",
        ) from None


def _moments(texts: Sequence[str], form: str | None) -> list[datetime]:
    if form is None:
        return list(map(datetime.fromisoformat, texts))
    return [datetime.strptime(text, form) for text in texts]  # noqa: DTZ007 - the zone comes after


def _unreadable(rows: Sequence[tuple[int, str]]) -> str:
    """Say what is wrong with the first rows whose moment cannot be read; what may be no moment at all is not quoted."""
    (row, text), *others = rows
    told = f"row {row} has no moment that can be read as its {ReportColumn.SENT_AT.value}{_quoted(text)}"
    also = [f"row {row}{_quoted(text)}" for row, text in others]
    return f"{told} (also {', '.join(also)})" if also else told


def _quoted(text: str) -> str:
    return f': "{text}"' if _LIKE_A_MOMENT.fullmatch(text) else ""


def _is_moment(text: str, form: str | None) -> bool:
    try:
        _moments([text], form)
    except ValueError:
        return False
    return True
