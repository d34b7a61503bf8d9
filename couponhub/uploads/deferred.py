"""An upload that is written down for other work to drive."""

from pathlib import Path

from couponhub.error_context import ErrorContext
from couponhub.models import JobId, ListId, Tagging, UploadId
from couponhub.uploads.events import no_progress
from couponhub.uploads.request import UploadRequest
from couponhub.uploads.service import Uploads


def begin_upload(
    uploads: Uploads,
    upload_id: UploadId,
    list_id: ListId,
    source: Path,
    *,
    name: str,
    tagging: Tagging | None,
    parent: JobId,
) -> None:
    """Check a file, and write it down as an upload of that id, which another job drives. Nothing is sent here.

    Args:
        uploads: Of the connection.
        upload_id: One that no upload has.
        list_id: The list.
        source: A code file.
        name: What to call the upload.
        tagging: As of `Uploads.send`.
        parent: The job that drives it.

    Raises:
        CouponhubError: As of `Uploads.send`.
    """
    assembly = uploads._assembly  # noqa: SLF001 - of this room
    with ErrorContext(assembly.connection, "send codes"):
        request = UploadRequest(
            id=upload_id,
            list_id=list_id,
            source=source,
            name=name,
            column=None,
            tagging=tagging,
            accepts_ruined=True,
            callback=None,
            again=False,
            progress=no_progress,
            parent=parent,
        )
        assembly.sender(assembly.ledger(), request, assembly.rate_limit_wait(None)).send(request)
