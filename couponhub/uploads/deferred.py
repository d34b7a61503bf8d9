"""Uploads that are driven by others than who began them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from couponhub.error_context import ErrorContext
from couponhub.errors import UsageError, WaitTimeout
from couponhub.models import FileUrl, JobId, ListId, Tagging, UploadId
from couponhub.state import JobRecord
from couponhub.uploads.arguments import given_timeout
from couponhub.uploads.events import no_progress
from couponhub.uploads.request import UploadRequest
from couponhub.uploads.service import Uploads
from couponhub.uploads.work import UploadWork


def begin_upload(
    uploads: Uploads,
    upload_id: UploadId,
    list_id: ListId,
    source: Path | FileUrl,
    *,
    name: str,
    tagging: Tagging | None,
    column: str | int | None = None,
    accepts_ruined: bool = False,
    callback: str | None = None,
    again: bool = False,
    parent: JobId | None = None,
    is_paused: bool = False,
    answers: str | None = None,
    timeout: float | None = None,
    busy_timeout: float | None = None,
) -> None:
    """Check a file, and write it down as an upload of that id, which somebody else drives. Nothing is sent here of a file.

    A vendor that fetches it elsewhere is told where at once: such an address is a right in itself, and is not kept for others.

    Args:
        uploads: Of the connection.
        upload_id: One that no upload has.
        list_id: The list.
        source: A code file, or where the vendor fetches it.
        name: What to call the upload.
        tagging: As of `Uploads.send`.
        column: The same.
        accepts_ruined: True to send what looks as if a spreadsheet had changed it.
        callback: As of `Uploads.send`.
        again: The same.
        parent: The job that drives it; None for whoever drives jobs.
        is_paused: True for one that nobody may drive before somebody lets it go on; of a file here only.
        answers: As of `UploadRequest`.
        timeout: Seconds for all of it; None for as long as it takes.
        busy_timeout: Seconds of it for another upload to the list, before anything is read; None for all of them.

    Raises:
        WaitTimeout: Another upload has the list for longer.
        CouponhubError: As of `Uploads.send`.
        UsageError: What lies elsewhere was to be held back.
    """
    is_elsewhere = isinstance(source, FileUrl)
    if is_elsewhere and is_paused:
        raise UsageError(
            "paused: the vendor is told of an address at once, for it is not kept",
            hint="leave `paused` out, or send the file itself",
        )
    assembly = uploads._assembly  # noqa: SLF001 - of this room
    with ErrorContext(assembly.connection, "send codes"):
        request = UploadRequest(
            id=upload_id,
            list_id=list_id,
            source=source,
            name=name,
            column=column,
            tagging=tagging,
            accepts_ruined=accepts_ruined,
            callback=callback,
            again=again,
            progress=no_progress,
            parent=parent,
            is_left=not is_elsewhere,
            is_paused=is_paused,
            answers=answers,
        )
        if busy_timeout is not None:  # the lock is taken again later: this one only tells early
            try:
                with assembly.ledger().list_lock(list_id, timeout=busy_timeout):
                    pass
            except WaitTimeout as error:
                raise error.reworded(hint="try again when that upload has ended") from None
        limit = assembly.rate_limit_wait(given_timeout(timeout))
        assembly.send(assembly.ledger(), request, limit)


@contextmanager
def work_of(uploads: Uploads, job: JobRecord, timeout: float | None) -> Iterator[UploadWork]:
    """Make what goes on with the job of an upload; see `couponhub.jobs.OpenWork`."""
    at = ErrorContext(job.connection, "go on with upload")
    with at, uploads._assembly.work(job, timeout) as work:  # noqa: SLF001 - of this room
        yield work
