"""Jobs and uploads as their pages show them."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import attrs

from couponhub.console.migration_names import MigrationName, MigrationNames
from couponhub.errors import CouponhubError, NotFound
from couponhub.hub import CouponHub
from couponhub.models import Job, JobStatus, Part, Step, Upload, UploadStatus
from couponhub.shown import shown
from couponhub.state import JobWish
from couponhub.webhooks import delivery_id

UPLOAD, MIGRATION = "upload", "migration"
_SUBMIT, _WATCH = "submit", "watch"


@attrs.frozen(kw_only=True)
class JobLine:
    """One job in the list of all.

    Attributes:
        job: It.
        name: What people call it; its id where it has no name.
        address: Of its page.
        done: Of its parts, those that have ended.
        count: Its parts, or its steps where it has no parts.
        waiting_for: What it waits for, for people; None when it goes on, or has ended.
        rejected: Rows of an upload that its vendor has refused so far; 0 for other jobs, and where that is not known.
        outcome: How an upload ended that is more than done; None for any other job.
        migration: What it is called; None for another job, and where that is not looked up.
    """

    job: Job
    name: str
    address: str
    done: int
    count: int
    waiting_for: str | None
    rejected: int = 0
    outcome: UploadStatus | None = None
    migration: MigrationName | None = None


@attrs.frozen(kw_only=True)
class PartLine:
    """One part of an upload.

    Attributes:
        number: From 1.
        part: As last known.
        steps: What was done about it, each with what is known of that.
    """

    number: int
    part: Part
    steps: tuple[Step, ...]


@attrs.frozen(kw_only=True)
class DeliveryLine:
    """One receiver that is told of the end of a job.

    Attributes:
        receiver: Its name in the config.
        standing: The key of its words: how the job that delivers the message stands.
        evidence: What the last attempt came to; "" before the first.
        not_before: When it is tried again; None for at once, or where it is not.
    """

    receiver: str
    standing: str
    evidence: str = ""
    not_before: datetime | None = None

    @property
    def is_open(self) -> bool:
        """True while it may still be told."""
        return not JobStatus(self.standing).ended


def deliveries_of(hub: CouponHub, job: Job) -> Iterator[DeliveryLine]:
    """Give those who are told of a job's end, of the receivers that are configured; nobody before it has ended."""
    for receiver in hub.config.webhooks if job.status.ended else ():
        try:
            delivery = hub.jobs.get(delivery_id(job.id, receiver))
        except NotFound:  # another end is told there, or it was configured later
            continue
        (step,) = delivery.steps
        not_before = None if step.status.ended else step.not_before
        yield DeliveryLine(
            receiver=receiver, standing=delivery.status, evidence=step.evidence, not_before=not_before
        )


def line_of(hub: CouponHub, job: Job, names: MigrationNames | None = None) -> JobLine:
    """Show a job in a line, a migration by its name where somebody knows it."""
    counted, upload = _counted(job), upload_of(hub, job)
    return JobLine(
        job=job,
        name=name_of(job, upload),
        address=f"/migrations/{job.id}" if job.kind == MIGRATION else f"/jobs/{job.id}",
        done=sum(step.status is JobStatus.DONE for step in counted),
        count=len(counted),
        waiting_for=(None if upload is None else upload.waiting_for) or job.waiting_for,
        rejected=0 if upload is None else upload.rejected or 0,
        outcome=_outcome(job, upload),
        migration=names.of(job.id) if names is not None and job.kind == MIGRATION else None,
    )


def _outcome(job: Job, upload: Upload | None) -> UploadStatus | None:
    """Return how an upload ended whose job has done all it could; None where that is just done."""
    if upload is None or job.status is not JobStatus.DONE or upload.status is UploadStatus.DONE:
        return None
    return upload.status


def upload_of(hub: CouponHub, job: Job, *, fetches: bool = False) -> Upload | None:
    """Return the upload of a job, as it was last known; None for another job, or where nothing is known of it any more.

    Args:
        hub: Whose.
        job: Any.
        fetches: Tell also when vendors fetched the files of its parts.
    """
    if job.kind != UPLOAD:
        return None
    try:
        return hub[job.connection].uploads.find(job.id, fetches=fetches)
    except CouponhubError:  # its connection is configured no more: the job is there all the same
        return None


def open_wish(hub: CouponHub, job: Job) -> JobWish | None:
    """Return what somebody wished of a job of which a step still runs, for as long as a limit may make it wait."""
    if job.status.ended or job.status is JobStatus.PAUSED:
        return None
    record = hub.state.jobs.get(job.id)
    return None if record is None else record.wish


def name_of(job: Job, upload: Upload | None) -> str:
    """Return what people call a job, as it can be shown; its id where it has no name."""
    return shown(upload.name) if upload is not None and upload.name else str(job.id)


def parts_of(job: Job, upload: Upload) -> Iterator[PartLine]:
    """Give the parts of an upload with their steps."""
    steps: dict[int | None, list[Step]] = {}
    for step in job.steps:
        steps.setdefault(step.part, []).append(step)
    for number, part in enumerate(upload.parts, start=1):
        yield PartLine(number=number, part=part, steps=tuple(steps.get(number, ())))


def quota_left(hub: CouponHub, job: Job) -> Mapping[str, int]:
    """Return what is left of the limits that pace a job, by their names; nothing where its connection is configured no more."""
    try:
        return hub[job.connection].quota_left()
    except CouponhubError:
        return {}


def rows_a_minute(rows: int, began: datetime | None, until: datetime | None) -> int | None:
    """Return how many rows went in a minute on average; None where nothing went, or where that took no whole minute."""
    if began is None or until is None or not rows:
        return None
    minutes = (until - began).total_seconds() / 60
    return round(rows / minutes) if minutes >= 1 else None


def waits_for_check(job: Job) -> bool:
    """Tell whether an upload was written down and paused, and nothing of it was sent."""
    sending = [step for step in job.steps if step.kind == _SUBMIT]
    return (
        job.kind == UPLOAD
        and job.status is JobStatus.PAUSED
        and bool(sending)
        and all(step.status is JobStatus.PENDING for step in sending)
    )


def _counted(job: Job) -> tuple[Step, ...]:
    """Return the steps by which it is told how far a job is: of an upload the ends of its parts."""
    parts = tuple(step for step in job.steps if step.part is not None)
    if job.kind == UPLOAD:
        parts = tuple(step for step in parts if step.kind == _WATCH)
    return parts or job.steps
