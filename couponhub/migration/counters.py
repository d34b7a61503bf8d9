"""The counters of the target list beside what they should show: what it had, and what was added from here since."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs

from couponhub.errors import NotFound, Unsupported, VendorError
from couponhub.migration.words import codes
from couponhub.models import CouponList, ListStatus, MigrationPlan, Part

if TYPE_CHECKING:
    from couponhub.connection import Connection


@attrs.frozen(kw_only=True)
class ListCounters:
    """The counts of the vendor in the target list, and those that it should show.

    Attributes:
        shown: The list now; None where nobody can tell.
        trouble: Why nobody can; None when the list is shown.
        is_gone: The vendor says that there is no such list.
        total: Codes that it should count; None where it counted none when the move was planned.
        handed_out: Codes that it should count as handed out before the cut-over; None likewise.
    """

    shown: CouponList | None
    trouble: str | None
    is_gone: bool
    total: int | None
    handed_out: int | None

    @property
    def is_counted(self) -> bool:
        """True when the vendor's count of the list can be held against ours."""
        return self.total is not None and self.shown is not None and self.shown.total is not None

    @property
    def is_archived(self) -> bool:
        """True when the list is archived: codes that were not handed out may be gone with it."""
        return self.shown is not None and self.shown.status is ListStatus.ARCHIVED

    @property
    def beyond(self) -> int:
        """Codes that the list has beyond those that it should; below 0 when it has fewer."""
        if self.shown is None or self.shown.total is None or self.total is None:
            return 0
        return self.shown.total - self.total

    @property
    def handed_out_beyond(self) -> int:
        """Codes that the vendor counts as handed out beyond those that it should."""
        shown = self.shown
        if shown is None or shown.total is None or shown.available is None or self.handed_out is None:
            return 0
        return max(0, shown.total - shown.available - self.handed_out)

    def notes(self) -> Iterable[str]:
        """Say what the vendor counts, and what we do, where the two differ."""
        shown = self.shown
        if shown is None:
            yield f"the target list cannot be looked at: {self.trouble}"
            return
        if shown.total is None or self.total is None:
            yield "the target's vendor counts no codes of the list: what was not asked about is assumed"
        elif self.beyond:
            yield f"the target's vendor counts {codes(shown.total)} in the list, where {self.total:,} should be"
        if self.handed_out_beyond and shown.total is not None and shown.available is not None:
            yield (
                f"the target's vendor counts {codes(shown.total - shown.available)} as handed out, where"
                f" {self.handed_out:,} should be"
            )
        if self.is_archived:
            yield "the target list is archived"


def counters_of(
    connection: "Connection",
    list_id: str,
    plan: MigrationPlan,
    *,
    ours: Iterable[tuple[Part, bool]],
    others: Iterable[Part],
) -> ListCounters:
    """Look at the target list.

    Args:
        connection: The target's.
        list_id: Of the list.
        plan: What was counted before.
        ours: The files of the migration as they stand, and whether their codes are bound to customers.
        others: Files that went to the list from elsewhere here since it was planned.
    """
    ours = tuple(ours)
    added = sum(part.accepted or 0 for part, _ in ours) + sum(part.accepted or 0 for part in others)
    tagged = sum(part.accepted or 0 for part, is_tagged in ours if is_tagged)
    total, handed_out = _before(plan)
    trouble, is_gone, shown = None, False, None
    try:
        shown = connection.lists.get(list_id)
    except (VendorError, Unsupported) as error:
        trouble, is_gone = error.message, isinstance(error, NotFound)
    return ListCounters(
        shown=shown,
        trouble=trouble,
        is_gone=is_gone,
        total=None if total is None else total + added,
        handed_out=None if handed_out is None else handed_out + tagged,
    )


def _before(plan: MigrationPlan) -> tuple[int | None, int | None]:
    if plan.create is not None:
        return 0, 0
    total, available = plan.target.total, plan.target.available
    return total, None if total is None or available is None else total - available
