"""The uploads of one connection as they stand: ours as the ledger, the jobs and the vendor tell, and the vendor's own."""

from collections.abc import Callable, Iterator

import attrs

from couponhub.capabilities import Offered
from couponhub.clock import Clock, Deadline
from couponhub.errors import LocalError, NotFound, UnreadableReply
from couponhub.models import JobId, ListId, Part, PartId, Upload, UploadId
from couponhub.protocols import ReadsParts
from couponhub.state import JobRecord, JobStore, Ledger, UploadRecord
from couponhub.uploads.names import is_upload_id
from couponhub.uploads.reconciling import Reconciler
from couponhub.uploads.summary import is_sent, upload_of, upload_of_part

FoundUpload = tuple[Ledger, UploadRecord]
"""One of ours, and the ledger that it stands in."""


@attrs.frozen(kw_only=True)
class UploadCatalogue:
    """Finds uploads and tells of them.

    Attributes:
        ledger: Makes the ledger; only called when it is needed.
        jobs: Makes the jobs, the same.
        reconciler: Makes what compares uploads with the vendor.
    """

    connection: str
    offered: Offered
    ledger: Callable[[], Ledger]
    jobs: Callable[[], JobStore]
    reconciler: Callable[[Ledger], Reconciler]
    clock: Clock

    def recorded(self) -> tuple[Upload, ...]:
        """Return ours, newest first, as they were last known."""
        ledger = self.ledger()
        return tuple(self.told(record, sending=ledger.is_locked(record)) for record in reversed(ledger.all()))

    def known(self, upload_id: str) -> Upload | None:
        """Return ours of that id, as it was last known; None when there is none."""
        ledger = self.ledger()
        record = ledger.find(UploadId(upload_id)) if is_upload_id(upload_id) else None
        return None if record is None else self.told(record, sending=ledger.is_locked(record))

    def of_list(self, list_id: ListId, reader: ReadsParts) -> Iterator[Upload]:
        """Give our uploads to a list, oldest first, then the vendor's files that we did not send; see `Uploads.iterate`."""
        parts: list[Part] = []
        unreadable: UnreadableReply | None = None
        try:
            parts.extend(reader.iterate_parts(list_id))
        except UnreadableReply as error:
            unreadable = error
        ours: set[str | None] = set()
        try:
            mine = list(self._matched(list_id, parts))
        except LocalError:
            mine = []
        for upload in mine:
            ours |= {part.id or part.name for part in upload.parts}
            yield upload
        for part in parts:
            if (part.id or part.name) not in ours:
                yield upload_of_part(self.connection, list_id, part)
        if unreadable is not None:
            raise unreadable

    def _matched(self, list_id: ListId, parts: list[Part]) -> Iterator[Upload]:
        ledger = self.ledger()
        reconciler = self.reconciler(ledger)
        shown = {part.name: part for part in parts if part.name} | {
            part.id: part for part in parts if part.id
        }
        for record in ledger.of_list(list_id):
            matched = reconciler.match(record, shown)
            yield self.told(matched, sending=ledger.is_locked(matched))

    def told(self, record: UploadRecord, *, sending: bool = False) -> Upload:
        """Tell how one of ours stands."""
        return upload_of(record, sending=sending, job=self.job(record), now=self.clock.now())

    def job(self, record: UploadRecord) -> JobRecord | None:
        """Return the job of an upload that was not sent whole; None for one that was, or without a job."""
        return None if is_sent(record) else self.jobs().get(JobId(record.id))

    def find(self, list_id: ListId, upload_id: str, *, by_part: bool = True) -> FoundUpload | None:
        """Return our upload of that id, or with a part of that id at the vendor; None when it is a vendor's alone."""
        try:
            ledger = self.ledger()
            if by_part and not is_upload_id(upload_id):
                record = ledger.find_by_part(list_id, PartId(upload_id))
            else:
                record = ledger.find(UploadId(upload_id))
        except LocalError:
            if is_upload_id(upload_id):
                raise
            return None
        if record is not None and record.list_id == list_id:
            return ledger, record
        if is_upload_id(upload_id):
            raise NotFound(f"no upload {upload_id} went to this list", connection=self.connection)
        return None

    def of_vendor(self, list_id: ListId, part_id: str, *, left: Deadline | None = None) -> Upload:
        """Show a vendor's file as an upload.

        Raises:
            NotFound: The vendor does not know it.
        """
        reader = self.offered.require(ReadsParts)
        part = reader.get_part(list_id, PartId(part_id), deadline=left)
        return upload_of_part(self.connection, list_id, part)

    def forget_part(self, list_id: ListId, part_id: PartId) -> None:
        """Mark a part that was deleted by the vendor's id, in case it is one of ours."""
        ledger = self.ledger()
        while (record := ledger.find_by_part(list_id, part_id)) is not None:
            known = (part.number for part in record.parts if part.shown.id == part_id and not part.is_deleted)
            ledger.mark_deleted(record, next(known))
