"""The jobs of all connections, as users see them."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime

import attrs

from couponhub.auditing import UNWRITTEN, Auditor, as_was_asked
from couponhub.clock import Clock
from couponhub.errors import LocalError, NotFound, RateLimited, UsageError
from couponhub.jobs.estimate import earliest_end
from couponhub.jobs.lanes import LANE
from couponhub.jobs.offers import Offers, is_held_back
from couponhub.jobs.runner import LEASE_SECONDS, Runner, Work, told_throttle
from couponhub.models import Job, JobId, JobStatus, Step
from couponhub.models.given import given_id, given_seconds, given_whole, given_word
from couponhub.rooted import Rooted
from couponhub.state import PACED, THROTTLE, AuditAction, JobRecord, JobStore, JobWish, StepRecord

OpenWork = Callable[[JobRecord, float | None], AbstractContextManager[Work]]
"""Makes what runs the steps of a job, given the seconds that it may take."""


ABOUT = "about"
"""The argument of a job that only tells of another one: the id of that one."""
_SHOWN = ("list_id", LANE, ABOUT, THROTTLE)


_AT_ONCE = 200
MOST_A_MINUTE = 999_999
"""The most files to which a job can be throttled."""


def _never() -> bool:
    return False


class HubJobs(Rooted):
    """The work that goes on beyond the call that began it. Thread-safe.

    Every method may raise `LocalError` when the state fails, and `UsageError` for an argument that is nothing of what
    it may be.

    Args:
        store: Where they are kept.
        kinds: For each kind of job, what makes its work.
        apart: Kinds that are no work of somebody's own: they stand in no list of jobs, and are found by their ids.
        offers: Tells workers of a job that was let go of; None where nobody is to be told.
        clock: For tests.
        auditor: Writes down what somebody wants of jobs.
    """

    def __init__(
        self,
        store: Callable[[], JobStore],
        *,
        kinds: Mapping[str, OpenWork],
        apart: Collection[str] = (),
        offers: Offers | None = None,
        clock: Clock,
        auditor: Auditor = UNWRITTEN,
    ) -> None:
        self._store = store
        self._auditor = auditor
        self._kinds = kinds
        self._apart = tuple(apart)
        self._offers = offers
        self._clock = clock

    def iterate(
        self,
        *,
        connection: str | None = None,
        status: JobStatus | str | None = None,
        after: str | None = None,
    ) -> Iterator[Job]:
        """Return the jobs of a connection, or of all, that stand so, or of any status; oldest first.

        They are read as they are consumed, some at a time: a job that is begun meanwhile is among them.

        Args:
            connection: Only jobs of this connection; None for all.
            status: Only jobs that stand so when they are read; None for any.
            after: The id of a job; only those that were begun after it.

        Raises:
            NotFound: There is no job of that id.
        """
        wanted = None if status is None else given_word(JobStatus, status, "status")
        name = None if connection is None else given_id(connection, "the connection's name")
        begun = None if after is None else self._record(after).id

        def read(behind: JobId | None) -> tuple[JobRecord, ...]:
            return self._store().following(
                behind, connection=name, status=wanted, apart=self._apart, most=_AT_ONCE
            )

        return self._each(read(begun), read)

    def _each(
        self, found: Sequence[JobRecord], read: Callable[[JobId | None], Sequence[JobRecord]]
    ) -> Iterator[Job]:
        while found:
            yield from map(self._shown, found)
            found = read(found[-1].id) if len(found) == _AT_ONCE else ()

    def page(
        self, number: int = 1, *, status: JobStatus | str | None = None, at_once: int = 25
    ) -> tuple[tuple[Job, ...], int]:
        """Return one page of the jobs of all connections, newest first, and how many there are in all.

        Args:
            number: Of the page, from 1; one behind the last is empty.
            status: Only jobs that stand so; None for any.
            at_once: How many jobs a page has, at most 1000.
        """
        wanted = None if status is None else given_word(JobStatus, status, "status")
        given_whole(number, "the page's number", least=1)
        given_whole(at_once, "the jobs of a page", least=1, most=1000)
        after = (number - 1) * at_once
        found = self._store().page(status=wanted, apart=self._apart, after=after, most=at_once)
        return tuple(map(self._shown, found.jobs)), found.total

    def get(self, job_id: str) -> Job:
        """Return a job; that of an upload has the upload's id.

        Raises:
            NotFound: There is none of that id.
        """
        return self._shown(self._record(job_id))

    def due(self) -> tuple[Job, ...]:
        """Return the jobs that could go on now and that nobody drives, oldest first.

        A part of another job is not among them, as long as that one has not ended: whoever drives that one drives it. Nor is
        one that helps another, while that one is paused or has to wait.
        """
        store = self._store()
        now = self._clock.now()
        return tuple(self._shown(record) for record in store.due(now) if not is_held_back(store, record, now))

    def is_due(self, job_id: str) -> bool:
        """Tell whether a job is among those that are `due`; one of an id that is not known is not."""
        store = self._store()
        record, now = store.get(JobId(given_id(job_id, "the job's id"))), self._clock.now()
        return (
            record is not None
            and record.status is JobStatus.PENDING
            and not record.waits(now)
            and not is_held_back(store, record, now)
        )

    def drive(
        self,
        job_id: str,
        *,
        timeout: float | None = None,
        early: bool = False,
        stops: Callable[[], bool] = _never,
        holds: Callable[[], bool] = _never,
    ) -> Job:
        """Take a job as far as it goes now, and return it as it then stands.

        Call it as often as you like, from as many processes at once as you like: one of them drives it, for the
        others it is as if there were nothing to do. A step that is done is never done again, also when the process
        that did it was killed. What a job waits for, a spent quota for instance, is told by `Job.waiting_for` and
        `Step.not_before`. Where a vendor fetches files from here, this returns only when it has ended them, or after an
        hour in which it has not: whoever drives the job next serves them again.

        Args:
            job_id: Of any job.
            timeout: Seconds for all of it; None for as long as it takes.
            early: Try also what is to be tried later.
            stops: Asked before each step, and while a vendor is waited for; once it says so, no further one is run.
            holds: Asked before each step alone; once it says so, no further one is run, but what a vendor fetches from here
                is still waited for.

        Raises:
            NotFound: There is no job of that id.
            CouponhubError: A step failed, and not for a spent quota. The job says when it is to be tried again, unless it has ended.
        """
        if timeout is not None:
            given_seconds(timeout, "the timeout", may_be_zero=True)
        record = self._record(job_id)
        if record.status.ended:
            return self._shown(record)
        if record.kind not in self._kinds:
            raise LocalError(f"job {record.id} is of a kind that this couponhub does not know: {record.kind}")
        store, claimed = self._store(), None
        try:
            with store.worker() as owner:
                claimed = store.claim(record.id, owner, seconds=LEASE_SECONDS)
                if claimed is not None:
                    self._run(claimed, owner, timeout=timeout, early=early, stops=stops, holds=holds)
        finally:
            if claimed is not None and self._offers is not None:
                self._offers.let_go(claimed)
        return self.get(job_id)

    def _run(
        self,
        job: JobRecord,
        owner: str,
        *,
        timeout: float | None,
        early: bool,
        stops: Callable[[], bool],
        holds: Callable[[], bool],
    ) -> None:
        if job.waits(self._clock.now()) and not early and job.wish is not JobWish.CANCEL:
            return
        with as_was_asked(), self._kinds[job.kind](job, timeout) as work:
            work.heed(stops)
            runner = Runner(store=self._store(), clock=self._clock)
            with suppress(RateLimited):  # a time to wait for, which is written down
                runner.run(job, owner, work, stops=lambda _: stops() or holds(), early=early)

    def pause(self, job_id: str) -> Job:
        """Let nobody go on with a job after the step that runs now, until `proceed`."""
        return self._wished(job_id, JobWish.PAUSE, AuditAction.PAUSE_JOB)

    def proceed(self, job_id: str) -> Job:
        """Let a paused job go on; nothing is driven."""
        return self._wished(job_id, JobWish.GO_ON, AuditAction.RESUME_JOB)

    def cancel(self, job_id: str) -> Job:
        """Let a job do nothing new, for good. What a vendor has by then it keeps, and its end is still waited for."""
        return self._wished(job_id, JobWish.CANCEL, AuditAction.CANCEL_JOB)

    def throttle(self, job_id: str, per_minute: int | None) -> Job:
        """Send at most so many files of a job in a minute from now on; nothing changes once it has ended.

        It holds from the next file on, within seconds, whoever sends; in any 60 seconds no more of them go. What is under
        way is not held up, and limits that allow less hold as before.

        Args:
            job_id: Of an upload.
            per_minute: At least 1; None for as many as the limits allow.

        Raises:
            NotFound: There is no job of that id.
            UsageError: It is of a kind that sends no files.
        """
        if per_minute is not None:
            given_whole(per_minute, "the files a minute", least=1, most=MOST_A_MINUTE)
        record = self._record(job_id)
        if PACED not in record.arguments:
            raise UsageError(
                f"job {record.id} sends no files itself: there is nothing to throttle",
                hint="a migration is throttled by `couponhub migrate throttle`",
            )
        return self._steered(
            record, AuditAction.THROTTLE_JOB, lambda: self._store().throttle(record.id, per_minute)
        )

    def _wished(self, job_id: str, wish: JobWish, action: AuditAction) -> Job:
        record = self._record(job_id)
        return self._steered(record, action, lambda: self._store().wish(record.id, wish))

    def _steered(self, record: JobRecord, action: AuditAction, steer: Callable[[], object]) -> Job:
        list_id = record.arguments.get("list_id")
        with self._auditor.act(action, connection=record.connection, list_id=list_id, reference=record.id):
            steer()
        if self._offers is not None:
            self._offers.offer(record.id)
        return self.get(record.id)

    def _shown(self, record: JobRecord) -> Job:
        return job_of(record, self._clock.now())

    def _record(self, job_id: str) -> JobRecord:
        record = self._store().get(JobId(given_id(job_id, "the job's id")))
        if record is None:
            raise NotFound(f"there is no job {job_id}")
        return record


def job_of(record: JobRecord, now: datetime) -> Job:
    """Show a job as users see it at a moment."""
    step = None if record.status.ended else record.next_step
    throttled = None if step is None else record.throttled_until(now)
    waiting_for = None if step is None or step.not_before is None else step.evidence or None
    steps = record.steps
    if step is not None and throttled is not None and throttled == record.free_at(now):
        waiting_for = told_throttle(record)
        steps = tuple(attrs.evolve(one, not_before=throttled) if one is step else one for one in steps)
    return Job(
        id=record.id,
        kind=record.kind,
        connection=record.connection,
        status=record.status,
        arguments={name: record.arguments[name] for name in _SHOWN if name in record.arguments},
        steps=tuple(map(_step_of, steps)),
        waiting_for=waiting_for,
        ends_at=earliest_end(record, now),
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


def _step_of(record: StepRecord) -> Step:
    part = record.arguments.get("part")
    return Step(
        kind=record.kind,
        status=record.status,
        part=part if isinstance(part, int) else None,
        not_before=record.not_before,
        evidence=record.evidence,
    )
