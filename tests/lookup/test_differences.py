"""Differences between what connections know of one customer: each code in exactly one kind, none said unproven."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couponhub.errors import UsageError, VendorUnavailable
from couponhub.lookup import differences_of, summed
from couponhub.lookup.differences import check_comparable
from couponhub.models import (
    Answer,
    Coupon,
    CouponQuery,
    CouponSort,
    CouponStatus,
    Customer,
    CustomerCoupons,
    Difference,
    DifferenceKind,
    LookupAnswer,
    Reason,
    Strategy,
    Verdict,
)
from tests.lookup.fake_clients import FakeClient, ask, holding

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
BUYER = Customer(mobile="919876543210")
KINDS = DifferenceKind


def coupon(
    connection: str, code: str, status: CouponStatus = CouponStatus.ACTIVE, days: int | None = None
) -> Coupon:
    """A coupon that ends so many days after New Year."""
    ends = None if days is None else NEW_YEAR + timedelta(days=days)
    return Coupon(connection=connection, code=code, status=status, expires_at=ends)


def found(connection: str, *coupons: Coupon, reason: Reason | None = None) -> Answer:
    """The answer of a connection that knows these, or that cannot tell."""
    if coupons:
        return Answer(connection=connection, verdict=Verdict.FOUND, coupons=coupons, reason=reason)
    verdict = Verdict.NONE if reason is None else Verdict.UNKNOWN
    return Answer(connection=connection, verdict=verdict, reason=reason or Reason.NO_COUPONS)


def counted(*answers: Answer, **rules: set[str]) -> dict[tuple[str, DifferenceKind], int]:
    """The differences of an answer of these, by connection and kind."""
    differences = differences_of(LookupAnswer(customer=BUYER, answers=answers), **rules)
    assert {answers[0].connection} >= {one.reference for one in differences}
    return {(one.connection, one.kind): one.count for one in differences}


def test_each_kind_is_told_from_the_others() -> None:
    """At both and the same, with another status, with another end, with a status that is not known, and at one alone."""
    old = (
        coupon("old", "SAME", days=1),
        coupon("old", "STATUS", days=1),
        coupon("old", "EXPIRY", days=1),
        coupon("old", "ENDLESS", days=1),
        coupon("old", "VAGUE", CouponStatus.REDEEMED, days=1),
        coupon("old", "LEFT"),
    )
    new = (
        coupon("new", "SAME", days=1),
        coupon("new", "STATUS", CouponStatus.REDEEMED, days=2),
        coupon("new", "EXPIRY", days=2),
        coupon("new", "ENDLESS"),
        coupon("new", "VAGUE", CouponStatus.UNKNOWN, days=2),
        coupon("new", "RIGHT"),
        coupon("new", "RIGHT TOO"),
    )
    assert {
        ("new", KINDS.SAME): 1,
        ("new", KINDS.STATUS): 1,
        ("new", KINDS.EXPIRY): 2,
        ("new", KINDS.STATUS_UNKNOWN): 1,
        ("new", KINDS.MISSING): 1,
        ("new", KINDS.EXTRA): 2,
    } == counted(found("old", *old), found("new", *new))


@pytest.mark.parametrize("reason", [Reason.INCOMPLETE, Reason.NOT_COVERED, Reason.UNREACHABLE])
def test_what_cannot_be_known_is_never_said_to_be_missing(reason: Reason) -> None:
    """A part of either side that was not told leaves open whether the code is there; what both told counts."""
    both, more = coupon("a", "BOTH"), coupon("a", "MORE")
    assert {("new", KINDS.UNKNOWN): 2} == counted(found("old", both, more), found("new", reason=reason))
    assert {("new", KINDS.UNKNOWN): 2} == counted(found("old", reason=reason), found("new", both, more))
    partial = {("new", KINDS.SAME): 1, ("new", KINDS.UNKNOWN): 1}
    assert partial == counted(found("old", both, more), found("new", both, reason=reason))
    assert partial == counted(found("old", both, reason=reason), found("new", both, more))
    assert {("new", KINDS.MISSING): 2} == counted(found("old", both, more, reason=reason), found("new"))


def test_nothing_to_compare_is_no_difference() -> None:
    """Where none has a code, and where one was asked alone."""
    assert {} == counted(found("old"), found("new"))
    assert {} == counted(found("old", coupon("old", "A")))
    assert () == differences_of(LookupAnswer(customer=BUYER, answers=()))


@pytest.mark.parametrize("who", ["old", "new"])
def test_codes_are_equal_where_either_vendor_takes_them_for_one(who: str) -> None:
    """By case and by blanks at the ends, and only between connections of which one does."""
    answers = found("old", coupon("old", "ab")), found("new", coupon("new", "AB "))
    apart = {("new", KINDS.MISSING): 1, ("new", KINDS.EXTRA): 1}
    assert apart == counted(*answers)
    assert apart == counted(*answers, ignores_case={who})
    assert {("new", KINDS.SAME): 1} == counted(*answers, ignores_case={who}, ignores_blanks={who})
    assert apart == counted(*answers, ignores_case={"third"}, ignores_blanks={"third"})


def test_a_code_that_stands_twice_counts_once() -> None:
    """It is the same where all that is known of it is."""
    twice = (coupon("old", "A", days=1), coupon("old", "A", days=2))
    assert {("new", KINDS.SAME): 1} == counted(found("old", *twice), found("new", *twice[::-1]))
    assert {("new", KINDS.EXPIRY): 1} == counted(found("old", *twice), found("new", twice[0]))


def test_ends_of_a_guessed_zone_are_no_proven_difference() -> None:
    """While they are no further apart than zones are: whether they are the same cannot be told then."""

    def ends(connection: str, days: float | None, *approximate: str) -> Answer:
        moment = None if days is None else NEW_YEAR + timedelta(days=days)
        return found(
            connection,
            Coupon(
                connection=connection,
                code="A",
                status=CouponStatus.ACTIVE,
                expires_at=moment,
                approximate=approximate,
            ),
        )

    for days, guessed, kind in (
        (1.0, ("expires_at",), KINDS.SAME),
        (1.5, ("expires_at",), KINDS.EXPIRY_UNKNOWN),
        (1.5, ("issued_at",), KINDS.EXPIRY),
        (3.0, ("expires_at",), KINDS.EXPIRY),
        (None, ("expires_at",), KINDS.EXPIRY),
    ):
        assert {("new", kind): 1} == counted(ends("old", 1.0), ends("new", days, *guessed))
        assert {("new", kind): 1} == counted(ends("old", days, *guessed), ends("new", 1.0))


STATUSES = st.sampled_from([CouponStatus.ACTIVE, CouponStatus.REDEEMED])
HOLDINGS = st.dictionaries(st.sampled_from("ABCDEF"), st.tuples(STATUSES, st.integers(1, 2)), max_size=6)


@given(ours=HOLDINGS, theirs=HOLDINGS)
def test_every_code_is_of_exactly_one_kind(
    ours: dict[str, tuple[CouponStatus, int]], theirs: dict[str, tuple[CouponStatus, int]]
) -> None:
    """All codes are counted, each as comparing the two one by one says."""
    expected: Counter[tuple[str, DifferenceKind]] = Counter()
    for code in {*ours, *theirs}:
        if code not in theirs:
            kind = KINDS.MISSING
        elif code not in ours:
            kind = KINDS.EXTRA
        elif ours[code] == theirs[code]:
            kind = KINDS.SAME
        else:
            kind = KINDS.STATUS if ours[code][0] is not theirs[code][0] else KINDS.EXPIRY
        expected["new", kind] += 1
    old, new = (
        found(name, *[coupon(name, code, *known) for code, known in held.items()])
        for name, held in (("old", ours), ("new", theirs))
    )
    assert expected == counted(old, new)


def test_differences_of_many_customers_are_added_up() -> None:
    """By reference, connection and kind."""
    one = Difference(reference="old", connection="new", kind=KINDS.SAME, count=2)
    other = Difference(reference="old", connection="third", kind=KINDS.SAME, count=1)
    more = Difference(reference="old", connection="new", kind=KINDS.EXTRA, count=5)
    assert (
        Difference(reference="old", connection="new", kind=KINDS.SAME, count=4),
        other,
        more,
    ) == summed([one, other, more, one])
    assert () == summed([])


def test_a_lookup_that_compares_asks_all_at_once() -> None:
    """It answers like merge, with the differences beside; other strategies have none."""
    one, other = FakeClient("one", holding("A", "B")), FakeClient("other", holding("A", "C"))
    one.after, other.after = other.is_asked, one.is_asked
    answer = ask(one, other, strategy=Strategy.COMPARE)
    assert answer.complete
    assert answer.coupons == ask(one, other).coupons
    assert {KINDS.STATUS_UNKNOWN: 1, KINDS.MISSING: 1, KINDS.EXTRA: 1} == {
        difference.kind: difference.count for difference in answer.differences or ()
    }
    assert None is ask(one, other).differences


def test_a_vendor_that_is_down_leaves_all_unknown() -> None:
    """Its silence is no difference, and the answer is not complete."""
    down = FakeClient("down", VendorUnavailable("no"))
    answer = ask(FakeClient("one", holding("A", "B")), down, strategy=Strategy.COMPARE)
    assert not answer.complete
    assert (
        Difference(reference="one", connection="down", kind=KINDS.UNKNOWN, count=2),
    ) == answer.differences
    nothing = ask(FakeClient("one", CustomerCoupons()), down, strategy=Strategy.COMPARE)
    assert ((), False) == (nothing.differences, nothing.complete)


def test_what_cannot_be_compared_is_refused() -> None:
    """One connection alone, and a question for some coupons only, whose answers differ by themselves."""
    check_comparable(CouponQuery(sort=CouponSort.EXPIRES), asked=2)
    with pytest.raises(UsageError, match="with itself"):
        check_comparable(CouponQuery(), asked=1)
    for query in (CouponQuery(status="active"), CouponQuery(limit=1), CouponQuery(since=NEW_YEAR)):
        with pytest.raises(UsageError, match="only some"):
            check_comparable(query, asked=2)
