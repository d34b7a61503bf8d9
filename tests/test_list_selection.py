"""Which lists end soon or have few codes left; what a vendor does not tell is neither."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from couponhub.models import CouponList, ListId, ListStatus
from couponhub.models.list_selection import ListSelection, ListSort, lists_in_order

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def a_list(days: float | None, available: int | None, **facts: Any) -> CouponList:
    """A list that ends in so many days."""
    ends = None if days is None else NOW + timedelta(days=days)
    known: dict[str, Any] = {"name": "x", "status": ListStatus.ACTIVE, **facts}
    return CouponList(connection="c", id=ListId("1"), expires_at=ends, available=available, **known)


SOON = ListSelection(now=NOW, until=NOW + timedelta(days=7))
FEW = ListSelection(now=NOW, below=10)
BOTH = ListSelection(now=NOW, until=NOW + timedelta(days=7), below=10)


@pytest.mark.parametrize(
    ("selection", "one", "kept"),
    [
        (SOON, a_list(7, 5), True),
        (SOON, a_list(7.1, 5), False),
        (SOON, a_list(-1, 5), False),
        (SOON, a_list(None, 5), None),
        (FEW, a_list(1, 9), True),
        (FEW, a_list(1, 10), False),
        (FEW, a_list(1, None), None),
        (FEW, a_list(1, 0, status=ListStatus.ARCHIVED), False),
        (FEW, a_list(1, 0, status=ListStatus.UNKNOWN), True),
        (BOTH, a_list(9, None), False),
        (BOTH, a_list(1, None), None),
        (ListSelection(now=NOW, ended=True), a_list(-1, 0, status=ListStatus.EXPIRED), True),
    ],
)
def test_which_lists_are_meant(selection: ListSelection, one: CouponList, kept: bool | None) -> None:
    """None where the vendor does not tell, so that it can be said."""
    assert kept is selection.keeps(one)


def test_what_is_not_known_comes_last() -> None:
    """Whatever the order; equal ones stay as they came."""
    lists = [
        a_list(None, None, name=None),
        a_list(2, 0, name="b"),
        a_list(1, 7, name="A"),
        a_list(1, 7, name="a"),
    ]
    assert ["A", "a", "b", None] == [one.name for one in lists_in_order(lists, ListSort.NAME)]
    assert ["A", "a", "b", None] == [one.name for one in lists_in_order(lists, ListSort.EXPIRES)]
    assert ["b", "A", "a", None] == [one.name for one in lists_in_order(lists, ListSort.AVAILABLE)]
