"""The vendor files of a migration that may be at the target, as they were last known; no vendor is asked."""

from collections.abc import Iterable, Iterator, Sequence

import attrs

from couponhub.migration.children import BatchUploads
from couponhub.migration.fingerprints import KeptFingerprints
from couponhub.migration.kept import KeptMigration
from couponhub.models import MigrationBatch, Part, UploadStatus
from couponhub.state import CodeSet, ListHistory, PartRecord, Stage, UploadRecord


@attrs.frozen(kw_only=True)
class SentPart:
    """One vendor file, of which the target may hold codes.

    Attributes:
        shown: As it stands, its counts balanced.
        codes: Of it; None where they are not kept any more.
    """

    upload: UploadRecord
    record: PartRecord
    shown: Part
    codes: CodeSet | None

    @property
    def rows(self) -> int:
        """Codes in it."""
        return self.record.shown.rows or 0

    @property
    def refused(self) -> int | None:
        """Codes of it that the vendor counts as refused; None while it counts none, or has not ended it."""
        if self.record.stage is not Stage.SUBMITTED or not self.shown.status.ended:
            return None
        return None if self.shown.accepted is None else self.rows - self.shown.accepted

    @property
    def is_ended(self) -> bool:
        """True when the vendor has ended it, with counts or without."""
        return self.record.stage is Stage.SUBMITTED and self.shown.status.ended

    @property
    def is_unknown(self) -> bool:
        """True when nobody can tell whether the vendor has it."""
        return self.record.stage is not Stage.SUBMITTED or self.shown.status is UploadStatus.UNKNOWN


def sent_parts(numbers: Iterable[int], batches: BatchUploads, history: ListHistory) -> tuple[SentPart, ...]:
    """Return the files of all uploads of some batches, of which the target may hold codes."""
    records = {upload.id: upload for upload in history.uploads}
    return tuple(
        SentPart(upload=record, record=part, shown=shown, codes=history.code_set(record, part))
        for number in numbers
        for upload_id in batches.begun(number)
        if (record := records.get(upload_id)) is not None
        if (upload := batches.uploads.find(upload_id)) is not None
        for part, shown in zip(record.parts, upload.parts, strict=True)
        if part.maybe_sent
    )


def keep_fingerprints(
    batch: MigrationBatch, batches: BatchUploads, kept: KeptMigration, history: ListHistory
) -> None:
    """Keep the fingerprints of the files of a batch that the vendor has ended: what is in them changes no more."""
    fingerprints = KeptFingerprints(kept=kept, rules=batches.uploads.file_rules)
    with kept.files.workspace() as workspace:
        for part in sent_parts((batch.number,), batches, history):
            if part.is_ended and part.codes is not None:
                fingerprints.keep_sent(part.upload.id, part.record.number, part.codes, workspace)


def others_of(history: ListHistory, parts: Sequence[SentPart]) -> Iterator[tuple[PartRecord, CodeSet]]:
    """Give the code sets that the list may hold from other uploads than those of the migration."""
    ours = {part.upload.id for part in parts}
    for upload in history.uploads:
        for part in upload.parts if upload.id not in ours else ():
            codes = history.code_set(upload, part)
            if part.maybe_sent and codes is not None:
                yield part, codes
