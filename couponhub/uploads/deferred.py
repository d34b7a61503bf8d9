"""Uploads that are driven by others than who began them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from couponhub.error_context import ErrorContext
from couponhub.models import JobId, ListId, Tagging, UploadId
from couponhub.state import JobRecord
from couponhub.uploads.events import no_progress
from couponhub.uploads.request import UploadRequest
from couponhub.uploads.service import Uploads
from couponhub.uploads.work import UploadWork


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


@contextmanager
def work_of(uploads: Uploads, job: JobRecord, timeout: float | None) -> Iterator[UploadWork]:
    """Make what goes on with the job of an upload; see `couponhub.jobs.OpenWork`."""
    at = ErrorContext(job.connection, "go on with upload")
    with at, uploads._assembly.work(job, timeout) as work:  # noqa: SLF001 - of this room
        yield work
