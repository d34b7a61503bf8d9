"""Every documented form of a Capillary date, and what its zone is taken for."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from couponhub_capillary.wire.times import (
    Zones,
    epoch_moment,
    exact_moment,
    last_moment,
    moment_at_store,
    server_midnight,
)

KOLKATA = ZoneInfo("Asia/Kolkata")
PLAIN = Zones(server=UTC, server_is_guess=False, store=None)
INDIA = Zones(server=KOLKATA, server_is_guess=False, store=KOLKATA)


def utc(text: str) -> datetime:
    """Make an instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zones", "at", "guess"),
    [
        ("2019-07-29T16:13:14.000Z", PLAIN, "2019-07-29T16:13:14", True),
        ("2019-07-29T16:13:14.000Z", INDIA, "2019-07-29T10:43:14", False),
        ("2013-12-13T16:14:54+05:30", PLAIN, "2013-12-13T10:44:54", False),
        ("2013-12-13T16:14:54+05:30", INDIA, "2013-12-13T10:44:54", False),
        ("2016-12-12 12:12:12", PLAIN, "2016-12-12T12:12:12", True),
        ("2016-12-12 12:12:12", INDIA, "2016-12-12T06:42:12", False),
        ("2025-08-19T16:52:11Z", INDIA, "2025-08-19T11:22:11", False),
    ],
)
def test_moments_at_a_store(text: str, zones: Zones, at: str, guess: bool) -> None:
    """The false Z is store-local where the zone is known, else its digits stay and are marked (C-20)."""
    assert (utc(at), guess) == moment_at_store(text, zones)


@pytest.mark.parametrize(
    ("text", "zones", "at"),
    [
        ("2019-12-31 23:59:59", PLAIN, "2019-12-31T23:59:59"),
        ("2019-12-31 23:59:59", INDIA, "2019-12-31T18:29:59"),
        ("2016-12-21", PLAIN, "2016-12-21T23:59:59"),
        ("2016-12-21", INDIA, "2016-12-21T18:29:59"),
        ("08-03-2122", PLAIN, "2122-03-08T23:59:59"),
        ("2026-06-11T00:00:00Z", INDIA, "2026-06-11T23:59:59"),
        ("2026-06-11T00:00:00+05:30", PLAIN, "2026-06-11T18:29:59"),
        ("2026-06-11T23:59:59Z", INDIA, "2026-06-11T23:59:59"),
    ],
)
def test_last_moments(text: str, zones: Zones, at: str) -> None:
    """A day, also when displayed as its midnight, is valid to its end at the server (C-21, C-61)."""
    assert (utc(at), False) == last_moment(text, zones)


def test_an_unsaid_server_zone_is_a_guess() -> None:
    """Where nobody says in which zone the server is, an expiry without offset is marked."""
    zones = Zones(server=UTC, server_is_guess=True, store=None)

    assert (utc("2019-12-31T23:59:59"), True) == last_moment("2019-12-31 23:59:59", zones)
    assert (utc("2019-12-31T21:59:59"), False) == last_moment("2019-12-31T23:59:59+02:00", zones)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "soon",
        0,
        1577836799000,
        {},
        "2019-13-01",
        "2019-02-30 01:02:03",
        "31-02-2020",
        "2019-12-31T25:00:00Z",
        "20191231",
        "٢٠١٩-١٢-٣١",
        " 2019-12-31",
    ],
)
def test_unreadable_times_are_none(value: object) -> None:
    """What is no documented form is unreadable, and never half read."""
    assert moment_at_store(value, PLAIN) is None
    assert last_moment(value, PLAIN) is None
    assert exact_moment(value, PLAIN) is None


def test_the_end_of_all_times_does_not_overflow() -> None:
    """The last representable day in the west of Greenwich stays the last day."""
    west = Zones(server=ZoneInfo("America/New_York"), server_is_guess=False, store=None)

    assert (utc("9999-12-31T23:59:59"), True) == last_moment("9999-12-31", west)


def test_exact_moments_keep_midnight() -> None:
    """A moment that is meant with its time of day may be midnight."""
    assert (utc("2025-02-04T00:00:00"), False) == exact_moment("2025-02-04T00:00:00Z", PLAIN)


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("1717651325445", datetime(2024, 6, 6, 5, 22, 5, 445000, tzinfo=UTC)),
        (1716811570000, datetime(2024, 5, 27, 12, 6, 10, tzinfo=UTC)),
        ("0", None),
        ("soon", None),
        (None, None),
        (10**17, None),
    ],
)
def test_epoch_moments(value: object, at: datetime | None) -> None:
    """Upload times are milliseconds as text (C-36)."""
    assert at == epoch_moment(value)


def test_server_midnight_carries_the_servers_offset() -> None:
    """Another offset could give the vendor the day before (the date shift of series)."""
    assert "2027-01-31T00:00:00+05:30" == server_midnight(date(2027, 1, 31), INDIA)
    assert "2027-01-31T00:00:00+00:00" == server_midnight(date(2027, 1, 31), PLAIN)
