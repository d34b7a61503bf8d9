"""Taking uploads back: the vendor deletes their files, and the ledger forgets that their codes were sent."""

from functools import partial

import attrs

from couponhub.clock import Clock
from couponhub.errors import Conflict, NotFound, OutcomeUnknown, UnreadableReply, VendorError, WaitTimeout
from couponhub.models import ListId, PartId
from couponhub.protocols import DeletesParts, ReadsParts
from couponhub.rights import proven_by
from couponhub.safe_writes import write_once
from couponhub.state import Ledger, Stage, UploadRecord
from couponhub.uploads.reconciling import Reconciler
from couponhub.uploads.submission import show_command


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
            OutcomeUnknown: The vendor denies a part and does not show that it is gone.
            VendorError: A part could not be deleted; those before it are.
        """
        try:
            with ledger.list_lock(upload.list_id, timeout=0):
                upload = reconciler.settle_upload(ledger.find(upload.id) or upload)
                for part in upload.parts:
                    if part.stage is not Stage.SUBMITTED:
                        continue
                    if part.shown.id is None:
                        raise UnreadableReply("the vendor gave a part no id by which it could be deleted")
                    try:
                        with proven_by(partial(ledger.require_lock, upload.list_id)):
                            self.delete_part(upload.list_id, part.shown.id)
                    except NotFound as error:
                        self._require_gone(upload, part.shown.id, error)
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

    def _require_gone(self, upload: UploadRecord, part_id: PartId, error: NotFound) -> None:
        """Believe that a file of ours is not there only if the vendor's list of files bears it out.

        A 404 may come from whatever stands between; forgotten by mistake, its codes would be sent once more.

        Raises:
            OutcomeUnknown: The list shows the file, or cannot be had.
        """
        if not isinstance(self.adapter, ReadsParts):
            return
        try:
            is_gone = self._is_gone(upload.list_id, part_id)
        except VendorError as unread:
            raise self._doubtful(upload, part_id, f"cannot be asked for its files ({unread.kind})") from error
        if not is_gone:
            raise self._doubtful(upload, part_id, "lists it all the same") from error

    def _doubtful(self, upload: UploadRecord, part_id: PartId, why: str) -> OutcomeUnknown:
        return OutcomeUnknown(
            f"the vendor says that it has no file {part_id}, and {why}",
            hint=f"find out with `{show_command(upload)}`",
        )

    def _is_gone(self, list_id: ListId, part_id: PartId) -> bool:
        if not isinstance(self.adapter, ReadsParts):
            raise OutcomeUnknown("no answer came, and this vendor does not tell which files it has")
        # Not by its id: what a vendor answers for a deleted one may be anything.
        return all(part.id != part_id for part in self.adapter.iterate_parts(list_id))
