"""The standing of an upload, told from what the ledger and the jobs say of it; the rows always balance."""

from collections.abc import Iterable
from datetime import datetime

import attrs

from couponhub.jobs import earliest_end, told_throttle
from couponhub.models import JobStatus, ListId, Part, Upload, UploadId, UploadStatus
from couponhub.models.uploads import remainder
from couponhub.state import JobRecord, PartRecord, Stage, StepRecord, UploadRecord
from couponhub.uploads.steps import SUBMIT, part_number

_GIVEN_UP = frozenset({JobStatus.FAILED, JobStatus.CANCELLED})


def upload_of(
    record: UploadRecord, *, sending: bool = False, job: JobRecord | None = None, now: datetime | None = None
) -> Upload:
    """Tell how one of our uploads stands.

    Args:
        record: As last known.
        sending: True while somebody may still be sending it: what was never sent is pending then.
        job: Its job, as far as it is known: what was never sent stands as its step does. Without one nobody will send it,
            and it has failed.
        now: The moment, for what the job waits for; None leaves that out.
    """
    steps = {part_number(step): step for step in job.steps if step.kind == SUBMIT} if job else {}
    parts = tuple(
        _part(part, UploadStatus.PENDING if sending else _unsent(job, steps.get(part.number)))
        for part in record.parts
    )
    accepted, rejected, not_sent, pending = (
        _sum(getattr(part, name) for part in parts)
        for name in ("accepted", "rejected", "not_sent", "pending")
    )
    unknown = remainder(record.rows, accepted, rejected, record.duplicates, record.skipped, not_sent, pending)
    status = _status(parts, unknown or 0)
    return Upload(
        connection=record.connection,
        list_id=record.list_id,
        id=record.id,
        name=record.name,
        status=status,
        rows=record.rows,
        accepted=accepted,
        rejected=rejected,
        duplicates=record.duplicates,
        skipped=record.skipped,
        not_sent=not_sent,
        pending=pending,
        unknown=unknown,
        ends_at=None if job is None or now is None or status.ended else earliest_end(job, now),
        waiting_for=None if status.ended else _waiting_for(parts, job, now),
        created_at=record.created_at,
        updated_at=record.updated_at,
        error_file=next((part.error_file for part in parts if part.error_file), None),
        parts=parts,
        warnings=(*record.warnings, *_warnings(parts, job)),
    )


def upload_of_part(connection: str, list_id: ListId, part: Part) -> Upload:
    """Show a vendor's file as an upload of one part; how many rows were meant to be in it nobody tells."""
    if part.rows is not None and part.status in {UploadStatus.PENDING, UploadStatus.PROCESSING}:
        part = attrs.evolve(part, pending=remainder(part.rows, part.accepted, part.rejected))
    return Upload(
        connection=connection,
        list_id=list_id,
        id=UploadId(part.id or ""),
        name=part.name,
        status=part.status,
        accepted=part.accepted,
        rejected=part.rejected,
        pending=part.pending,
        created_at=part.created_at,
        updated_at=part.updated_at,
        error_file=part.error_file,
        parts=(part,),
        raw=part.raw,
    )


def is_sent(record: UploadRecord) -> bool:
    """Return True when the vendor has every part: its job has nothing to add to how it stands."""
    return all(part.stage is Stage.SUBMITTED for part in record.parts)


def is_half_sent(record: UploadRecord) -> bool:
    """Return True when the vendor has a part that it has not ended, and there are others to send."""
    arrived = [part for part in record.parts if part.stage is Stage.SUBMITTED]
    return len(arrived) < len(record.parts) and any(not part.shown.status.ended for part in arrived)


def is_idle(job: JobRecord, now: datetime) -> bool:
    """Return True when a job could go on, or is paused, and nobody drives it."""
    return job.status is JobStatus.PAUSED or (job.status is JobStatus.PENDING and not job.waits(now))


def _unsent(job: JobRecord | None, step: StepRecord | None) -> UploadStatus:
    """Return how a part stands that never was sent, while nobody sends it."""
    if job is None or step is None:
        return UploadStatus.FAILED
    if step.status.ended:
        return UploadStatus.CANCELLED if step.status is JobStatus.CANCELLED else UploadStatus.FAILED
    return UploadStatus.PAUSED if job.status is JobStatus.PAUSED else UploadStatus.PENDING


