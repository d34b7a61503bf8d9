"""Any set of overlapping reports gives the same answers as a plain dict of what truly happened."""

import tempfile
from pathlib import Path

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from couponhub.models import CouponQuery
from tests.kit.examples import examples
from tests.usage.reports_harness import ReportHarness, Row, day, until

LISTS = ("L1", "L2", "L3")
TODAY = 20


@attrs.frozen
class Past:
    """What truly happened: when each list was created, and who was given what by it on which day."""

    created: dict[str, int]
    given: dict[str, list[Row]]


@st.composite
def pasts(draw: st.DrawFn) -> Past:
    """Some lists with some handouts."""
    count = draw(st.integers(1, len(LISTS)))
    created = {name: draw(st.integers(1, TODAY)) for name in LISTS[:count]}
    given = {
        name: [
            Row(draw(st.sampled_from(("A", "B", "C"))), f"{name}-{number}", draw(st.integers(first, TODAY)))
            for number in range(draw(st.integers(0, 6)))
        ]
        for name, first in created.items()
    }
    return Past(created, given)


orders = st.lists(
    st.tuples(st.sampled_from(LISTS), st.integers(1, TODAY), st.integers(0, TODAY)), min_size=1, max_size=9
)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(past=pasts(), asked=orders, window=st.tuples(st.integers(1, TODAY), st.integers(1, TODAY)))
def test_overlapping_reports_tell_the_truth(
    past: Past, asked: list[tuple[str, int, int]], window: tuple[int, int]
) -> None:
    """Each code once, none invented, and `none` only of people of whom it is true."""
    with tempfile.TemporaryDirectory() as folder:
        harness = ReportHarness(Path(folder) / "state")
        for name, created in past.created.items():
            harness.vendor.create(name, created=created)
        reported: dict[str, set[int]] = {name: set() for name in past.created}
        for name, first, length in asked:
            if name not in past.created:
                continue
            begin = max(first, past.created[name])
            end = min(begin + length, TODAY)
            harness.take(name, begin, end, *(row for row in past.given[name] if begin <= row.day <= end))
            reported[name] |= set(range(begin, end + 1))
        if any(reported.values()):
            _check(harness, past, reported, None, None)
            first, last = min(window), max(window)
            _check(harness, past, reported, first, last)
        harness.close()


def _check(
    harness: ReportHarness, past: Past, reported: dict[str, set[int]], first: int | None, last: int | None
) -> None:
    query = (
        CouponQuery()
        if first is None or last is None
        else CouponQuery(since=until(first - 1), until=until(last))
    )
    for customer in ("A", "B", "C", "nobody"):
        held = {
            row.code
            for name, rows in past.given.items()
            for row in rows
            if row.customer == customer and row.day in reported[name]
            if first is None or last is None or first <= row.day <= last
        }
        found = harness.found(customer, query)
        codes = [coupon.code for coupon in found.coupons]
        assert sorted(held) == sorted(codes)
        issued = [coupon.issued_at for coupon in found.coupons if coupon.issued_at]
        assert sorted(issued, reverse=True) == issued
        if found.covered:
            assert found.as_of is not None
            truly = {
                row.code
                for rows in past.given.values()
                for row in rows
                if row.customer == customer and until(row.day) <= found.as_of
                if first is None or last is None or first <= row.day <= last
            }
            assert truly <= set(codes)
            whole = {day(number) for number in range(1, TODAY) if until(number) <= found.as_of}
            assert whole
