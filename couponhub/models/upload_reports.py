"""Reports of uploads, row by row: what became of each row of a source, and how that is known."""

from collections.abc import Mapping
from enum import StrEnum

import attrs

from couponhub.models.base import Documented, ListId, PartId, UploadId, about
from couponhub.models.uploads import UploadStatus


class RowOutcome(StrEnum):
    """The end that a row of a source has come to.

    DUPLICATE stood twice in the source, SKIPPED was sent to the list before, NOT_SENT never left for the vendor, and PENDING
    is still worked on there. UNKNOWN is said wherever nothing proves one of the others.
    """

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    NOT_SENT = "not_sent"
    PENDING = "pending"
    UNKNOWN = "unknown"


@attrs.frozen(kw_only=True)
class PartReport(Documented):
    """The rows of one part: rows = accepted + rejected + not_sent + pending + unknown."""

    number: int = attrs.field(metadata=about("Its place in the upload, from 1; `part` of its rows."))
    id: PartId | None = attrs.field(metadata=about("The vendor's id; None while only we know of the part."))
    name: str | None
    status: UploadStatus
    rows: int
    accepted: int
    rejected: int
    not_sent: int
    pending: int
    unknown: int
    vendor_accepted: int | None = attrs.field(
        default=None,
        metadata=about("Rows that the vendor counts as taken, whichever they are; None for no count."),
    )
    vendor_rejected: int | None = attrs.field(
        default=None, metadata=about("Rows that it counts as refused, likewise.")
    )


@attrs.frozen(kw_only=True)
class UploadReport(Documented):
    """A report that was written: rows = accepted + rejected + duplicates + skipped + not_sent + pending + unknown."""

    connection: str
    list_id: ListId
    id: UploadId = attrs.field(metadata=about("Of the upload."))
    path: str = attrs.field(metadata=about("The file with a row for each row of the source."))
    rows: int
    accepted: int
    rejected: int
    duplicates: int
    skipped: int
    not_sent: int
    pending: int
    unknown: int
    asked: int = attrs.field(metadata=about("Codes that the vendor was asked about."))
    evidence: Mapping[str, int] = attrs.field(
        metadata=about("Rows by how their outcome is known: `asked`, `counted`, `assumed`.")
    )
    parts: tuple[PartReport, ...] = ()
    warnings: tuple[str, ...] = attrs.field(
        default=(), metadata=about("What speaks against something in it, for people; never a code.")
    )

    @property
    def is_complete(self) -> bool:
        """True when the outcome of every row is known."""
        return not (self.pending or self.unknown)
