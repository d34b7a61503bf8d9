"""The steps of an upload's job: prepare, submit each part, watch each part, reconcile."""

from collections.abc import Iterator, Sequence

import attrs

from couponhub.jobs import PARENT, PER_DAY, PER_MINUTE
from couponhub.models import JobId, JobStatus
from couponhub.protocols import Limits
from couponhub.state import PACED, JobRecord, Stage, StepRecord, UploadRecord

KIND = "upload"
PREPARE, SUBMIT, WATCH, RECONCILE = "prepare", "submit", "watch", "reconcile"
ANSWERS = "answers"
"""The argument of a job that tells the request from others which it answers."""


def job_for(
    upload: UploadRecord,
    *,
    callback: str | None,
    again: bool,
    limits: Limits,
    parent: JobId | None = None,
    answers: str | None = None,
) -> JobRecord:
    """Return the job of an upload that is about to be written down.

    Args:
        upload: The upload, whose id the job has.
        callback: Where the caller wants the vendor to report; a right in itself.
        again: True when it also sends codes that the list was given before.
        limits: Those of the connection, by their flat names; 0 is none.
        parent: The job that drives this one; None for whoever comes.
        answers: As of `UploadRequest`.
    """
    arguments = {"list_id": str(upload.list_id), "again": "yes" if again else "no", PACED: SUBMIT}
    for key in (PER_MINUTE, PER_DAY):
        # An adapter counts uploads apart, or among all of its calls.
        most = limits.get(f"upload_{key}", limits.get(f"calls_{key}", 0))
        if most:
            arguments[key] = str(most)
    if callback is not None:
        arguments["callback"] = callback
    if parent is not None:
        arguments[PARENT] = parent
    if answers is not None:
        arguments[ANSWERS] = answers
    numbers = [part.number for part in upload.parts]
    kinds: list[tuple[str, int | None]] = [
        (PREPARE, None),
        *((SUBMIT, number) for number in numbers),
        *((WATCH, number) for number in numbers),
        (RECONCILE, None),
    ]
    return JobRecord(
        id=JobId(upload.id),
        kind=KIND,
        connection=upload.connection,
        arguments=arguments,
        steps=tuple(
            StepRecord(number=at, kind=kind, arguments={} if number is None else {"part": number})
            for at, (kind, number) in enumerate(kinds, start=1)
        ),
    )


def part_number(step: StepRecord) -> int:
    """Return the number of the part that a step is about; 0 for the whole."""
    number = step.arguments.get("part", 0)
    assert isinstance(number, int)  # noqa: S101 - written by `job_for`
    return number


def done(step: StepRecord, evidence: str = "") -> StepRecord:
    """Return a step when it is done."""
    return attrs.evolve(step, status=JobStatus.DONE, evidence=evidence, not_before=None)


def pending(job: JobRecord, kind: str) -> Iterator[StepRecord]:
    """Give the steps of a kind that have not ended."""
    return (step for step in job.steps if step.kind == kind and not step.status.ended)


def without_rest(
    job: JobRecord, upload: UploadRecord | None, why: str, status: JobStatus
) -> Sequence[StepRecord]:
    """Return the steps that send something, ended so, and those that wait for it; what the vendor has stays."""
    there = set() if upload is None else {p.number for p in upload.parts if p.stage is Stage.SUBMITTED}
    ended: list[StepRecord] = []
    for step in job.steps:
        sends = step.kind in {PREPARE, SUBMIT} or (step.kind == WATCH and part_number(step) not in there)
        if sends and not step.status.ended:
            # One that was not sent for another's sake has not failed itself.
            own = JobStatus.CANCELLED if ended and status is JobStatus.FAILED else status
            ended.append(attrs.evolve(step, status=own, evidence=why, not_before=None))
    return ended
