"""Capillary's dates: many forms, few zones, and a `Z` that is not to be trusted (C-20, C-21, C-61)."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TypeAlias

import attrs

from couponhub_capillary.wire.values import whole

# 2019-07-29T16:13:14.000Z, 2013-12-13T16:14:54+05:30, 2016-12-12 12:12:12, 2016-12-21
# (fromisoformat would also take weeks, and dates without separators.)
_is_moment = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
).fullmatch
# 2019-07-29T16:13:14.000Z, every third character from the fifth on, and the end.
_MARKS, _END = "--T::.", "Z"
_DAY_FIRST = re.compile(r"([0-9]{2})-([0-9]{2})-([0-9]{4})")
_LENGTH_OF_DAY = len("2016-12-21")
_LAST_SECOND = time(23, 59, 59)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@attrs.frozen(kw_only=True)
class Zones:
    """The zones in which a connection's times are meant.

    Attributes:
        server: Of Capillary's servers.
        server_is_guess: Whether nobody says which that is.
        store: Of the stores; None when it is not configured.
    """

    server: tzinfo
    server_is_guess: bool
    store: tzinfo | None


Moment: TypeAlias = tuple[datetime, bool]
"""An instant in UTC, and whether its zone is a guess."""

NO_MOMENT = (None, False)
"""In place of a `Moment` that cannot be told."""

_from_iso = datetime.fromisoformat


def moment_at_store(value: object, zones: Zones) -> Moment | None:
    """Return the moment at which something happened at a store, as v1.1 prints it; None when it cannot be read.

    Its `Z` is false, the digits are local time; an explicit offset is believed (C-20). Without a store zone the
    digits are kept as if they were UTC.
    """
    if zones.store is None and type(value) is str and value[4:22:3] == _MARKS and value[23:] == _END:
        # By far the most frequent; the parser sees to it that digits stand between the marks.
        try:
            return _from_iso(value), True
        except ValueError:
            return None
    moment = _parsed(value)
    if moment is None:
        return None
    zone = moment.tzinfo
    # Z and +00:00 are both parsed as UTC itself: only the text tells the false one.
    if zone is not None and (zone is not UTC or not str(value).endswith("Z")):
        return _in_utc(moment, zone_is_guess=False)
    if zones.store is not None:
        return _in_utc(moment.replace(tzinfo=zones.store), zone_is_guess=False)
    return (moment if zone is UTC else moment.replace(tzinfo=UTC)), True


def last_moment(value: object, zones: Zones) -> Moment | None:
    """The last second of a validity; None when it cannot be read.

    A day, or midnight, which is how a dropped time of day is displayed, means the end of that day (C-21, C-61).
    """
    moment = _parsed(value)
    if moment is None:
        return None
    if moment.time() == time.min:
        moment = datetime.combine(moment.date(), _LAST_SECOND, moment.tzinfo)
    return _at_server(moment, zones)


def exact_moment(value: object, zones: Zones) -> Moment | None:
    """A moment that is printed with its time of day, in the server's zone or with an offset of its own."""
    moment = _parsed(value)
    return None if moment is None else _at_server(moment, zones)


def epoch_moment(value: object) -> datetime | None:
    """Milliseconds since 1970, as text or number; None when it cannot be read (C-36)."""
    milliseconds = whole(value)
    if milliseconds is None or milliseconds <= 0:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def server_midnight(day: date, zones: Zones) -> str:
    """The beginning of a day at the server, with its offset, so that the vendor takes the day that is meant."""
    return datetime.combine(day, time.min, zones.server).isoformat()


def _parsed(value: object) -> datetime | None:
    if type(value) is not str:
        return None
    try:
        if _is_moment(value):
            return _from_iso(value)
        if len(value) == _LENGTH_OF_DAY and (match := _DAY_FIRST.fullmatch(value)):
            return datetime(int(match[3]), int(match[2]), int(match[1]))  # noqa: DTZ001 - zoned by the caller
    except ValueError:
        pass
    return None


def _at_server(moment: datetime, zones: Zones) -> Moment:
    if moment.tzinfo is not None:
        return _in_utc(moment, zone_is_guess=False)
    return _in_utc(moment.replace(tzinfo=zones.server), zone_is_guess=zones.server_is_guess)


def _in_utc(moment: datetime, *, zone_is_guess: bool) -> Moment:
    if moment.tzinfo is UTC:
        return moment, zone_is_guess
    try:
        return moment.astimezone(UTC), zone_is_guess
    except OverflowError:
        # 9999-12-31 in the west: the end of all times, give or take some hours.
        return moment.replace(tzinfo=UTC), True
