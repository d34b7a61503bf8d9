"""The only loop over the steps of a job: run the next one, write it down, until there is a reason to end."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Protocol

import attrs

from couponhub.clock import Clock
from couponhub.errors import (
    Conflict,
    CouponhubError,
    LocalError,
    NotFound,
    RateLimited,
    RequestRejected,
    Unsupported,
    UsageError,
    WaitTimeout,
)
from couponhub.models import JobStatus
from couponhub.state import JobRecord, JobStore, JobWish, StepRecord

LEASE_SECONDS = 60.0
"""The seconds that others wait for an owner that has stopped without ending, as a suspended machine does."""

_FINAL = (Conflict, NotFound, RequestRejected, Unsupported, UsageError)
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 3600.0
_QUOTA_PAUSE = 3600.0
_SHORT_PAUSE = 5.0
"""After a caller's time was over, or while another sends to the list."""

Handler = Callable[[JobRecord, StepRecord], Sequence[StepRecord]]
"""Runs a step of a job; returns how steps stand after it, that one among them. What is PENDING still is tried later."""


def ends_job(error: CouponhubError) -> bool:
    """Return True for what would be refused the next time, too: nothing that this machine could change."""
    return isinstance(error, _FINAL)


Stops = Callable[[StepRecord], bool]
"""Tells before each step whether to end here."""


def never(step: StepRecord) -> bool:  # noqa: ARG001 - a `Stops`
    """Go on as long as there is something to do."""
    return False


class Work(Protocol):
    """All that runs the steps of one job, as long as it is driven."""

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """The handlers by kind of step. Each may be called again for a step that was half done."""
        ...

    def cancelled(self, job: JobRecord, why: str, *, status: JobStatus) -> Sequence[StepRecord]:
        """Return the steps that are not to be run any more, as they then stand; what must be seen to its end is not."""
        ...

    def heed(self, stops: Callable[[], bool]) -> None:
        """Have a step that waits for a vendor, and not for an answer, end soon once `stops` says so."""
        ...

    def wind_down(self, trouble: CouponhubError | None) -> None:
        """See to what was begun, after the last step of this drive; `trouble` is what ended it."""
        ...

    def learned(self, job: JobRecord) -> Sequence[StepRecord]:
        """Return the steps of which more is known than is written there, though they stand as they did; at its end."""
        ...


def leave(seconds: float, why: str) -> bool:  # noqa: ARG001 - a `Runner.stays`
    """Leave a job that was throttled to whoever drives it once its next file may go."""
    return False


@attrs.frozen(kw_only=True)
class Runner:
    """Drives jobs. Safe from any number of threads and processes at once.

    Attributes:
        store: Where the jobs are.
        clock: For the times that are written down.
        stays: Lets some of the seconds pass for which a throttle holds a job back, and returns True to look at the job again;
            False, by default, to leave it to others.
    """

    store: JobStore
    clock: Clock
    stays: Callable[[float, str], bool] = leave

    def run(
        self, job: JobRecord, owner: str, work: Work, *, stops: Stops = never, early: bool = False
    ) -> JobRecord:
        """Run one step after the other, until the job has ended or has to wait, or `stops` says so.

        A step that fails is written down with what it failed of and when to try again. A spent quota is a reason to
        wait like any other.

        Args:
            job: The job, whose lease the owner holds.
            owner: Who drives it.
            work: What runs its steps.
            stops: Asked before each step.
            early: Run also a step for which it is too early.

        Raises:
            CouponhubError: A step failed; also LocalError when somebody else has taken the job over.
        """
        with self._renewed(job, owner):
            trouble: CouponhubError | None = None
            try:
                try:
                    job = self._loop(job, owner, work, stops=stops, early=early)
                except CouponhubError as error:
                    trouble = error
                work.wind_down(trouble)
            finally:
                self._note(job, owner, work)
            if trouble is not None:
                raise trouble
        return job

    def _note(self, job: JobRecord, owner: str, work: Work) -> None:
        """Write down what was learned beside how the steps stand, also when somebody interrupts."""
        if not work.learned(job):
            return
        with suppress(LocalError):  # how they stand is written, and matters more
            written = self.store.get(job.id)
            if written is not None and not written.status.ended and (steps := work.learned(written)):
                self.store.advance(job.id, owner, *steps)

    def _loop(self, job: JobRecord, owner: str, work: Work, *, stops: Stops, early: bool) -> JobRecord:
        handlers, step = work.handlers, job.next_step
        while step is not None:
            if job.wish is JobWish.CANCEL and (
                steps := work.cancelled(job, "cancelled", status=JobStatus.CANCELLED)
            ):
                job = self._written(job, owner, steps)
                step = job.next_step
                continue
            if job.wish is JobWish.PAUSE or stops(step) or (step.waits(self.clock.now()) and not early):
                return job
            # Before anything of the step is begun: what is under way is never held up.
            if (until := job.throttled_until(now := self.clock.now())) is not None:
                if not self.stays((until - now).total_seconds(), told_throttle(job)):
                    return job
                job = self._kept(job, self.store.renew(job.id, owner, seconds=LEASE_SECONDS))
                step = job.next_step
                continue
            try:
                steps = handlers[step.kind](job, step)
            except CouponhubError as error:
                with suppress(LocalError):  # then `error` is what there is to tell
                    self._written(job, owner, self._failed(job, step, work, error))
                raise
            job, early, tried = self._written(job, owner, steps), False, step.number
            step = job.next_step
            if step is not None and step.number == tried:
                return job
        ended = self.store.advance(job.id, owner, ended=_end_of(job))
        return ended or job

    def _written(self, job: JobRecord, owner: str, steps: Sequence[StepRecord]) -> JobRecord:
        return self._kept(job, self.store.advance(job.id, owner, *steps))

    def _kept(self, job: JobRecord, written: JobRecord | None) -> JobRecord:
        if written is None:
            raise LocalError(
                f"another process has taken {job.id} over, and goes on with it",
                hint="this one had stopped for long; look how it stands, with `couponhub uploads show` or `couponhub export ls`",
            )
        return written

    def _failed(
        self, job: JobRecord, step: StepRecord, work: Work, error: CouponhubError
    ) -> Sequence[StepRecord]:
        evidence = f"{error.kind}: {error.message}"
        if ends_job(error):
            return work.cancelled(job, evidence, status=JobStatus.FAILED)
        pause = step.pause(_FIRST_PAUSE, _LONGEST_PAUSE)
        if isinstance(error, RateLimited):
            pause = _QUOTA_PAUSE if error.retry_after is None else error.retry_after
        elif isinstance(error, WaitTimeout):
            pause = _SHORT_PAUSE
        return [step.postponed(self.clock.now() + timedelta(seconds=pause), evidence)]

    @contextmanager
    def _renewed(self, job: JobRecord, owner: str) -> Iterator[None]:
        """Hold on to the lease for the block."""
        over = threading.Event()

        def renew() -> None:
            while not over.wait(LEASE_SECONDS / 4):
                with suppress(LocalError):  # the next one may be written
                    if self.store.renew(job.id, owner, seconds=LEASE_SECONDS) is None:
                        return

        thread = threading.Thread(target=renew, name="job-lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def told_throttle(job: JobRecord) -> str:
    """Say, for people, to what a job was throttled."""
    return f"throttled to {job.per_minute:,} {'file' if job.per_minute == 1 else 'files'} a minute"


def _end_of(job: JobRecord) -> JobStatus:
    found = {step.status for step in job.steps}
    return next(
        (status for status in (JobStatus.FAILED, JobStatus.CANCELLED) if status in found), JobStatus.DONE
    )
