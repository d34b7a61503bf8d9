"""Which coupons a question means, and in which order they stand: the same for every vendor."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couponhub.errors import UsageError
from couponhub.models import (
    Coupon,
    CouponQuery,
    CouponSort,
    CouponStatus,
    ListId,
    Redemption,
    Source,
    Store,
    in_order,
    newest_first,
    selected,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def coupon_of(days_ago: float | None, **fields: Any) -> Coupon:
    """Make a coupon issued so long ago."""
    issued = None if days_ago is None else NOW - timedelta(days=days_ago)
    known: dict[str, Any] = {
        "code": "A",
        "redemptions": (),
        "redemption_count": 0,
        "status": CouponStatus.ACTIVE,
    }
    return Coupon(connection="loyalty", issued_at=issued, **(known | fields))


def test_newest_first_and_undated_last() -> None:
    """The vendor's order is relied on in nothing (C-16)."""
    old, new, undated = coupon_of(9), coupon_of(1), coupon_of(None)

    assert (new, old, undated) == selected([undated, old, new], CouponQuery())


def test_statuses_select_and_unknown_stays() -> None:
    """A coupon whose status cannot be known stays in, whatever was asked for."""
    active, expired = coupon_of(1), coupon_of(2, status=CouponStatus.EXPIRED)
    unknown = coupon_of(3, status=CouponStatus.UNKNOWN)

    kept = selected([active, expired, unknown], CouponQuery(status=frozenset({CouponStatus.EXPIRED})))
    assert (expired, unknown) == kept


def test_list_selects() -> None:
    """The vendor's series filter may only narrow; a coupon that names no series is not thrown away."""
    mine, other, unsaid = coupon_of(1, list_id=ListId("1")), coupon_of(2, list_id=ListId("2")), coupon_of(3)

    assert (mine, unsaid) == selected([mine, other, unsaid], CouponQuery(list_id=ListId("1")))


def test_window_selects_issued_or_redeemed() -> None:
    """Issued or redeemed in [since, until); what cannot be dated stays in."""
    since, until = NOW - timedelta(days=5), NOW - timedelta(days=1)
    first, last = coupon_of(5), coupon_of(1)
    old = coupon_of(9)
    used = coupon_of(9, redemption_count=1, redemptions=(Redemption(at=NOW - timedelta(days=2)),))
    used_sometime = coupon_of(9, redemption_count=1, redemptions=None)
    undated = coupon_of(None)

    kept = selected([first, last, old, used, used_sometime, undated], CouponQuery(since=since, until=until))
    assert (first, used, used_sometime, undated) == kept


def test_reports_are_judged_by_the_issue_alone() -> None:
    """A report never knows what became of a coupon: a question limited to days rests on those days only."""
    since, until = NOW - timedelta(days=5), NOW - timedelta(days=1)
    reported: dict[str, Any] = {
        "source": Source.REPORT,
        "redemptions": None,
        "redemption_count": None,
        "status": CouponStatus.UNKNOWN,
    }
    before, inside, at_end = (coupon_of(days, **reported) for days in (6, 3, 1))
    undated = coupon_of(None, **reported)

    query = CouponQuery(since=since, until=until, status=frozenset({CouponStatus.ACTIVE}))
    assert (inside, undated) == selected([before, inside, at_end, undated], query)


def test_equal_moments_stand_by_code_list_and_number() -> None:
    """However the vendor shuffles them, the order is the same, and the undated stand last in it."""
    b, a = coupon_of(1, code="B", id="1"), coupon_of(1, code="A", id="9")
    second, first = (coupon_of(1, code="C", list_id=ListId(number)) for number in "21")
    late, early = (coupon_of(None, code="D", id=number) for number in "21")

    assert (a, b, first, second, early, late) == newest_first([late, second, b, early, first, a])


COUPONS = st.lists(
    st.builds(
        coupon_of,
        st.sampled_from([None, 0, 1, 1.5]),
        code=st.sampled_from("AB"),
        list_id=st.sampled_from([None, "1", "2"]),
        id=st.sampled_from([None, "1", "2"]),
    ),
    max_size=8,
)


@given(coupons=COUPONS, random=st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_vendors(coupons: list[Coupon], random: Any) -> None:
    """Shuffled, the same coupons stand in the same order; none is lost or doubled."""
    shuffled = list(coupons)
    random.shuffle(shuffled)

    ordered = newest_first(coupons)
    assert ordered == newest_first(shuffled)
    assert sorted(map(id, coupons)) == sorted(map(id, ordered))
    dated = [coupon.issued_at for coupon in ordered if coupon.issued_at]
    assert sorted(dated, reverse=True) == dated
    assert [None] * (len(ordered) - len(dated)) == [coupon.issued_at for coupon in ordered[len(dated) :]]


def test_coupons_stand_in_the_order_asked_for() -> None:
    """By issue, by store of issue, by end; turned round; what is not known last either way; no more than the limit."""
    early = coupon_of(3, code="C", expires_at=NOW + timedelta(days=9), issued_at_store=Store(code="S-2"))
    late = coupon_of(1, code="B", expires_at=NOW + timedelta(days=1), issued_at_store=Store(name="Main"))
    undated = coupon_of(None, code="A")
    held = [late, undated, early]

    def ordered(sort: str, **more: Any) -> tuple[Coupon, ...]:
        return in_order(held, CouponQuery(sort=CouponSort(sort), **more))

    assert (early, late, undated) == ordered("created")
    assert (late, early, undated) == ordered("created", descending=True)
    assert (late, early, undated) == ordered("expires")
    assert (early, late, undated) == ordered("expires", descending=True)
    assert (late, early, undated) == ordered("created_by")
    assert (early, late) == ordered("created_by", descending=True, limit=2)
    assert (late,) == in_order(held, CouponQuery(limit=1))
    assert newest_first(held) == in_order(held, CouponQuery())


@given(
    coupons=COUPONS,
    sort=st.sampled_from(CouponSort),
    descending=st.booleans(),
    limit=st.none() | st.integers(1, 9),
    random=st.randoms(use_true_random=False),
)
def test_an_order_does_not_depend_on_the_vendors(
    coupons: list[Coupon], *, sort: CouponSort, descending: bool, limit: int | None, random: Any
) -> None:
    """Shuffled, the same coupons come in the same order, and the limit cuts at its end."""
    shuffled = list(coupons)
    random.shuffle(shuffled)
    query = CouponQuery(sort=sort, descending=descending, limit=limit)

    assert in_order(coupons, query) == in_order(shuffled, query)
    whole = in_order(coupons, CouponQuery(sort=sort, descending=descending))
    assert sorted(map(id, coupons)) == sorted(map(id, whole))
    assert whole[:limit] == in_order(coupons, query)


@pytest.mark.parametrize(
    "wrong",
    [{"sort": "amount"}, {"descending": True}, {"limit": 0}, {"limit": -1}, {"limit": 1.5}, {"limit": True}],
)
def test_no_order_and_no_limit_is_refused(wrong: dict[str, Any]) -> None:
    """When the question is made, not when it is asked."""
    with pytest.raises(UsageError):
        CouponQuery(**wrong)


def test_connections_are_asked_for_all_coupons() -> None:
    """So that one remembered answer serves every order and limit."""
    plain = CouponQuery(list_id=ListId("1"))

    assert plain.unordered is plain
    assert plain == CouponQuery(list_id=ListId("1"), sort="expires", descending=True, limit=3).unordered
