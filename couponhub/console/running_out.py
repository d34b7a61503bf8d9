"""The day on which a list runs out, from readings of how many codes it had left; nothing is claimed that they do not show.

Between two readings a list falls by what was handed out. Where it rises, or codes were added or taken away meanwhile, that
time tells nothing and is left out. What is left of the last 14 days is cut into pieces of a day, newest first; a gap without
readings is one piece, however long. Each gives the fall of a day. Their median says when the list runs out, their
quartiles between which days; where most days show no fall though there was one, their mean says it, and no last day is told.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median, quantiles
from typing import Self

import attrs

from couponhub.state import StockReading

LEAST_READINGS = 3
LEAST_TIME = timedelta(hours=24)
LOOKED_BACK = timedelta(days=14)
_DAY = timedelta(days=1)
_NEARLY_A_DAY = timedelta(hours=20)
"""Whoever looks each morning does not do so at the same minute."""
_STALE = timedelta(days=2)
_LONGEST = timedelta(days=3650)
_LEAST_FOR_A_RANGE = 3


class StockOutlook(StrEnum):
    """The state of what is known of a list's end."""

    EMPTY = "empty"
    TOO_FEW = "too_few"
    """Too few readings, of less than a day, or none of late."""
    STILL = "still"
    """It does not fall, or so slowly that it lasts for ten years."""
    FALLS = "falls"


@attrs.frozen(kw_only=True)
class RunningOut:
    """The day on which a list runs out, as far as its readings tell.

    Attributes:
        outlook: Which of the following is told at all.
        per_day: Codes that it loses in a day; None where that is not known.
        about: When it runs out, never before now; None unless it falls.
        first: When it runs out if it falls as on its faster days; None where too few days are known.
        last: The same of its slower days; None also where on some of them it did not fall.
        days: How many days, or longer gaps, that rests on.
    """

    outlook: StockOutlook
    per_day: float | None = None
    about: datetime | None = None
    first: datetime | None = None
    last: datetime | None = None
    days: int = 0

    @classmethod
    def of(cls, readings: Sequence[StockReading], now: datetime) -> Self:
        """Return what readings tell.

        Args:
            readings: Of one list, oldest first.
            now: The moment of the question.
        """
        if readings and readings[-1].available <= 0:
            return cls(outlook=StockOutlook.EMPTY)
        pieces = list(_pieces(readings, now - LOOKED_BACK))
        known = sum((piece.lasted for piece in pieces), timedelta())
        seen = {at for one in readings for at in (one.at, one.until) if at >= now - LOOKED_BACK}
        falls = list(_falls(pieces))
        if known < LEAST_TIME or not falls or now - readings[-1].until > _STALE:
            return cls(outlook=StockOutlook.TOO_FEW)
        rate = median(falls) or sum(falls) / len(falls)
        if rate and len(seen) < LEAST_READINGS:
            return cls(outlook=StockOutlook.TOO_FEW)
        last = readings[-1]
        if not rate or last.available / rate > _LONGEST / _DAY:
            return cls(outlook=StockOutlook.STILL, per_day=rate, days=len(falls))
        slow = fast = None
        if len(falls) >= _LEAST_FOR_A_RANGE:
            quarter, _, three_quarters = quantiles(falls, n=4, method="inclusive")
            slow, fast = min(quarter, rate), max(three_quarters, rate)
        return cls(
            outlook=StockOutlook.FALLS,
            per_day=rate,
            about=_end(last, rate, now),
            first=_end(last, fast, now),
            last=_end(last, slow, now),
            days=len(falls),
        )


@attrs.frozen
class _Piece:
    """A time without a refill, and the codes that went in it."""

    lasted: timedelta
    fell: float


def _pieces(readings: Iterable[StockReading], since: datetime) -> Iterator[_Piece]:
    """Give what is known between readings, oldest first; of what began earlier the part since then."""
    for one, other in pairwise(_sightings(readings)):
        lasted = other.at - one.at
        if one.available < other.available or one.total != other.total or other.at <= max(one.at, since):
            continue
        part = (other.at - max(one.at, since)) / lasted
        yield _Piece(lasted=lasted * part, fell=(one.available - other.available) * part)


def _sightings(readings: Iterable[StockReading]) -> Iterator[StockReading]:
    """Give each reading as often as it is known to have been so at two different times."""
    for one in readings:
        yield one
        if one.until > one.at:
            yield attrs.evolve(one, at=one.until)


def _falls(pieces: Sequence[_Piece]) -> Iterator[float]:
    """Give the codes that went in a day, for each day or longer, newest first; what is left over at the end is left out."""
    lasted, fell = timedelta(), 0.0
    for piece in reversed(pieces):
        lasted, fell = lasted + piece.lasted, fell + piece.fell
        if lasted >= _NEARLY_A_DAY:
            yield fell / (lasted / _DAY)
            lasted, fell = timedelta(), 0.0


def _end(last: StockReading, rate: float | None, now: datetime) -> datetime | None:
    if not rate or last.available / rate > _LONGEST / _DAY:
        return None
    return max(now, last.until + _DAY * (last.available / rate))
