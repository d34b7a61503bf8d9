"""Merged customers: a code follows its person, and never a released identifier to somebody else."""

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couponhub.errors import UsageError
from couponhub.holdings import Merges, Released, read_merges
from couponhub.models import Customer
from couponhub_capillary.settings.exports import merge_form

HEADER = (
    "victimUserId,victimMobile,survivorUserId,survivorExternalId,survivorMobile,mergedOn,identifierReleased"
)
MOBILE = Customer(mobile="919876543210")


def log(*rows: str) -> Merges:
    """A log with these rows."""
    return read_merges(io.BytesIO("\n".join((HEADER, *rows)).encode()), form=merge_form(UTC))


def at(day: int) -> datetime:
    """Noon of a day of January."""
    return datetime(2026, 1, day, 12, tzinfo=UTC)


def test_a_code_follows_its_customer_to_the_survivor() -> None:
    """An identifier that was not released leads to the survivor, by the same kind of identifier where the log has it."""
    merges = log("1,+919876543210,2,EXT-2,919800000002,2026-01-10T00:00:00,false")
    assert Customer(mobile="919800000002") == merges.follow(MOBILE, at(1))
    assert Customer(id="2") == merges.follow(Customer(id="1"), None)
    assert Customer(id="3") == merges.follow(Customer(id="3"), at(1))
    assert 1 == merges.count


def test_a_released_identifier_never_leads_to_whoever_has_it_now() -> None:
    """Issued before the release it is the survivor's, by what lasts; after it, the new person's; in between, nobody's."""
    merges = log("1,919876543210,2,EXT-2,919800000002,2026-01-10T00:00:00,true")
    assert Customer(external_id="EXT-2") == merges.follow(MOBILE, at(1))
    assert Customer(id="2") == merges.follow(Customer(id="1"), at(20))
    assert MOBILE == merges.follow(MOBILE, at(20))
    assert isinstance(merges.follow(MOBILE, None), Released)


@pytest.mark.parametrize(
    ("row", "day", "reason"),
    [
        ("1,919876543210,,,919800000002,2026-01-10T00:00:00,1", 1, "nothing that lasts"),
        ("1,919876543210,2,,,,yes", 1, "before or after"),
        ("1,919876543210,2,,,20260110,MOBILE", 10, "on the day"),
        ("1,919876543210,,,,20260110,", 1, "names the survivor by nothing"),
    ],
)
def test_nobody_is_named_where_the_log_leaves_it_open(row: str, day: int, reason: str) -> None:
    """A survivor without a lasting identifier, a release without a time, or on the day of the issue: the reason is told."""
    found = log(row).follow(MOBILE, at(day))
    assert isinstance(found, Released)
    assert reason in found.reason


def test_merges_are_followed_to_the_last_survivor() -> None:
    """One after the other, whatever their order in the log, and a circle ends."""
    merges = log(
        "2,919800000002,3,EXT-3,,2026-01-12T00:00:00,true",
        "1,919876543210,2,,,2026-01-10T00:00:00,false",
    )
    assert Customer(id="3") == merges.follow(Customer(id="1"), at(1))
    circle = log("1,,2,,,2026-01-10T00:00:00,", "2,,1,,,2026-01-11T00:00:00,")
    assert isinstance(circle.follow(Customer(id="1"), at(1)), Released)


def test_an_identifier_that_was_given_to_another_and_merged_again() -> None:
    """Each code goes the way of the person who had the identifier when it was issued."""
    merges = log(
        "1,919876543210,2,,,2026-01-10T00:00:00,true",
        "7,919876543210,8,,,2026-01-20T00:00:00,true",
    )
    ways = [merges.follow(MOBILE, at(day)) for day in (1, 15, 25)]
    assert [Customer(id="2"), Customer(id="8"), MOBILE] == ways


def test_columns_of_a_log_can_be_said() -> None:
    """Names of columns are mapped; a log that names nobody, and rows that are faulty, are refused."""
    table = b"weg;bleibt\n1;2\n"
    columns = {"victim_id": "weg", "survivor_id": "bleibt"}
    assert Customer(id="2") == read_merges(io.BytesIO(table), columns=columns).follow(Customer(id="1"), None)
    with pytest.raises(UsageError, match="no column that names the victim"):
        read_merges(io.BytesIO(table))
    with pytest.raises(UsageError, match="line 2: it names no victim; line 3: the merged_at is no time"):
        log(",,2,,,,", "1,,2,,,soon,")


MERGES = st.lists(
    st.tuples(st.integers(1, 6), st.integers(0, 2), st.integers(7, 12), st.integers(2, 28), st.booleans()),
    max_size=8,
)


@given(MERGES, st.integers(0, 2), st.integers(1, 29))
def test_a_code_never_reaches_a_later_holder(
    merges: list[tuple[int, int, int, int, bool]], number: int, day: int
) -> None:
    """Whatever the log: a code that was issued before its identifier was released is never of whoever has that now."""
    rows = [
        f"{victim},91987654321{mobile},{survivor},,,2026-01-{merged:02}T00:00:00,{released}"
        for victim, mobile, survivor, merged, released in merges
    ]
    owner = log(*rows).follow(Customer(mobile=f"91987654321{number}"), at(day))
    ways = [
        (merged, released, survivor) for _, mobile, survivor, merged, released in merges if mobile == number
    ]
    is_released = any(released and merged > day for merged, released, _ in ways)
    if is_released or any(not released for _, released, _ in ways):
        assert isinstance(owner, Customer)
        assert owner.id in {str(survivor) for _, _, survivor in ways}
    else:
        assert Customer(mobile=f"91987654321{number}") == owner
