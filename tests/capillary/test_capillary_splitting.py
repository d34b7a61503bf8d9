"""Splitting days until nothing can have been cut: with lists, and nobody to ask."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub.models import Coupon
from couponhub_capillary.adapter.days import WholeDays
from couponhub_capillary.adapter.splitting import Slice, Split, split_until_whole

START = date(2026, 1, 1)
ALL = WholeDays(START, START + timedelta(days=64))


def issued(day: int, number: int = 0) -> Coupon:
    """Make a coupon that was issued at noon of that day."""
    at = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day)
    code = f"C{day}-{number}"
    return Coupon(connection="loyalty", code=code, id=code, issued_at=at, redemptions=(), redemption_count=0)


class Vendor:
    """Holds coupons, and sends at most so many of them at once: the newest, or others where it is `odd`."""

    def __init__(self, coupons: Sequence[Coupon], cap: int, *, heeds: bool = True) -> None:
        self.coupons = coupons
        self.cap = cap
        self.heeds = heeds
        self.seen: set[str] = set()
        self.asked: list[WholeDays] = []

    def fetch(self, days: WholeDays) -> Slice:
        """Answer about these days."""
        self.asked.append(days)
        held = [one for one in self.coupons if not self.heeds or self._lies_in(one, days)]
        held = sorted(
            held, key=lambda one: (one.issued_at or datetime.max.replace(tzinfo=UTC), one.code), reverse=True
        )
        came = held[: self.cap]
        news = len({one.code for one in came} - self.seen)
        self.seen |= {one.code for one in came}
        return Slice(days=days, rows=len(came), coupons=came, news=news)

    @staticmethod
    def _lies_in(one: Coupon, days: WholeDays) -> bool:
        return one.issued_at is not None and days.start <= one.issued_at.date() < days.end


def split(vendor: Vendor, days: WholeDays = ALL) -> Split:
    """Split from the first answer on."""
    return split_until_whole(vendor.fetch(days), vendor.fetch)


@settings(deadline=None)
@given(st.lists(st.integers(0, 63), min_size=1, max_size=120), st.integers(1, 20))
def test_all_comes_or_the_days_are_named_that_hold_more(days: list[int], cap: int) -> None:
    """Whatever the cap: what did not come lies in a day that is told of."""
    coupons = [issued(day, number) for number, day in enumerate(days)]
    vendor = Vendor(coupons, cap)
    done = split(vendor)

    missing = [one for one in coupons if one.code not in vendor.seen]
    assert done.heeded
    assert all(single.end - single.start == timedelta(days=1) for single in done.single)
    assert all(any(vendor._lies_in(one, single) for single in done.single) for one in missing)


def test_an_answer_that_is_shorter_than_another_is_whole() -> None:
    """It is not split, for the cap is the same for all."""
    vendor = Vendor([issued(day, number) for day in (3, 60) for number in range(4)], cap=6)
    assert Split() == split(vendor)
    assert 8 == len(vendor.seen)
    assert 5 >= len(vendor.asked)


def unchanged(part: Slice) -> Slice:
    """Answer as the vendor does."""
    return part


@pytest.mark.parametrize(
    ("coupons", "heeds", "spoil"),
    [
        ([issued(day) for day in range(9)], False, unchanged),
        (
            [issued(day) for day in range(9)],
            True,
            lambda part: Slice(days=part.days, rows=0, coupons=(), known=False),
        ),
    ],
    ids=["other days come", "the customer is known no more"],
)
def test_days_that_are_not_heeded_prove_nothing(
    coupons: list[Coupon], heeds: bool, spoil: Callable[[Slice], Slice]
) -> None:
    """Coupons of other days, or a customer who is unknown at once: nothing may be concluded."""
    vendor = Vendor(coupons, cap=9, heeds=heeds)
    assert Split(heeded=False) == split_until_whole(vendor.fetch(ALL), lambda days: spoil(vendor.fetch(days)))


def test_parts_that_are_all_as_long_and_bring_nothing_new_prove_nothing() -> None:
    """A vendor that does not heed days says the same each time, whatever its coupons tell of their own days."""
    timeless = [Coupon(connection="loyalty", code=f"C{number}", id=f"{number}") for number in range(3)]
    vendor = Vendor(timeless, cap=9, heeds=False)
    assert Split(heeded=False) == split(vendor)
    assert 3 == len(vendor.asked)
