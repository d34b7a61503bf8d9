"""Spans of whole days as the vendor counts them, and how a span that holds too much is split."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Self

import attrs

from couponhub.models import Coupon, ListId
from couponhub_capillary.wire.customer_coupons import FIRST_DAY, LAST_DAY, Narrowing

_DAY = timedelta(days=1)
# Between the zone in which a day is counted, which nobody says (C-18), and UTC.
_SLACK = 2 * _DAY


@attrs.frozen
class WholeDays:
    """From the first day, and before the day `end`."""

    start: date
    end: date

    @classmethod
    def of(cls, narrowing: Narrowing) -> Self:
        """The days that were asked for; all, where none were."""
        return cls(*(narrowing.days or (FIRST_DAY, LAST_DAY)))

    def narrowed(self, narrowing: Narrowing, *, list_id: ListId | None = None) -> Narrowing:
        """Return the question about these days only, and about one series where that is given."""
        return attrs.evolve(
            narrowing, days=(self.start, self.end), list_id=narrowing.list_id if list_id is None else list_id
        )

    def split(self, coupons: Sequence[Coupon]) -> tuple["WholeDays", "WholeDays"] | None:
        """Two spans, the newer first; None when there is but one day.

        Where the coupons that came from it are the newest ones, they mark where the unseen begin; else they are
        taken for a sample, and halved.
        """
        if self.end - self.start <= _DAY:
            return None
        issues = [coupon.issued_at for coupon in coupons]
        dated = [moment for moment in issues if moment is not None]
        if dated and len(dated) == len(issues) and _is_newest_first(dated):
            at = dated[-1].date() + _DAY
        elif days := sorted(day for coupon in coupons for day in _days_of(coupon) if self._holds(day)):
            at = days[len(days) // 2]
        else:
            at = self.start + (self.end - self.start) / 2
        at = min(max(at, self.start + _DAY), self.end - _DAY)
        return WholeDays(at, self.end), WholeDays(self.start, at)

    def excludes(self, coupons: Iterable[Coupon]) -> bool:
        """Tell whether a coupon is among them that was certainly neither issued nor redeemed in these days."""
        return any(
            coupon.issued_at is not None
            and coupon.redemption_count == len(coupon.redemptions or ())
            and all(use.at is not None for use in coupon.redemptions or ())
            and not any(self._holds(day, _SLACK) for day in _days_of(coupon))
            for coupon in coupons
        )

    def _holds(self, day: date, slack: timedelta = timedelta(0)) -> bool:
        # The slack is added to the day, since the last days of the calendar are in use as ends.
        return self.start - slack <= day < self.end + slack


def _is_newest_first(moments: Sequence[datetime]) -> bool:
    return all(newer >= older for newer, older in pairwise(moments))


def _days_of(coupon: Coupon) -> Iterable[date]:
    moments = (coupon.issued_at, *(use.at for use in coupon.redemptions or ()))
    return (moment.date() for moment in moments if moment is not None)
