"""Models refuse what would be wrong everywhere else."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest

from couponhub import Coupon, Customer, UsageError
from couponhub.models.coupons import CouponDraft, finished

NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 - the point of it
ELSEWHERE = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5)))


@pytest.mark.parametrize("name", ["issued_at", "expires_at", "as_of"])
def test_a_coupon_holds_utc_only(name: str) -> None:
    """An instant of another zone is kept in UTC, and one without a zone is refused."""
    wrong: dict[str, Any] = {name: NAIVE}
    with pytest.raises(UsageError, match=name):
        Coupon(connection="c", code="X", **wrong)
    elsewhere: dict[str, Any] = {name: ELSEWHERE}
    kept = getattr(Coupon(connection="c", code="X", **elsewhere), name)
    assert (ELSEWHERE, UTC) == (kept, kept.tzinfo)


@pytest.mark.parametrize("name", ["issued_at", "expires_at", "as_of"])
@pytest.mark.parametrize("moment", [NAIVE, ELSEWHERE])
def test_a_draft_holds_utc_only(name: str, moment: datetime) -> None:
    """An adapter that gives anything else has a fault, which keeps the draft a draft."""
    wrong: dict[str, Any] = {name: moment}
    draft = CouponDraft(connection="c", code="X", **wrong)
    with pytest.raises(ValueError, match=name):
        finished(draft)
    assert type(draft) is CouponDraft


def test_a_finished_draft_is_a_frozen_coupon() -> None:
    """It equals, hashes and shows like one that was made at once, and cannot be changed."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    draft = CouponDraft(connection="c", code="CANARY-1")
    draft.issued_at = now
    coupon = finished(draft)
    assert Coupon(connection="c", code="CANARY-1", issued_at=now) == coupon
    assert hash(Coupon(connection="c", code="CANARY-1", issued_at=now)) == hash(coupon)
    assert "CANARY-1" not in repr(coupon)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        coupon.code = "other"  # type: ignore[misc] # the point of it


@pytest.mark.parametrize(
    "given", [{}, {"mobile": "1", "email": "a@b"}, {"mobile": " "}, {"mobile": "1\n2"}, {"id": 5}]
)
def test_a_customer_has_exactly_one_identifier(given: dict[str, str]) -> None:
    """None, two, a blank one, one with a line break and a number are misuse, told without the value."""
    with pytest.raises(UsageError) as caught:
        Customer(**given)
    assert "a@b" not in str(caught.value)


def test_a_customer_is_masked_for_people() -> None:
    """At most the last two characters of an identifier are shown, and nothing of a short one."""
    assert ("***10", "***") == (Customer(mobile="919876543210").masked, Customer(id="12345").masked)
    assert "919876543210" not in repr(Customer(mobile="919876543210"))
