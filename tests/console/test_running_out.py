"""The day a list runs out: never claimed without grounds, never before today, and deaf to refills."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from couponhub.console.running_out import RunningOut, StockOutlook
from couponhub.state import StockReading

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def read(*counts: tuple[float, int], total: int | None = None) -> list[StockReading]:
    """Readings so many hours ago, each seen once."""
    return [
        StockReading(at=NOW - hours * HOUR, until=NOW - hours * HOUR, available=available, total=total)
        for hours, available in counts
    ]


@st.composite
def histories(draw: st.DrawFn) -> list[StockReading]:
    """Any readings there can be, up to now."""
    times = sorted(draw(st.sets(st.integers(0, 60 * 24 * 20), max_size=30)), reverse=True)
    found = []
    for place, minutes in enumerate(times):
        latest = times[place + 1] if place + 1 < len(times) else 0
        until = draw(st.integers(latest, minutes))
        found.append(
            StockReading(
                at=NOW - timedelta(minutes=minutes),
                until=NOW - timedelta(minutes=until),
                available=draw(st.integers(0, 5) | st.integers(0, 10**9)),
                total=draw(st.none() | st.integers(1, 3)),
            )
        )
    return found


@given(histories())
@example(read())
@example(read((30, 9), (10, 5), (0, 0)))
def test_whatever_was_read_nothing_is_claimed_that_cannot_be(readings: list[StockReading]) -> None:
    """No day before now, a range around the middle, no day of a list that is empty, still or hardly known."""
    told = RunningOut.of(readings, NOW)
    days = [day for day in (told.first, told.about, told.last) if day is not None]
    assert days == sorted(days)
    assert all(day >= NOW for day in days)
    assert (told.outlook is StockOutlook.FALLS) == (told.about is not None)
    assert told.about is not None or (told.first, told.last) == (None, None)
    assert (told.outlook is StockOutlook.EMPTY) == bool(readings and readings[-1].available == 0)
    if told.about is not None:
        assert told.per_day
        assert len({at for one in readings for at in (one.at, one.until)}) >= 3
        assert any(one.available > other.available for one, other in pairwise(readings))


@given(
    rate=st.integers(1, 50),
    hours=st.sets(st.integers(0, 300), min_size=6, max_size=40).map(lambda found: {*found, 0, 300}),
    refills=st.dictionaries(st.integers(1, 300), st.integers(20_000, 10**6), max_size=3),
)
def test_a_steady_fall_is_found_whatever_is_added_meanwhile(
    rate: int, hours: set[int], refills: dict[int, int]
) -> None:
    """So many codes an hour give that day, whenever it was read; what is uploaded shifts it by what it adds alone."""
    readings = [
        StockReading(
            at=NOW - ago * HOUR,
            until=NOW - ago * HOUR,
            available=20_000
            - rate * (300 - ago)
            + sum(more for when, more in refills.items() if when >= ago),
        )
        for ago in sorted(hours, reverse=True)
    ]
    told = RunningOut.of(readings, NOW)
    if told.outlook is StockOutlook.TOO_FEW:  # refills left no day whole
        assert refills
        return
    ends = NOW + readings[-1].available / rate * HOUR
    if ends - NOW > timedelta(days=3650):
        assert told.outlook is StockOutlook.STILL
        return
    assert told.per_day == pytest.approx(24 * rate)
    assert told.about is not None
    minute = timedelta(minutes=1)
    assert abs(told.about - ends) < minute
    assert all(day is None or abs(day - ends) < minute for day in (told.first, told.last))


@given(st.integers(1, 1000), st.lists(st.integers(0, 1000), min_size=3, max_size=12))
def test_what_never_falls_is_still(available: int, rises: list[int]) -> None:
    """Whatever is added, no day is told."""
    counts = [
        (24.0 * (len(rises) - place), available + sum(rises[:place])) for place in range(len(rises) + 1)
    ]
    assert RunningOut.of(read(*counts), NOW).outlook in {StockOutlook.STILL, StockOutlook.TOO_FEW}
    (lasting,) = read((72, available))
    assert StockOutlook.STILL is RunningOut.of([attrs.evolve(lasting, until=NOW)], NOW).outlook


def test_the_range_is_that_of_faster_and_slower_days() -> None:
    """Falls of 10, 20, 30 and 40 a day: 25 in the middle, 17.5 and 32.5 at the quartiles."""
    told = RunningOut.of(read((96, 450), (72, 440), (48, 420), (24, 390), (0, 350)), NOW)
    assert (StockOutlook.FALLS, 25, 4) == (told.outlook, told.per_day, told.days)
    assert [NOW + DAY * (350 / rate) for rate in (32.5, 25, 17.5)] == [told.first, told.about, told.last]


def test_a_list_that_goes_out_in_bursts_has_no_last_day() -> None:
    """Most days show nothing: the mean counts, and nobody is told that it lasts until then at most."""
    told = RunningOut.of(read((120, 900), (96, 900), (72, 900), (48, 500), (24, 500), (0, 500)), NOW)
    assert (80, NOW + DAY * 6.25, None) == (told.per_day, told.about, told.last)
    assert told.first is not None


@pytest.mark.parametrize(
    "counts",
    [
        [(30, 10), (0, 5)],  # two readings
        [(20, 30), (10, 20), (0, 10)],  # less than a day
        [(120, 30), (90, 20), (60, 10)],  # none of late
        [(900, 40), (800, 30), (700, 20), (1, 10), (0, 9)],  # too long ago
    ],
)
def test_too_few_readings_tell_nothing(counts: list[tuple[float, int]]) -> None:
    """Two, those of some hours, old ones, and those of weeks ago."""
    assert RunningOut(outlook=StockOutlook.TOO_FEW) == RunningOut.of(read(*counts), NOW)


def test_a_gap_is_one_day_among_others_and_the_overdue_ends_now() -> None:
    """Ten days without a reading give one figure, so that no range is made of them; a day in the past becomes this one."""
    told = RunningOut.of(read((250, 1000), (240, 1000), (0, 900)), NOW)
    assert (1, 10, None, None) == (told.days, told.per_day, told.first, told.last)
    late = RunningOut.of(read((112, 300), (88, 200), (64, 100), (40, 1)), NOW)
    assert NOW == late.about


def test_codes_that_were_added_or_deleted_hide_what_went_meanwhile() -> None:
    """The total says so even where fewer are left."""
    readings = read((96, 450), (72, 440), (48, 430), (24, 420), (0, 100), total=500)
    readings[-1] = attrs.evolve(readings[-1], total=200)
    assert 10 == RunningOut.of(readings, NOW).per_day
