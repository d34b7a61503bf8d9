"""The gauge of a limit: how much of it is used now, and was in the last 24 hours."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Self

import attrs

from couponhub.console.sparkline import Sparkline
from couponhub.state import QuotaSample

_MUCH = 0.9
"""The part of a limit from which on its bar says that it is nearly spent."""
_DAY, _MINUTE = "_per_day", "_per_minute"


@attrs.frozen(kw_only=True)
class PastUse:
    """The use of a limit in the last 24 hours, as far as it was looked at.

    Attributes:
        line: What was used over time; None for fewer than two samples.
        highest: The most that was used at once of one window.
        highest_at: When that was, first.
    """

    line: Sparkline | None
    highest: int
    highest_at: datetime

    @classmethod
    def of(cls, samples: Sequence[QuotaSample]) -> Self | None:
        """Return what samples tell, oldest first; None of none."""
        used = [(one.at, max(0, one.most - one.left)) for one in samples]
        if not used:
            return None
        highest_at, highest = max(used, key=lambda one: one[1])
        return cls(line=Sparkline.of(used, top=samples[-1].most), highest=highest, highest_at=highest_at)


@attrs.frozen(kw_only=True)
class QuotaGauge:
    """One limit of a vendor's.

    Attributes:
        name: Its flat name.
        most: Calls in its window; 0 means no limit.
        left: Calls that are left now; None where they are not counted, or that cannot be read.
        line: What was used in the last 24 hours; None where too little is known of them, or nothing was.
        highest: The most that was used at once of one window, now included.
        highest_at: When that was; None where it is now.
        anew_at: When its window ends by the calendar, from where on all of it is left; None where that is a minute at most.
    """

    name: str
    most: int
    left: int | None
    line: Sparkline | None = None
    highest: int = 0
    highest_at: datetime | None = None
    anew_at: datetime | None = None

    @classmethod
    def of(cls, name: str, most: int, left: int | None, past: PastUse | None, now: datetime) -> Self:
        """Return the gauge of a limit.

        Args:
            name: Its flat name.
            most: Calls in its window.
            left: Calls that are left.
            past: How it was before; None where that is not known.
            now: The moment of `left`.
        """
        gauge = cls(name=name, most=most, left=left)
        if not most or left is None:
            return gauge
        was_higher = past is not None and past.highest > gauge.used
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return attrs.evolve(
            gauge,
            line=past.line if past is not None and past.highest else None,
            highest=past.highest if past is not None and was_higher else gauge.used,
            highest_at=past.highest_at if past is not None and was_higher else None,
            anew_at=midnight if name.endswith(_DAY) and gauge.used else None,
        )

    @property
    def used(self) -> int:
        """The calls that are used of the window that lasts now; 0 where that is not known."""
        return 0 if self.left is None else max(0, self.most - self.left)

    @property
    def much(self) -> int:
        """So many calls used are nearly all, for its bar."""
        return round(self.most * _MUCH)

    @property
    def lasts_a_minute(self) -> bool:
        """True where all of it is left again in a minute."""
        return self.name.endswith(_MINUTE)
