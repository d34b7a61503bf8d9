"""Which coupons a question means, and in which order they stand: the same for every vendor."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from couponhub.models import (
    Coupon,
    CouponQuery,
    CouponStatus,
    ListId,
    Redemption,
    Source,
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
