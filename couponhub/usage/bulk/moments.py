"""Moments of the most usual form, `2026-10-03T06:30:00Z`, without an object for each of them."""

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from couponhub.usage.bulk.cells import Bytes
from couponhub.usage.moments import Moments

_FORM = np.frombuffer(b"0000-00-00T00:00:00Z", np.uint8)
_ARE_DIGITS = ord("0") == _FORM
_DAYS = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.uint8)
_ZERO = np.uint8(ord("0"))
Numbers = NDArray[np.uint8]


def plain_moments(cells: Bytes) -> Moments | None:
    """Read a column of at least one moment; None where `read_moments` has to, or refuses one.

    Their texts are as they stand in the column, and are not given.
    """
    if cells.shape[1] != len(_FORM) or (cells[:, ~_ARE_DIGITS] != _FORM[~_ARE_DIGITS]).any():
        return None
    digits = cells - _ZERO
    if (digits[:, _ARE_DIGITS] > 9).any():
        return None
    century, year, month, day, hour, minute, second = (
        digits[:, at] * np.uint8(10) + digits[:, at + 1] for at in (0, 2, 5, 8, 11, 14, 17)
    )
    if not (_below(month, 1, 12) and _below(hour, 0, 23) and _below(minute, 0, 59) and _below(second, 0, 59)):
        return None
    # The 29th of February is left to the calendar, and so is the year 0.
    if (
        not (day.min() and (day <= _DAYS[month]).all())
        or ((month == 2) & (day == 29)).any()
        or not century.min()
    ):
        return None
    order = np.zeros(len(cells), np.int64)
    for part in (century, year, month, day, hour, minute, second):
        order *= 100
        order += part
    return Moments((), _moment(cells[order.argmin()]), _moment(cells[order.argmax()]), approximate=False)


def _below(numbers: Numbers, least: int, most: int) -> bool:
    return bool(numbers.min() >= least and numbers.max() <= most)


def _moment(cell: Bytes) -> datetime:
    return datetime.fromisoformat(cell.tobytes().decode())
