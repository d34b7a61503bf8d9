"""A check before a part that another process prepared is sent by whoever goes on with its upload."""

import attrs

from couponhub.codes import shared
from couponhub.protocols import AcceptsFiles, AcceptsFileUrls
from couponhub.state import CodeSet, Ledger, ListHistory, Stage, UploadRecord
from couponhub.uploads.rate_limit_wait import RateLimitWait
from couponhub.uploads.submission import count_rows

SEND_AGAIN = "send the same codes again"


@attrs.frozen(kw_only=True)
class ResendCheck:
    """Looks before a part is sent. Only for the one who holds the right to send to the list.

    Attributes:
        again: True when the upload also sends codes that the list was given before.
    """

    adapter: AcceptsFiles | AcceptsFileUrls
    ledger: Ledger
    rate_limit_wait: RateLimitWait
    again: bool

    def look(self, upload: UploadRecord, number: int) -> tuple[UploadRecord, str | None]:
        """Look at a part that is not known to be at the vendor.

        Returns:
            The upload as it then stands: the part may be found to have arrived; and why it must not be sent, None when it
            may, or has arrived.

        Raises:
            VendorError: The vendor cannot be asked.
            LocalError: The codes cannot be read.
        """
        part = upload.parts[number - 1]
        if part.stage is Stage.SUBMITTED:
            return upload, None
        # Never sent, as far as the ledger knows: it may have been put back from an older backup.
        found = self.rate_limit_wait.call(
            lambda left: self.adapter.find_submitted(upload.list_id, part.name, deadline=left)
        )
        if found is not None:
            return self.ledger.mark_submitted(upload, number, found), None
        history = self.ledger.history(upload.list_id)
        codes = history.code_set(upload, part)
        file = self.ledger.part_file(upload, number)
        if file is None or codes is None:
            return upload, f"what was prepared of it is not kept any more: {SEND_AGAIN}"
        if upload.tagging and not count_rows(file):
            return upload, "everybody in it was forgotten"
        common = self._sent_by_others(upload, codes, history)
        if common:
            return (
                upload,
                f"{common} of its codes were sent by another upload meanwhile: {SEND_AGAIN} for the others",
            )
        return upload, None

    def _sent_by_others(self, upload: UploadRecord, codes: CodeSet, history: ListHistory) -> int:
        """Count the codes that other uploads have sent since the list's history was left out of this one."""
        at = [one.id for one in history.uploads].index(upload.id)
        others = (
            history.uploads[at + 1 :] if self.again else (*history.uploads[:at], *history.uploads[at + 1 :])
        )
        sent = [
            kept
            for other in others
            for each in other.parts
            if each.maybe_sent and (kept := history.code_set(other, each)) is not None
        ]
        sent += history.unknown
        if not sent:
            return 0
        with self.ledger.workspace() as folder:
            return shared(codes, sent, self.adapter.file_rules, folder)
