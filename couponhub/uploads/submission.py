"""Sending one part so that it arrives once, with every step written down."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

import attrs

from couponhub.clock import Deadline
from couponhub.errors import WaitTimeout
from couponhub.models import CodeFile, FileUrl, Identifier, Part, Tagging
from couponhub.protocols import AcceptsFiles, AcceptsFileUrls
from couponhub.rights import proven_by
from couponhub.safe_writes import write_once
from couponhub.state import Ledger, PartRecord, Stage, UploadRecord
from couponhub.uploads.events import SECOND_LOOK
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
            with proven_by(lambda: self.ledger.require_lock(upload.list_id)):
                part = submit_call(self.rate_limit_wait.limit)
            return self.ledger.mark_submitted(upload, number, part)

        def look() -> UploadRecord | None:
            part = self.rate_limit_wait.call(
                lambda left: self.adapter.find_submitted(upload.list_id, name, deadline=left)
            )
            return None if part is None else self.ledger.mark_submitted(upload, number, part)

        def settle() -> None:
            if not deadline.allows(self.settle):
                raise WaitTimeout(f"whether part {number} arrived cannot be found out in the time left")
            self.rate_limit_wait.pause(self.settle, SECOND_LOOK)

        return write_once(
            write,
            look,
            settle=settle,
            what=f"part {number} of upload {upload.id}",
            hint=f"find out with `{show_command(upload)}`",
            absent=lambda: _submitted(self.ledger.mark_absent(upload, number), number),
        )


def file_call(
    adapter: AcceptsFiles | AcceptsFileUrls, upload: UploadRecord, part: PartRecord, path: Path
) -> SubmitCall:
    """Return the call that streams the file of a part to the vendor."""
    assert isinstance(adapter, AcceptsFiles)  # noqa: S101 - the route was chosen so
    # In a vendor file the customer is always the first column.
    tagging = Tagging(identifier=Identifier(upload.tagging), column=0) if upload.tagging else None
    file = CodeFile(
        name=part.name,
        rows=count_rows(path) if upload.tagging else part.shown.rows or 0,
        size=path.stat().st_size,
        open=partial(_open, path),
    )
    return lambda left: adapter.submit_file(upload.list_id, file, tagging, deadline=left)


def url_call(
    adapter: AcceptsFiles | AcceptsFileUrls,
    upload: UploadRecord,
    part: PartRecord,
    url: Callable[[], FileUrl],
    callback: str | None,
) -> SubmitCall:
    """Return the call that tells the vendor where it can fetch the file of a part."""
    assert isinstance(adapter, AcceptsFileUrls)  # noqa: S101 - the route was chosen so
    return lambda left: adapter.submit_url(upload.list_id, url(), part.name, callback, deadline=left)


def count_rows(path: Path) -> int:
    """Count the rows below the header: of a tagged file some may have been forgotten since it was written."""
    with path.open("rb") as file:
        return sum(1 for _ in file) - 1


def show_command(upload: UploadRecord) -> str:
    """The command that tells how an upload stands."""
    return f"couponhub uploads show {upload.connection} {upload.list_id} {upload.id}"


def wait_command(upload: UploadRecord) -> str:
    """The command that waits for the end of an upload; its exit code tells how that was."""
    return f"couponhub uploads wait {upload.connection} {upload.list_id} {upload.id}"


def resume_command(upload: UploadRecord) -> str:
    """The command that goes on with an upload, without its source."""
    return f"couponhub uploads resume {upload.id}"


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def _submitted(upload: UploadRecord, number: int) -> UploadRecord | None:
    return upload if upload.parts[number - 1].stage is Stage.SUBMITTED else None
