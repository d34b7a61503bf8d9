"""Sending one part so that it arrives once, with every step written down."""

from collections.abc import Callable

import attrs

from couponhub.clock import Deadline
from couponhub.errors import WaitTimeout
from couponhub.models import Part
from couponhub.protocols import AcceptsFiles, AcceptsFileUrls
from couponhub.safe_writes import write_once
from couponhub.state import Ledger, Stage, UploadRecord
from couponhub.uploads.rate_limit_wait import RateLimitWait

SubmitCall = Callable[[Deadline | None], Part]
"""The one call that hands a part to the vendor, given the seconds that it may take."""


@attrs.frozen(kw_only=True)
class Submitter:
    """Sends parts of one connection.

    Attributes:
        settle: Seconds that a second look waits, before absence counts as proof.
    """

    adapter: AcceptsFiles | AcceptsFileUrls
    ledger: Ledger
    settle: float
    rate_limit_wait: RateLimitWait

    def submit(self, upload: UploadRecord, number: int, submit_call: SubmitCall) -> UploadRecord:
        """Send a part, and answer the upload with the part submitted.

        Raises:
            OutcomeUnknown: It was sent, no answer came, and looking for it failed too; the part stays marked.
            WaitTimeout: It was sent, no answer came, and no time is left to find out; the part stays marked.
            CouponhubError: Anything else: the part is proven not to be at the vendor, and marked so; or this
                machine failed, and the part stays marked as one that the vendor may have.
        """
        deadline, name = self.rate_limit_wait.deadline, upload.parts[number - 1].name

        def write() -> UploadRecord:
            nonlocal upload
            upload = self.ledger.mark_submitting(upload, number)
            if (found := _submitted(upload, number)) is not None:
                return found  # it showed late, and somebody else has found it
            return self.ledger.mark_submitted(upload, number, submit_call(self.rate_limit_wait.limit))

        def look() -> UploadRecord | None:
            part = self.rate_limit_wait.ask(
                lambda left: self.adapter.find_submitted(upload.list_id, name, deadline=left)
            )
            return None if part is None else self.ledger.mark_submitted(upload, number, part)

        def settle() -> None:
            if not deadline.allows(self.settle):
                raise WaitTimeout(f"whether part {number} arrived cannot be found out in the time left")
            self.rate_limit_wait.clock.sleep(self.settle)

        return write_once(
            write,
            look,
            settle=settle,
            what=f"part {number} of upload {upload.id}",
            hint=f"find out with `{show_command(upload)}`",
            absent=lambda: _submitted(self.ledger.mark_absent(upload, number), number),
        )


def show_command(upload: UploadRecord) -> str:
    """The command that tells how an upload stands."""
    return f"couponhub uploads show {upload.connection} {upload.list_id} {upload.id}"


def wait_command(upload: UploadRecord) -> str:
    """The command that waits for the end of an upload; its exit code tells how that was."""
    return f"couponhub uploads wait {upload.connection} {upload.list_id} {upload.id}"


def resume_command(upload: UploadRecord) -> str:
    """The command that goes on with an upload, without its source."""
    return f"couponhub uploads resume {upload.id}"


def _submitted(upload: UploadRecord, number: int) -> UploadRecord | None:
    return upload if upload.parts[number - 1].stage is Stage.SUBMITTED else None
