"""Lengths of time as people write them: 7d, 12h, 90m."""

import re
from datetime import timedelta

from couponhub.errors import UsageError

_SPAN = re.compile(r"([0-9]{1,6})([dhm])")
_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
_LONGEST = timedelta(days=3660)


def given_span(given: object, what: str) -> timedelta:
    """Read a length of time.

    Args:
        given: A text such as 7d, 12h or 90m, or a `timedelta`.
        what: Of what it is the length, for the error.

    Raises:
        UsageError: It is none, or not above 0.
    """
    span: timedelta | None = None
    if isinstance(given, timedelta):
        span = given
    elif isinstance(given, str) and (found := _SPAN.fullmatch(given.strip())):
        span = int(found[1]) * _UNITS[found[2]]
    if span is None or not timedelta(0) < span <= _LONGEST:
        raise UsageError(
            f"{what} is a length of time above 0, at most ten years", hint="such as 7d, 12h or 90m"
        )
    return span
