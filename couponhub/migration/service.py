"""Migrations as users hold them."""

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from couponhub.models import IssuedAs, MigrationPlan
from couponhub.rooted import Rooted

if TYPE_CHECKING:
    from couponhub.migration.planning import Planner

Path = str | os.PathLike[str]


class Migrations(Rooted):
    """Moves coupon lists from one connection to another. Thread-safe.

    Args:
        planner: Plans them.
    """

    def __init__(self, planner: "Planner") -> None:
        self._planner = planner

    def plan(
        self,
        source: str,
        list_id: str,
        target: str,
        codes: Path | Iterable[Path],
        *,
        to_list: str | None = None,
        create: bool = False,
        customers: Path | None = None,
        merges: Path | None = None,
        issued_as: IssuedAs | str | None = None,
        changes: Mapping[str, str] | None = None,
        reason: str | None = None,
    ) -> MigrationPlan:
        """Plan how the codes of a list move to another; vendors are read, and nothing is written anywhere.

        Args:
            source: The connection that codes come from.
            list_id: The vendor's id of its list.
            target: The connection that they go to.
            codes: Where codes are known from: files by path, and `list:CONN/ID`, what was sent to a list from here.
            to_list: The vendor's id of the list that they go to.
            create: Have one made, with the name and the last day of the source's.
            customers: A file of identifiers, about whom the source is asked, or an export of who holds which code.
            merges: The vendor's log of merged customers.
            issued_as: What becomes of codes that customers hold: "tagged" binds them to their customers, "skip" leaves
                them at the source, "free" lets anybody have them. By default tagged where the target can, else skip.
            changes: Of the list that is made: `name`, `expires` (YYYY-MM-DD), `label`, `created_by`, and the vendor's own
                documented fields.
            reason: Why crossed limits are accepted; it stands in the plan.

        Raises:
            UsageError: Something is nothing of what it may be, required fields of a new list are missing, or the list
                cannot hold so many codes.
            LimitsCrossed: Too many codes are unaccounted for, or the target is not empty, and no reason was given.
            NotFound: One of the lists does not exist.
            Unsupported: The target takes no codes, or cannot bind them to customers.
            Conflict: The target list has expired or is archived, or a list of that name is there.
            LocalError: A file cannot be read, or this machine failed.
            VendorError: A vendor does not answer.
        """
        return self._planner.plan(
            source,
            list_id,
            target,
            codes,
            to_list=to_list,
            create=create,
            customers=customers,
            merges=merges,
            issued_as=issued_as,
            changes=changes,
            reason=reason,
        )