def _part(record: PartRecord, unsent: UploadStatus) -> Part:
    if record.stage is Stage.SUBMITTED:
        return _counted(record.shown)
    if record.stage is Stage.SUBMITTING:
        return attrs.evolve(record.shown, status=UploadStatus.UNKNOWN, accepted=None, rejected=None)
    return attrs.evolve(
        record.shown,
        status=unsent,
        accepted=0,
        rejected=0,
        not_sent=record.shown.rows,
        pending=0,
    )


def _counted(part: Part) -> Part:
    """Judge an ended part by its counts, for a vendor's "done" may only mean "worked through"."""
    if not part.status.ended:
        # Counts of a running part may lag or shrink.
        pending = None if part.status is UploadStatus.UNKNOWN else part.rows
        return attrs.evolve(part, accepted=None, rejected=None, not_sent=0, pending=pending)
    status, accepted, rejected, rows = part.status, part.accepted, part.rejected, part.rows
    if accepted is None and status is UploadStatus.FAILED:
        accepted = 0
    if rows is not None:
        if accepted is None and rejected is not None:
            accepted = rows - rejected
        # "Done" without a count proves nothing; waiting for one that never comes would not end.
        status = UploadStatus.PARTIAL
        if accepted is not None:
            accepted = min(max(accepted, 0), rows)
            rejected = rows - accepted
            if rejected == 0:
                status = UploadStatus.DONE
            elif accepted == 0:
                status = UploadStatus.FAILED
    return attrs.evolve(part, status=status, accepted=accepted, rejected=rejected, not_sent=0, pending=0)


def _sum(counts: Iterable[int | None]) -> int | None:
    told = list(counts)
    known = [count for count in told if count is not None]
    return None if told and not known else sum(known)


def _status(parts: tuple[Part, ...], unknown: int) -> UploadStatus:
    statuses = {part.status for part in parts}
    if all(status.ended for status in statuses):
        if UploadStatus.CANCELLED in statuses:
            if UploadStatus.FAILED not in statuses:
                return UploadStatus.CANCELLED
            statuses.remove(UploadStatus.CANCELLED)  # for the sake of one that failed
        if unknown or len(statuses) > 1:
            return UploadStatus.PARTIAL
        return statuses.pop() if statuses else UploadStatus.DONE
    for status in (UploadStatus.UNKNOWN, UploadStatus.PAUSED):
        if status in statuses:
            return status
    return UploadStatus.PENDING if statuses == {UploadStatus.PENDING} else UploadStatus.PROCESSING


def _waiting_for(parts: tuple[Part, ...], job: JobRecord | None, now: datetime | None) -> str | None:
    """Say what has to happen before an upload goes on; None when somebody is at it."""
    if job is not None and now is not None and any(part.not_sent and not part.status.ended for part in parts):
        step = job.next_step
        if is_idle(job, now):
            is_held = job.status is JobStatus.PAUSED
            return "somebody to resume it" if is_held else "a worker or a server to go on with it"
        if step is not None and step.kind == SUBMIT and job.waits(now):
            throttled = job.throttled_until(now)
            is_throttled = throttled is not None and throttled == job.free_at(now)
            return told_throttle(job) if is_throttled else step.evidence or None
    running = sum(bool(part.id) and not part.status.ended for part in parts)
    return f"the vendor to end {running} of {len(parts)} parts" if running else None


def _warnings(parts: tuple[Part, ...], job: JobRecord | None) -> Iterable[str]:
    lost = sum(part.id is None and part.accepted == 0 and part.status.ended for part in parts)
    if lost:
        steps = () if job is None else (step for step in job.steps if step.kind == SUBMIT)
        why = next((step.evidence for step in steps if step.status in _GIVEN_UP), "")
        yield (
            f"{lost} of {len(parts)} parts never reached the vendor{f' ({why})' if why else ''};"
            " send the same codes again for them"
        )
