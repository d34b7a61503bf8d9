"""The steps of a migration's job: make the list, send each batch, look a second time at the source."""

from collections.abc import Sequence

import attrs

from couponhub.models import JobId, JobStatus, MigrationPlan
from couponhub.state import JobRecord, StepRecord

MIGRATION = "migration"
SHADOW = "shadow"
CHECK_NEW, CREATE, SEND, SECOND_PASS = "check new list", "create list", "send batch", "second pass"


def job_for(plan: MigrationPlan) -> JobRecord:
    """Return the job that applies a plan, whose id it has."""
    kinds: list[tuple[str, int | None]] = [
        *([(CHECK_NEW, None), (CREATE, None)] if plan.create is not None else []),
        *((SEND, batch.number) for batch in plan.batches),
        (SECOND_PASS, None),
    ]
    arguments = {"source": plan.source.connection, "source_list_id": plan.source.list_id or ""}
    if plan.target.list_id is not None:
        arguments["list_id"] = plan.target.list_id
    return JobRecord(
        id=JobId(plan.id),
        kind=MIGRATION,
        connection=plan.target.connection,
        arguments=arguments,
        steps=tuple(
            StepRecord(number=at, kind=kind, arguments={} if batch is None else {"batch": batch})
            for at, (kind, batch) in enumerate(kinds, start=1)
        ),
    )


def batch_number(step: StepRecord) -> int:
    """Return the number of the batch that a step sends."""
    number = step.arguments["batch"]
    assert isinstance(number, int)  # noqa: S101 - written by `job_for`
    return number


def forgotten_of(job: JobRecord) -> int:
    """Return how many codes were not sent because their customers were forgotten, of the batches that are done."""
    counts = (step.result.get("forgotten") for step in job.steps if step.kind == SEND)
    return sum(count for count in counts if isinstance(count, int))


def target_list(job: JobRecord) -> str | None:
    """Return the id of the list at the target; None while it is yet to be made."""
    made = (step.result.get("list_id") for step in job.steps if step.kind == CREATE)
    found = job.arguments.get("list_id") or next(made, None)
    return None if found is None else str(found)


def ended(step: StepRecord, evidence: str, **result: object) -> StepRecord:
    """Return a step when it is done, with what came of it."""
    return attrs.evolve(
        step, status=JobStatus.DONE, evidence=evidence, not_before=None, result={**step.result, **result}
    )


def without_rest(job: JobRecord, why: str, status: JobStatus) -> Sequence[StepRecord]:
    """Return the steps that have not ended, ended so."""
    return [
        attrs.evolve(step, status=status, evidence=why, not_before=None)
        for step in job.steps
        if not step.status.ended
    ]
