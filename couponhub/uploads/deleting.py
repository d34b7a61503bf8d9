"""Taking uploads back: the vendor deletes their files, and the ledger forgets that their codes were sent."""

from contextlib import suppress

import attrs

from couponhub.ambiguity import write_once
from couponhub.errors import Conflict, NotFound, OutcomeUnknown, UnreadableReply, WaitTimeout
from couponhub.models import ListId, PartId
from couponhub.protocols import DeletesParts, ReadsParts
from couponhub.store import Ledger, Stage, UploadRecord
from couponhub.uploads.clock import Clock
from couponhub.uploads.reconciling import Reconciler


@attrs.frozen(kw_only=True)
class Deleter:
    """Deletes files of one connection.

    Attributes:
        settle: Seconds after a lost answer until a file that is still shown counts as not deleted.
    """

    connection: str
    adapter: DeletesParts
    settle: float
    clock: Clock

    def delete_upload(self, upload: UploadRecord, ledger: Ledger, reconciler: Reconciler) -> None:
        """Delete every part that the vendor has; each is marked as soon as it is gone.

        Raises:
            Conflict: Codes are being sent to the list.
            VendorError: A part could not be deleted; those before it are.
        """
        try:
            with ledger.sending(upload.list_id, timeout=0):
                upload = reconciler.settle_upload(ledger.find(upload.id) or upload)
                for part in upload.parts:
                    if part.stage is not Stage.SUBMITTED:
                        continue
                    if part.vendor_id is None:
                        raise UnreadableReply("the vendor gave a part no id by which it could be deleted")
                    with suppress(NotFound):
                        self.delete_part(upload.list_id, part.vendor_id)
                    upload = ledger.mark_deleted(upload, part.number)
        except WaitTimeout as error:
            raise Conflict(
                "codes are being sent to this list, so nothing was deleted",
                hint="repeat it when that has ended",
            ) from error

    def delete_part(self, list_id: ListId, part_id: PartId) -> None:
        """Delete one file by the vendor's id.

        Raises:
            NotFound: The vendor shows no such file.
            OutcomeUnknown: No answer came, and looking failed too.
        """
        repeated = False

        def delete() -> bool:
            nonlocal repeated
            try:
                self.adapter.delete_part(list_id, part_id)
            except NotFound:
                if not repeated:
                    raise
            finally:
                repeated = True
            return True

        write_once(
            delete,
            lambda: self._is_gone(list_id, part_id) or None,
            settle=lambda: self.clock.sleep(self.settle),
            what=f"the order to delete {part_id}",
            hint=f"find out with `couponhub uploads show {self.connection} {list_id} {part_id}`",
        )

    def _is_gone(self, list_id: ListId, part_id: PartId) -> bool:
        if not isinstance(self.adapter, ReadsParts):
            raise OutcomeUnknown("no answer came, and this vendor does not tell which files it has")
        try:
            self.adapter.get_part(list_id, part_id)
        except NotFound:
            return True
        return False
