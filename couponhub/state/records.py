"""What the ledger keeps of an upload and of its parts."""

from datetime import datetime
from enum import StrEnum

import attrs

from couponhub.models import ListId, Part, PartId, Raw, UploadId, UploadStatus
from couponhub.models.base import NOTHING_RAW

DELETED = "deleted"
"""Stands for the vendor's word of a part that it has no more."""


class Stage(StrEnum):
    """How far we came with a part, as we know it for sure; what the vendor does with it is its status."""

    PREPARED = "prepared"
    """Never sent."""
    SUBMITTING = "submitting"
    """About to be sent, or sent without an understandable answer: the vendor may have it or not."""
    SUBMITTED = "submitted"
    """The vendor has it."""
    ABSENT = "absent"
    """Proven not to be at the vendor."""


@attrs.frozen(kw_only=True)
class PartRecord:
    """One part as last known.

    Attributes:
        number: Position in the upload, from 1.
        rows: None for a file that only its URL is known of.
        created_at: When the vendor got it, as far as it told.
        url: Where our staging serves its file until the vendor has ended it, so that whoever comes after a crash
            can serve it there again. A right in itself; None for a file that was sent, or that lies elsewhere.
        submitted_at: When it was last about to be sent.
        raw: The vendor's object, when it was just read; not kept.
    """

    number: int
    name: str
    stage: Stage = Stage.PREPARED
    vendor_id: PartId | None = None
    rows: int | None = None
    status: UploadStatus = UploadStatus.PENDING
    vendor_status: str = ""
    accepted: int | None = None
    rejected: int | None = None
    error_file: str | None = attrs.field(default=None, repr=False)
    success_file: str | None = attrs.field(default=None, repr=False)
    created_at: datetime | None = None
    url: str | None = attrs.field(default=None, repr=False)
    submitted_at: datetime | None = None
    updated_at: datetime | None = None
    raw: Raw = attrs.field(default=NOTHING_RAW, repr=False, eq=False)

    @property
    def maybe_sent(self) -> bool:
        """True when the vendor may hold codes of it."""
        return self.stage is Stage.SUBMITTING or (
            self.stage is Stage.SUBMITTED and self.status is not UploadStatus.FAILED
        )

    @property
    def codes_kept(self) -> bool:
        """True when the vendor may hold codes of it that we kept; of a file elsewhere only the URL is known."""
        return self.maybe_sent and self.rows is not None

    @property
    def is_deleted(self) -> bool:
        """True when the vendor had the part and deleted it at our word."""
        return self.stage is Stage.SUBMITTED and self.vendor_status == DELETED

    @property
    def under_way(self) -> bool:
        """True while the vendor has the part and has not ended it: it may still take all of its codes, or none."""
        return self.stage is Stage.SUBMITTED and not self.status.ended

    @property
    def may_be_fetched(self) -> bool:
        """True while the vendor may fetch its file from an address of ours."""
        return self.url is not None and (self.stage is Stage.SUBMITTING or self.under_way)

    @property
    def taken(self) -> bool:
        """True when the vendor's own counts prove that it took every code."""
        if self.stage is not Stage.SUBMITTED or not self.status.ended or self.rows is None:
            return False
        if self.accepted is None:
            return self.rejected == 0 and self.status is not UploadStatus.FAILED
        return self.accepted >= self.rows

    def seen_as(self, part: Part) -> "PartRecord":
        """This part as the vendor shows it: submitted, with the vendor's id, status and counts."""
        return attrs.evolve(
            self,
            stage=Stage.SUBMITTED,
            vendor_id=part.id,
            status=part.status,
            vendor_status=part.vendor_status,
            accepted=part.accepted,
            rejected=part.rejected,
            error_file=part.error_file,
            success_file=part.success_file,
            created_at=part.created_at or self.created_at,
            url=None if part.status.ended else self.url,
            raw=part.raw,
        )


@attrs.frozen(kw_only=True)
class UploadRecord:
    """One upload as last known.

    Attributes:
        fingerprint: Recognises the same batch.
        rows: Rows of the source; None (as duplicates and skipped) where only a URL is known.
        tagging: The kind of customer identifier, None for codes alone.
    """

    id: UploadId
    connection: str
    list_id: ListId
    name: str
    fingerprint: str
    rows: int | None = None
    duplicates: int | None = None
    skipped: int | None = None
    tagging: str | None = None
    warnings: tuple[str, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    parts: tuple[PartRecord, ...] = ()
