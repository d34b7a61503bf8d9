"""The codes that were given out of a list, as imported reports say: a column for each day, a row for each campaign."""

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Self

import attrs

from couponhub.connection import Connection
from couponhub.console.usage_counts import UsageCounts
from couponhub.errors import CouponhubError, NotFound, Unsupported
from couponhub.models import ImportedReport, ListCoverage, UsageCount, UsageGroup
from couponhub.serialization import instant_text
from couponhub.server.discretion import discreet
from couponhub.shown import no_formula

_MOST_DAYS = 366
"""Columns that can be told apart; the table has all days."""
_HEIGHT = 100.0
_LEAST = 1.0
"""A day with one code among thousands is seen all the same."""
_DAY = timedelta(days=1)


@attrs.frozen(kw_only=True)
class DayColumn:
    """One day of the picture.

    Attributes:
        place: How many days after the first.
        top: How far down its column begins, of a hundred.
        height: Of its column, of a hundred.
    """

    day: date
    codes: int
    place: int
    top: float
    height: float


@attrs.frozen(kw_only=True)
class DayPicture:
    """The days as columns.

    Attributes:
        columns: Of days with codes, oldest first.
        width: Days from the first to the last, both included.
        most: The codes of the highest column.
        is_cut: True when earlier days are left out.
    """

    columns: tuple[DayColumn, ...]
    width: int
    most: int
    is_cut: bool

    @classmethod
    def of(cls, counts: Sequence[UsageCount]) -> Self | None:
        """Return the picture of counts by day; None where no code has a day."""
        told = {date.fromisoformat(one.value): one.codes for one in counts if one.value is not None}
        if not told:
            return None
        last = max(told)
        first = max(min(told), last - (_MOST_DAYS - 1) * _DAY)
        days = sorted(day for day in told if day >= first)
        most = max(told[day] for day in days)
        columns = []
        for day in days:
            height = max(_LEAST, round(_HEIGHT * told[day] / most, 2))
            columns.append(
                DayColumn(
                    day=day,
                    codes=told[day],
                    place=(day - first).days,
                    top=round(_HEIGHT - height, 2),
                    height=height,
                )
            )
        return cls(columns=tuple(columns), width=(last - first).days + 1, most=most, is_cut=first > min(told))

    @property
    def first(self) -> date:
        """The first day."""
        return self.columns[0].day

    @property
    def last(self) -> date:
        """The last day."""
        return self.columns[-1].day


@attrs.frozen(kw_only=True)
class UsageView:
    """The reports of one list, and what they say in all.

    Attributes:
        is_offered: False where the vendor has no usage reports.
        coverage: None where no report of the list was ever imported, nor its vendor asked.
        error: Why it cannot be told, for people.
    """

    is_offered: bool = True
    coverage: ListCoverage | None = None
    reports: tuple[ImportedReport, ...] = ()
    by_day: tuple[UsageCount, ...] = ()
    by_campaign: tuple[UsageCount, ...] = ()
    picture: DayPicture | None = None
    error: CouponhubError | None = None

    @classmethod
    def of(cls, connection: Connection, list_id: str, counts: UsageCounts) -> Self:
        """Read what was imported of a list; no vendor is asked."""
        try:
            (coverage,) = connection.usage.status(list_id, ask_vendor=False).lists
            counted = counts.of(connection, list_id)
        except Unsupported:
            return cls(is_offered=False)
        except NotFound:
            return cls()
        except CouponhubError as error:
            return cls(error=discreet(error))
        return cls(
            coverage=coverage,
            reports=counted.reports,
            by_day=counted.by_day,
            by_campaign=counted.by_campaign,
            picture=DayPicture.of(counted.by_day),
        )

    @property
    def most_of_a_campaign(self) -> int:
        """The codes of the campaign with the most; 0 where there is none."""
        return max((one.codes for one in self.by_campaign), default=0)


def counts_table(counts: Sequence[UsageCount], by: UsageGroup) -> bytes:
    """Write counts as CSV in UTF-8, as the command `usage stats` does; it holds no code and no customer."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow([by.value, "name", "codes", "customers", "first_issued_at", "last_issued_at"])
    for one in counts:
        rows.writerow(
            [
                no_formula(one.value or ""),
                no_formula(one.name or ""),
                one.codes,
                one.customers,
                instant_text(one.first_issued_at) or "",
                instant_text(one.last_issued_at) or "",
            ]
        )
    return text.getvalue().encode("utf-8", "replace")
