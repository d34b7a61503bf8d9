"""Sending one part so that it arrives once: a lost answer is followed by a look, never by a blind repetition."""

from collections.abc import Callable

import attrs

from couponhub.errors import (
    AuthRejected,
    ConfigError,
    CouponhubError,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    RequestRejected,
    Unsupported,
    UsageError,
    VendorError,
    VendorUnavailable,
)
from couponhub.models import Part
from couponhub.protocols import AcceptsFiles, AcceptsFileUrls
from couponhub.store import Ledger, Stage, UploadRecord
from couponhub.uploads.clock import Clock

_ATTEMPTS = 2

# The vendor understood and refused, or the adapter refused before anything was sent.
_REFUSALS = (
    AuthRejected,
    ConfigError,
    NotFound,
    PermissionDenied,
    RateLimited,
    RequestRejected,
    Unsupported,
    UsageError,
)


@attrs.frozen(kw_only=True)
class Submitter:
    """Sends parts of one connection.

    Attributes:
        settle: Seconds that a second look waits, before absence counts as proof.
    """

    connection: str
    adapter: AcceptsFiles | AcceptsFileUrls
    ledger: Ledger
    settle: float
    clock: Clock

    def submit(self, upload: UploadRecord, number: int, send: Callable[[], Part]) -> UploadRecord:
        """Send a part, and answer the upload with the part submitted.

        Raises:
            OutcomeUnknown: It was sent, no answer came, and looking for it failed too; the part stays marked.
            CouponhubError: Anything else: the part is proven not to be at the vendor, and marked so; or this
                machine failed, and the part stays marked as one that the vendor may have.
        """
        for _ in range(_ATTEMPTS):
            upload = self.ledger.mark_submitting(upload, number)
            if upload.parts[number - 1].stage is Stage.SUBMITTED:
                return upload  # it showed late, and somebody else has found it
            try:
                part: Part | None = send()
            except CouponhubError as error:
                if isinstance(error, _REFUSALS) or (isinstance(error, VendorUnavailable) and not error.sent):
                    self.ledger.mark_absent(upload, number)
                    raise
                if not isinstance(error, VendorError):
                    raise
                part = self._look_twice(upload, number, error)
            if part is not None:
                return self.ledger.mark_submitted(upload, number, part)
            upload = self.ledger.mark_absent(upload, number)
        raise VendorUnavailable(
            f"the vendor took part {number} of upload {upload.id} neither at once nor when it was repeated",
            connection=self.connection,
            operation="send codes",
        )

    def _look_twice(self, upload: UploadRecord, number: int, lost: VendorError) -> Part | None:
        name = upload.parts[number - 1].name
        try:
            part = self.adapter.find_submitted(upload.list_id, name)
            if part is None:
                self.clock.sleep(self.settle)
                part = self.adapter.find_submitted(upload.list_id, name)
        except VendorError as error:
            raise OutcomeUnknown(
                f"part {number} of {len(upload.parts)} of upload {upload.id} was sent, no answer came"
                f" ({lost.kind}), and the vendor cannot be asked for it now ({error.kind})",
                hint=f"find out with `{show_command(upload)}`",
                connection=self.connection,
                operation="send codes",
            ) from error
        return part


def show_command(upload: UploadRecord) -> str:
    """The command that tells how an upload stands."""
    return f"couponhub uploads show {upload.connection} {upload.list_id} {upload.id}"
