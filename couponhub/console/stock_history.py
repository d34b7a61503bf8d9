"""The history of one list: what was left of it, when that was read, and when it runs out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

import attrs

from couponhub.console.running_out import RunningOut
from couponhub.console.sparkline import Sparkline
from couponhub.models import CouponList
from couponhub.state import StockReading

_MOST_READINGS = 200


@attrs.frozen(kw_only=True)
class StockHistory:
    """The readings of one list.

    Attributes:
        readings: The newest of them, newest first.
        rest: How many older ones are not among them.
        outlook: When it runs out; None where nothing was ever read.
        line: What was left over time; None for fewer than two times.
    """

    readings: tuple[StockReading, ...]
    rest: int
    outlook: RunningOut | None
    line: Sparkline | None

    @classmethod
    def of(cls, readings: Sequence[StockReading], newest: CouponList | None, now: datetime) -> Self:
        """Return what is shown of readings.

        Args:
            readings: Oldest first.
            newest: The list as it was read a moment ago; None where it was not.
            now: That moment.
        """
        every = [*readings]
        if newest is not None and newest.available is not None:
            every.append(StockReading(at=now, until=now, available=newest.available, total=newest.total))
        counts = [(at, one.available) for one in every for at in (one.at, one.until)]
        return cls(
            readings=tuple(reversed(readings[-_MOST_READINGS:])),
            rest=max(0, len(readings) - _MOST_READINGS),
            outlook=RunningOut.of(every, now) if every else None,
            line=Sparkline.of(counts),
        )
