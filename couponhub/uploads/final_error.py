"""The error of an upload that was not sent whole."""

from couponhub.clock import Deadline
from couponhub.errors import (
    CouponhubError,
    LocalError,
    OutcomeUnknown,
    PartialFailure,
    RateLimited,
    VendorUnavailable,
    WaitTimeout,
)
from couponhub.jobs import ends_job
from couponhub.state import Stage, UploadRecord
from couponhub.uploads.submission import resume_command, show_command
from couponhub.uploads.summary import upload_of


def final_error(trouble: CouponhubError, upload: UploadRecord, deadline: Deadline) -> CouponhubError:
    """Return the error to raise: one that also says what was sent before it."""
    sent = sum(part.stage is Stage.SUBMITTED for part in upload.parts)
    too_late = isinstance(trouble, (OutcomeUnknown, VendorUnavailable)) and deadline.passed()
    if too_late or isinstance(trouble, WaitTimeout):
        return _too_late(trouble, upload, sent, deadline)
    if isinstance(trouble, OutcomeUnknown) and sent:
        return trouble.reworded(message=f"{trouble.message}; {sent} of {len(upload.parts)} parts arrived")
    if isinstance(trouble, LocalError):
        return trouble.reworded(hint=f"find out what was sent with `{show_command(upload)}`")
    if isinstance(trouble, RateLimited) and not sent:
        goes_on = f"`{resume_command(upload)}` goes on with it then, and so does `couponhub work`"
        return trouble.reworded(hint=f"{trouble.hint}; {goes_on}" if trouble.hint else goes_on)
    if isinstance(trouble, OutcomeUnknown) or not sent:
        return trouble
    error = PartialFailure(
        f"upload {upload.id}: {sent} of {len(upload.parts)} parts were sent, then: {trouble.message}",
        hint=_how_to_go_on(upload, ended=ends_job(trouble)),
        connection=upload.connection,
        operation="send codes",
        vendor_code=trouble.vendor_code,
        status=trouble.status,
        retry_after=trouble.retry_after,
    )
    error.__cause__ = trouble
    return error


def _too_late(trouble: CouponhubError, upload: UploadRecord, sent: int, deadline: Deadline) -> WaitTimeout:
    unknown = sum(part.stage is Stage.SUBMITTING for part in upload.parts)
    doubt = f", of {unknown} it is not known whether they did" if unknown else ""
    error = WaitTimeout(
        f"upload {upload.id} was not sent whole within {deadline.seconds:g} seconds:"
        f" {sent} of {len(upload.parts)} parts arrived{doubt}",
        hint=_how_to_go_on(upload),
        upload=upload_of(upload, sending=True),
    )
    error.__cause__ = trouble
    return error


def _how_to_go_on(upload: UploadRecord, *, ended: bool = False) -> str:
    again = "sending the same codes again sends only what did not arrive"
    if ended:
        return f"see `{show_command(upload)}`; once that is mended, {again}"
    return f"see `{show_command(upload)}`; `{resume_command(upload)}` goes on with it, and {again}"
