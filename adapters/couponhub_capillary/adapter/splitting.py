"""Splitting days until no answer about any of them can have been cut; nobody is asked here."""

from collections.abc import Callable, Sequence

import attrs

from couponhub.models import Coupon
from couponhub_capillary.adapter.days import WholeDays


@attrs.frozen(kw_only=True)
class Slice:
    """The answer for some of the days.

    Attributes:
        rows: How many rows the vendor sent.
        coupons: Those of them that could be read.
        news: How many of the coupons had not come before.
        known: Whether the vendor knew the customer, whom it has known before.
    """

    days: WholeDays
    rows: int
    coupons: Sequence[Coupon]
    news: int = 0
    known: bool = True

    @property
    def contradicts_days(self) -> bool:
        """True when it can only come from a vendor that does not heed the days."""
        return not self.known or self.days.excludes(self.coupons)


@attrs.frozen
class Split:
    """The end of splitting.

    Attributes:
        heeded: Whether the vendor seems to heed days at all; nothing is proven where it does not.
        single: The single days that may hold more than came.
    """

    heeded: bool = True
    single: tuple[WholeDays, ...] = ()


def split_until_whole(first: Slice, fetch: Callable[[WholeDays], Slice]) -> Split:
    """Split what may have been cut, fetch the parts, and go on with those that may have been cut too.

    Whatever the vendor's cap is, it is the same for all answers: one that is shorter than the longest was not cut.
    A coupon that was issued in one part and redeemed in another comes in both.
    """
    longest = first.rows
    single: list[WholeDays] = []
    pending = [first]
    while pending:
        whole = pending.pop()
        if whole.rows < longest:
            continue
        halves = whole.days.split(whole.coupons)
        if halves is None:
            single.append(whole.days)
            continue
        news, cut = 0, []
        for days in halves:
            part = fetch(days)
            if part.contradicts_days:
                return Split(heeded=False)
            news += part.news
            longest = max(longest, part.rows)
            if part.rows >= longest:
                cut.append(part)
        if len(cut) == len(halves) and not news:
            return Split(heeded=False)  # though nothing else shows it
        pending += cut
    return Split(single=tuple(single))
