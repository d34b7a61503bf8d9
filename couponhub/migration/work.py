"""The work of one migration: each kind of step in one place, whoever drives the job."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import attrs

from couponhub.clock import Clock
from couponhub.connection import Lists
from couponhub.errors import Conflict, CouponhubError, LocalError, PartialFailure
from couponhub.jobs import Handler, ends_job
from couponhub.migration.children import BatchUploads, was_never_prepared
from couponhub.migration.run_log import FINISHED, RunLog
from couponhub.migration.steps import (
    CHECK_NEW,
    CREATE,
    SECOND_PASS,
    SEND,
    batch_number,
    ended,
    forgotten_of,
    target_list,
    without_rest,
)
from couponhub.models import Job, JobStatus, ListId, MigrationBatch, MigrationPlan, NewCouponList
from couponhub.state import JobRecord, JobStore, JobWish, MigrationLog, StepRecord
from couponhub.uploads.steps import WATCH

_AGAIN = timedelta(seconds=1)
_FORGOTTEN = "customers who were forgotten since"


def _never() -> bool:
    return False


@attrs.frozen(kw_only=True)
class SecondPass:
    """The codes that the source has handed out since they were planned as free.

    Attributes:
        double: How many of the codes that were to move as free.
        note: What is known, for people.
    """

    double: int
    note: str


@attrs.define(kw_only=True)
class MigrationWork:
    """The steps of one migration, as long as its job is driven. See `couponhub.jobs.Work`.

    Attributes:
        plan: As it was reviewed.
        lists: Those of the target.
        batches: The uploads to it.
        second_pass: Looks what the source has handed out since.
        fingerprint: Keeps the fingerprints of what was sent of a batch to a list.
    """

    plan: MigrationPlan
    lists: Lists
    batches: BatchUploads
    second_pass: Callable[[str], SecondPass]
    fingerprint: Callable[[MigrationBatch, str], None]
    store: JobStore
    log: MigrationLog
    clock: Clock
    _stops: Callable[[], bool] = attrs.field(default=_never, init=False)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """See `Work.handlers`."""
        return {
            CHECK_NEW: self._check_new,
            CREATE: self._create,
            SEND: self._send,
            SECOND_PASS: self._look_again,
        }

    def cancelled(self, job: JobRecord, why: str, *, status: JobStatus) -> Sequence[StepRecord]:
        """See `Work.cancelled`: an upload that was begun is cancelled too, and its end is seen to by whoever comes."""
        for batch in self.plan.batches:
            for upload_id in self.batches.begun(batch.number):
                self.batches.jobs.cancel(upload_id)
        return without_rest(job, why, status)

    def heed(self, stops: Callable[[], bool]) -> None:
        """See `Work.heed`: its uploads end soon, too."""
        self._stops = stops

    def wind_down(self, trouble: CouponhubError | None) -> None:
        """See `Work.wind_down`: its uploads do that themselves."""

    def learned(self, job: JobRecord) -> Sequence[StepRecord]:  # noqa: ARG002 - a `Work`
        """See `Work.learned`: nothing beside its steps."""
        return ()

    def _check_new(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:  # noqa: ARG002 - a `Handler`
        """See that nobody has made such a list: what is found from now on is ours."""
        if self.lists.find_created(self._new) is not None:
            raise Conflict(
                f"{self.plan.target.connection} has a list like {self._new.name} by now, and nothing was done",
                hint="plan anew, with --to-list or another --set name",
            )
        return [ended(step, "there is no such list")]

    def _create(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:  # noqa: ARG002 - a `Handler`
        """Make the list, unless a killed process has made it."""
        made = self.lists.find_created(self._new) or self.lists.create(self._new)
        return [ended(step, f"list {made.id}", list_id=str(made.id))]

    def _send(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:
        """Take the upload of a batch as far as it goes now."""
        batch = self.plan.batches[batch_number(step) - 1]
        list_id = self._list_of(job)
        try:
            upload = self._driven(job, batch, ListId(list_id))
            while upload is not None and self._was_overtaken(batch, upload):
                upload = self._driven(job, batch, ListId(list_id))
        except CouponhubError as error:
            if not ends_job(error):
                raise
            # Somebody may mend it, and the migration has more to do than this.
            raise PartialFailure(
                f"batch {batch.number} of {self.plan.id} cannot go on: {error.message}",
                hint=f"mend it, and `couponhub migrate resume {self.plan.id}`",
            ) from error
        if upload is None:
            counts = self.batches.counts(batch)
            return [ended(step, f"all that was left of it was for {_FORGOTTEN}", **attrs.asdict(counts))]
        if upload.status in {JobStatus.FAILED, JobStatus.CANCELLED}:
            raise PartialFailure(
                f"upload {upload.id}, batch {batch.number} of {self.plan.id}, has ended early: {_why(upload)}",
                hint=f"mend it, and `couponhub migrate resume {self.plan.id}`: what is left of it is sent then",
            )
        if not upload.status.ended:
            return [self._waiting(step, upload)]
        self.fingerprint(batch, list_id)
        counts = self.batches.counts(batch)
        evidence = f"{counts.accepted:,} of {counts.rows:,} codes taken, as {upload.id}"
        if counts.forgotten:
            evidence += f"; {counts.forgotten:,} for {_FORGOTTEN}"
        return [ended(step, evidence, **attrs.asdict(counts), upload=str(upload.id))]

    def _was_overtaken(self, batch: MigrationBatch, upload: Job) -> bool:
        """Return True where an upload has ended with nothing for anybody to mend, and the next one sends what is left."""
        if was_never_prepared(upload):
            return True
        return upload.status is JobStatus.CANCELLED and self.batches.forgotten(batch) > 0

    def _driven(self, job: JobRecord, batch: MigrationBatch, list_id: ListId) -> Job | None:
        upload = self.batches.current(batch, list_id, self._name(batch.number))
        if upload is None:
            return None
        return self.batches.drive(
            upload, stops=lambda: self._is_halted(job), per_minute=lambda: self._per_minute
        )

    def _waiting(self, step: StepRecord, upload: Job) -> StepRecord:
        free_at = self.batches.free_at(upload.id, self._per_minute)
        if free_at is not None:
            return step.postponed(free_at, f"throttled to {self._per_minute} files a minute")
        following = upload.next_step
        until = None if following is None else following.not_before
        waits = upload.waiting_for or "it to be sent"
        if following is not None and following.kind == WATCH:
            waits = f"the target to end upload {upload.id}"
        return step.postponed(until or self.clock.now() + _AGAIN, waits)

    def _look_again(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:
        """Find what the source has handed out since, and tell that everything is done."""
        found = self.second_pass(self._list_of(job))
        log = RunLog.read(self.log, self.plan.id)
        if not any(event.kind == FINISHED for event in log.logged):
            forgotten = forgotten_of(job)
            stays = f"{forgotten:,} codes for {_FORGOTTEN} stay at the source; " if forgotten else ""
            log.write(FINISHED, f"every batch is sent; {stays}{found.note}", double_issued=found.double)
        return [ended(step, found.note, double_issued=found.double)]

    def _list_of(self, job: JobRecord) -> str:
        list_id = target_list(job)
        if list_id is None:
            raise LocalError(f"the list that {self.plan.id} sends to is not known any more")
        return list_id

    def _is_halted(self, job: JobRecord) -> bool:
        written = self.store.get(job.id)
        return self._stops() or written is None or written.wish is not JobWish.GO_ON

    @property
    def _per_minute(self) -> int | None:
        return RunLog.read(self.log, self.plan.id).per_minute

    @property
    def _new(self) -> NewCouponList:
        assert self.plan.create is not None  # noqa: S101 - or the job has no such step
        return self.plan.create

    def _name(self, batch: int) -> str:
        return f"{self.plan.id} batch {batch}"


def _why(job: Job) -> str:
    return next((step.evidence for step in job.steps if step.status is JobStatus.FAILED), "it was cancelled")
