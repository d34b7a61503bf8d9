"""A migration as it stands, told from its plan, its log, its job and its uploads."""

from datetime import datetime

from couponhub.jobs.service import job_of
from couponhub.migration.children import BatchUploads
from couponhub.migration.proofs import newest_proof
from couponhub.migration.run_log import RunLog
from couponhub.migration.steps import SEND, batch_number, forgotten_of, target_list
from couponhub.models import JobStatus, MigrationPhase, MigrationPlan, MigrationStatus
from couponhub.state import JobRecord

_ENDED_BADLY = {JobStatus.FAILED: MigrationPhase.FAILED, JobStatus.CANCELLED: MigrationPhase.CANCELLED}


def status_of(
    plan: MigrationPlan, job: JobRecord | None, log: RunLog, batches: BatchUploads
) -> MigrationStatus:
    """Tell how a migration stands.

    Args:
        plan: As it is applied.
        job: As it is written down; None for one whose job is not written down yet.
        log: What was decided.
        batches: Its uploads; no vendor is asked about them.
    """
    shown = None if job is None else job_of(job, batches.clock.now())
    phase = log.phase or MigrationPhase.APPLYING
    if job is not None and phase is MigrationPhase.APPLYING:
        phase = _ENDED_BADLY.get(job.status, phase)
    return MigrationStatus(
        id=plan.id,
        phase=phase,
        source=plan.source.connection,
        target=plan.target.connection,
        target_list_id=plan.target.list_id if job is None else target_list(job),
        job_id=plan.id,
        job_status=JobStatus.PENDING if shown is None else shown.status,
        rows=sum(batch.rows for batch in plan.batches) - (0 if job is None else forgotten_of(job)),
        sent=0 if job is None else _sent(plan, job, batches),
        per_minute=log.per_minute,
        waiting_for=None if shown is None else shown.waiting_for,
        ends_at=None if job is None or job.status.ended else _ends_at(plan, batches),
        window_ends_at=log.window_ends_at,
        proof=newest_proof(log),
        events=log.events(),
    )


def _sent(plan: MigrationPlan, job: JobRecord, batches: BatchUploads) -> int:
    """Count the codes that the target has taken, of the batches that are done from what was written down then."""
    done = {
        batch_number(step): step.result.get("accepted")
        for step in job.steps
        if step.kind == SEND and step.status is JobStatus.DONE
    }
    return sum(
        taken if isinstance(taken := done.get(batch.number), int) else batches.accepted(batch)
        for batch in plan.batches
    )


def _ends_at(plan: MigrationPlan, batches: BatchUploads) -> datetime | None:
    """Return the end that the limits allow: of the upload that runs now, or as it was planned."""
    for batch in plan.batches:
        for upload_id in batches.begun(batch.number)[-1:]:
            found = batches.uploads.find(upload_id)
            if found is not None and found.ends_at is not None:
                return max(filter(None, (found.ends_at, plan.ends_at)))
    return plan.ends_at
