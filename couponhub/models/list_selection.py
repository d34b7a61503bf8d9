"""The lists of a connection that need somebody: one meaning of "soon" and "few" for all vendors."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum

import attrs

from couponhub.models.lists import CouponList, ListStatus

_NEVER = datetime.max.replace(tzinfo=UTC)


class ListSort(StrEnum):
    """The order in which lists stand; what is not known of a list puts it last."""

    NAME = "name"
    EXPIRES = "expires"
    """Soonest first."""
    AVAILABLE = "available"
    """Fewest first."""


@attrs.frozen(kw_only=True)
class ListSelection:
    """Lists that end soon, or have few codes left.

    Attributes:
        now: The moment of the question.
        until: Lists that have not ended and end by then; None for any.
        below: Lists with fewer codes left than that; None for any number.
        ended: Also lists that have expired or were archived, which nobody has to see to.
    """

    now: datetime
    until: datetime | None = None
    below: int | None = None
    ended: bool = False

    def keeps(self, one: CouponList) -> bool | None:
        """Return whether a list is meant; None where it does not tell, and is meant by all that it tells."""
        if not self.ended and one.status in {ListStatus.EXPIRED, ListStatus.ARCHIVED}:
            return False
        ends = self.until is None or (
            None if one.expires_at is None else self.now <= one.expires_at <= self.until
        )
        few = self.below is None or (None if one.available is None else one.available < self.below)
        if ends is False or few is False:
            return False
        return None if ends is None or few is None else True


def lists_in_order(lists: Iterable[CouponList], sort: ListSort) -> list[CouponList]:
    """Return lists in an order, among equals as they came."""
    ordered = list(lists)
    match sort:
        case ListSort.NAME:
            ordered.sort(key=lambda one: (one.name is None, (one.name or "").casefold()))
        case ListSort.EXPIRES:
            ordered.sort(key=lambda one: (one.expires_at is None, one.expires_at or _NEVER))
        case ListSort.AVAILABLE:
            ordered.sort(key=lambda one: (one.available is None, one.available or 0))
    return ordered
