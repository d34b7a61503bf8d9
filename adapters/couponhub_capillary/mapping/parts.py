"""An upload job as `Part`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from couponhub.errors import UnreadableReply
from couponhub.models import Part, PartId, UploadStatus
from couponhub_capillary.mapping.anomalies import Anomalies
from couponhub_capillary.mapping.context import note_time, text_of
from couponhub_capillary.wire.times import epoch_moment
from couponhub_capillary.wire.uploads import job_id_of
from couponhub_capillary.wire.values import whole

# STARTED and FINISHED are documented; the others are inferred (C-33).
_WAITING = frozenset({"STARTED", "QUEUED"})
_RUNNING = frozenset({"VALIDATED", "COMMITED", "COMMITTED", "PROCESSING"})
_ENDED = frozenset({"FINISHED", "COMPLETED"})
_FAILED = frozenset({"ERRORED", "ERROR", "FAILED"})


def part_from(job: Mapping[str, Any], odd: Anomalies) -> Part:
    """The part that a job is; what only describes it and cannot be read is left empty, and counted in `odd`.

    Raises:
        UnreadableReply: The job has no id.
    """
    job_id = job_id_of(job)
    if job_id is None:
        raise UnreadableReply("an upload job came without an id")
    vendor_status = text_of(job.get("uploadStatus"), "vendor_status", odd) or ""
    rows, rejected = _counts(job)
    status = _status(vendor_status.strip().upper(), rows, rejected)
    # Counts lag behind while a job runs, and what a job did before it failed as a whole nobody tells.
    final = vendor_status.strip().upper() in _ENDED and rejected is not None
    return Part(
        id=PartId(job_id),
        name=text_of(job.get("uploadedFileName"), "name", odd),
        status=status,
        vendor_status=vendor_status,
        rows=rows,
        accepted=rows - rejected if final and rows is not None and rejected is not None else None,
        rejected=rejected if final else None,
        error_file=text_of(job.get("errorFileUrl"), "error_file", odd),
        success_file=text_of(job.get("successFileUrl"), "success_file", odd),
        created_at=_moment(job.get("createdOn"), "created_at", odd),
        updated_at=_moment(job.get("updatedOn"), "updated_at", odd),
        raw=job,
    )


def _moment(value: object, field: str, odd: Anomalies) -> datetime | None:
    moment = epoch_moment(value)
    if moment is None:
        note_time(value, field, odd)
    return moment


def _status(word_of_vendor: str, rows: int | None, rejected: int | None) -> UploadStatus:
    if word_of_vendor in _WAITING:
        return UploadStatus.PENDING
    if word_of_vendor in _RUNNING:
        return UploadStatus.PROCESSING
    if word_of_vendor in _FAILED:
        return UploadStatus.FAILED
    if word_of_vendor not in _ENDED or rows is None or rejected is None:
        # Finished without counts is an empty file, or counts that lag: it must be looked at again.
        return UploadStatus.UNKNOWN
    if rejected == 0:
        return UploadStatus.DONE
    return UploadStatus.FAILED if rejected == rows else UploadStatus.PARTIAL


def _counts(job: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Rows and refused rows, each None where it cannot be told; `totalUploadedCount` counts no success (C-34)."""
    rows, rejected = whole(job.get("actualRowCount")), whole(job.get("errorCount"))
    if rows is None or rows <= 0:
        return None, None
    if rejected is None or not 0 <= rejected <= rows:
        return rows, None
    return rows, rejected
