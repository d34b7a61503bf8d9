"""Bringing the ledger up to what the vendor shows."""

from contextlib import suppress

import attrs

from couponhub.errors import NotFound, VendorError
from couponhub.models import ListId, Part, UploadStatus
from couponhub.protocols import AcceptsFiles, AcceptsFileUrls, ReadsParts
from couponhub.store import Ledger, PartRecord, Stage, UploadRecord
from couponhub.uploads.clock import Clock


@attrs.frozen(kw_only=True)
class Reconciler:
    """Compares the uploads of one connection with the vendor.

    Attributes:
        settle: Seconds after which a part that was sent, and is not there, counts as absent.
    """

    adapter: object
    ledger: Ledger
    settle: float
    clock: Clock

    def refresh(self, upload: UploadRecord, *, ended_too: bool = False) -> UploadRecord:
        """Ask the vendor for every part that it may hold.

        A part whose sender died half way is looked for by its name: found, it is ours; not found while no
        sender lives, and long enough after it was sent, it is absent; else nobody can tell yet.

        Args:
            upload: As last known.
            ended_too: Ask also for parts that are known to have ended.

        Raises:
            VendorError: The vendor cannot be asked.
        """
        for part in upload.parts:
            match part.stage:
                case Stage.SUBMITTING:
                    upload = self._look_for(upload, part)
                case Stage.SUBMITTED if ended_too or not _is_final(part):
                    upload = self._reread(upload, part)
                case _:
                    pass
        return upload

    def settle_list(self, list_id: ListId) -> None:
        """Find out about the parts of earlier uploads that a dead sender left; waits until absence counts.

        Only for the one who holds the right to send to the list. What cannot be found out stays unknown.
        """
        for upload in self.ledger.of_list(list_id):
            for part in upload.parts:
                if part.stage is Stage.SUBMITTING:
                    with suppress(VendorError):
                        self._settle_part(upload, part)

    def match(self, upload: UploadRecord, shown: dict[str, Part]) -> UploadRecord:
        """Bring an upload up to a listing of the vendor's files, keyed by id and by name."""
        for part in upload.parts:
            seen = (shown.get(part.vendor_id) if part.vendor_id else None) or shown.get(part.name)
            if seen is not None:
                upload = self.ledger.mark_submitted(upload, part.number, seen)
        return upload

    def _settle_part(self, upload: UploadRecord, part: PartRecord) -> None:
        found = self._find(upload, part)
        if found is None:
            # At most `settle`, also where the clock was set back since and the age is below zero.
            self.clock.sleep(min(self.settle, max(0.0, self.settle - self._age(part))))
            found = self._find(upload, part)
        if found is not None:
            self.ledger.mark_submitted(upload, part.number, found)
        else:
            self.ledger.mark_absent(upload, part.number)

    def _look_for(self, upload: UploadRecord, part: PartRecord) -> UploadRecord:
        # Asked in this order, for a sender that ends in between may have been successful.
        gone = not self.ledger.is_sending(upload) and self._age(part) >= self.settle
        found = self._find(upload, part)
        if found is not None:
            return self.ledger.mark_submitted(upload, part.number, found)
        return self.ledger.mark_absent(upload, part.number) if gone else upload

    def _reread(self, upload: UploadRecord, part: PartRecord) -> UploadRecord:
        found: Part | None
        if isinstance(self.adapter, ReadsParts) and part.vendor_id is not None:
            try:
                found = self.adapter.get_part(upload.list_id, part.vendor_id)
            except NotFound:
                found = None
        else:
            found = self._find(upload, part)
        if found is not None:
            return self.ledger.mark_submitted(upload, part.number, found)
        if part.status.ended:
            return upload
        # It was there, and somebody deleted it before it ended.
        gone = Part(id=part.vendor_id, name=part.name, status=UploadStatus.UNKNOWN)
        return self.ledger.mark_submitted(upload, part.number, gone)

    def _find(self, upload: UploadRecord, part: PartRecord) -> Part | None:
        if isinstance(self.adapter, (AcceptsFiles, AcceptsFileUrls)):
            return self.adapter.find_submitted(upload.list_id, part.name)
        return None

    def _age(self, part: PartRecord) -> float:
        return 0.0 if part.submitted_at is None else (self.clock.now() - part.submitted_at).total_seconds()


def _is_final(part: PartRecord) -> bool:
    """Ended and counted: a vendor may say "finished" a moment before it has counted."""
    return part.status is UploadStatus.FAILED or (part.status.ended and part.accepted is not None)
