"""Records of the ledger about an upload and its parts."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Self

import attrs

from couponhub.models import ListId, Part, UploadId, UploadStatus

DELETED = "deleted"
"""Stands for the vendor's word of a part that it has no more."""


class Stage(StrEnum):
    """The stage that we came to with a part, as we know it for sure; what the vendor does with it is its status."""

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
    """One part as last known: what we know for sure of it, and what the vendor shows.

    Attributes:
        number: Position in the upload, from 1.
        shown: As the vendor last showed it, pending before that. Name and rows are ours always, rows None for a file of
            which only its URL is known; `updated_at` is when this record was last written, and `raw` is not kept.
        url: Where our staging serves its file until the vendor has ended it, so that whoever comes after a crash
            can serve it there again. A right in itself; None for a file that was sent, or that lies elsewhere.
        submitted_at: When it was last about to be sent.
    """

    number: int
    shown: Part
    stage: Stage = Stage.PREPARED
    url: str | None = attrs.field(default=None, repr=False)
    submitted_at: datetime | None = None

    @classmethod
    def prepared(cls, number: int, *, name: str, rows: int | None) -> Self:
        """Return a new part, of which nobody but us knows."""
        return cls(number=number, shown=Part(id=None, name=name, status=UploadStatus.PENDING, rows=rows))

    @property
    def name(self) -> str:
        """The unique name under which the vendor shows it, by which it is found when an answer was lost."""
        return self.shown.name or ""

    @property
    def maybe_sent(self) -> bool:
        """True when the vendor may hold codes of it."""
        return self.stage is Stage.SUBMITTING or (
            self.stage is Stage.SUBMITTED and self.shown.status is not UploadStatus.FAILED
        )

    @property
    def codes_kept(self) -> bool:
        """True when the vendor may hold codes of it that we kept; of a file elsewhere only the URL is known."""
        return self.maybe_sent and self.shown.rows is not None

    @property
    def is_deleted(self) -> bool:
        """True when the vendor had the part and deleted it at our word."""
        return self.stage is Stage.SUBMITTED and self.shown.vendor_status == DELETED

    @property
    def under_way(self) -> bool:
        """True while the vendor has the part and has not ended it: it may still take all of its codes, or none."""
        return self.stage is Stage.SUBMITTED and not self.shown.status.ended

    @property
    def may_be_fetched(self) -> bool:
        """True while the vendor may fetch its file from an address of ours."""
        return self.url is not None and (self.stage is Stage.SUBMITTING or self.under_way)

    @property
    def taken(self) -> bool:
        """True when the vendor's own counts prove that it took every code."""
        if self.stage is not Stage.SUBMITTED or not self.shown.status.ended or self.shown.rows is None:
            return False
        if self.shown.accepted is None:
            return self.shown.rejected == 0 and self.shown.status is not UploadStatus.FAILED
        return self.shown.accepted >= self.shown.rows

    def seen_as(self, part: Part) -> Self:
        """Return this part as the vendor shows it: submitted, with the vendor's id, status and counts."""
        shown = attrs.evolve(
            part,
            name=self.shown.name,
            rows=self.shown.rows,
            file_url=None,
            callback_url=None,
            created_at=part.created_at or self.shown.created_at,
            updated_at=self.shown.updated_at,
        )
        return attrs.evolve(
            self, stage=Stage.SUBMITTED, shown=shown, url=None if part.status.ended else self.url
        )

    def known_as(self, **changes: Any) -> Self:
        """Return this part with so much of what is shown of it changed."""
        return attrs.evolve(self, shown=attrs.evolve(self.shown, **changes))


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

    def with_part(self, part: PartRecord) -> Self:
        """Return this upload with a part in the place of the one of that number."""
        return attrs.evolve(self, parts=(*self.parts[: part.number - 1], part, *self.parts[part.number :]))
