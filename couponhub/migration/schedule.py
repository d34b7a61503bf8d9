"""The moments at which the parts of a migration can have gone, within the limits of both vendors; told from counts alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from couponhub.code_desk import ends_after
from couponhub.migration.batches import BatchFile
from couponhub.models import MigrationBatch

if TYPE_CHECKING:
    from couponhub.connection import Connection

_ASKED = "customer_coupons"
"""The operation that is counted when a customer is asked about, where a vendor counts it apart."""


@attrs.frozen(kw_only=True)
class Schedule:
    """The batches with the moments at which they can have gone.

    Attributes:
        ends_at: When the last code can have been handed over, and all customers asked about once more.
        asking: Seconds that the second pass over the customers takes at least.
    """

    batches: tuple[MigrationBatch, ...]
    ends_at: datetime
    asking: float


def schedule_of(
    files: Sequence[BatchFile], source: "Connection", target: "Connection", *, customers: int, now: datetime
) -> Schedule:
    """Tell when each batch can have gone at the earliest.

    Args:
        files: In the order in which they go.
        source: Whose customers are asked about once more before the cut-over.
        target: Where they go.
        customers: How many there are to be asked about; 0 where they come from a file.
        now: When it would begin.
    """
    limits, left = target.capabilities.limits, target.quota_left()
    parts, batches = 0, []
    ends_at = now
    for number, one in enumerate(files, start=1):
        parts += one.parts
        ends_at = ends_after(parts, limits, left, now=now)
        batches.append(
            MigrationBatch(
                number=number,
                kind=one.kind,
                identifier=one.identifier,
                rows=one.rows,
                parts=one.parts,
                bytes=one.bytes,
                sha256=one.sha256,
                ends_at=ends_at,
            )
        )
    asked = ends_after(customers, source.capabilities.limits, _whole(source), now=ends_at, kind=_ASKED)
    return Schedule(batches=tuple(batches), ends_at=asked, asking=(asked - ends_at).total_seconds())


def _whole(connection: "Connection") -> Mapping[str, int]:
    """The calls that a connection's limits leave when their windows begin anew, as they will have by then."""
    return connection.capabilities.limits
