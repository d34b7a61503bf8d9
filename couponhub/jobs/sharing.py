"""Jobs that many drive at once: one of them drives the job itself, others help with its slices.

A job stays what it is with one process: its driver goes through its steps in their order. What a slice comes to is kept in the
job's files, and a step whose slice others have done already takes no time. So helpers add nothing that the job relies on: when
they are killed, or never come, it takes longer.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from hashlib import blake2b
from itertools import count
from typing import Protocol, runtime_checkable

import attrs

from couponhub.clock import Clock, Deadline
from couponhub.errors import CouponhubError, VendorUnavailable, WaitTimeout
from couponhub.jobs.runner import LEASE_SECONDS, Handler, Work, ends_job
from couponhub.models import JobId, JobStatus
from couponhub.state import JobRecord, JobStore, JobWish, Locks, StepRecord

HELP = "help"
"""The kind of a job that helps another one, and of its only step."""
HELPS = "helps"
"""The argument of such a job: the id of the one that it helps."""

_MOST_HELPERS = 7
_TURNS = 64
"""Locks that the slices of all jobs share: two of one lock only wait for each other."""
_LOOKS_SOON = 0.2
_LOOKS_AGAIN = timedelta(seconds=5)


@runtime_checkable
class SlicedWork(Protocol):
    """Work on slices that others may do beforehand. What it comes to is kept in files, not in the steps."""

    def slices(self, job: JobRecord) -> Sequence[StepRecord]:
        """Return the steps of slices that have not ended, in their order."""
        ...

    def is_whole(self, step: StepRecord) -> bool:
        """Tell whether all is kept that there is to know of a slice."""
        ...

    def do(self, step: StepRecord) -> None:
        """Find out what is not kept yet of a slice, and keep it; nothing once the job has dropped its files.

        Raises:
            CouponhubError: A call failed; what was learned before is kept.
        """
        ...


@attrs.frozen
class Turns:
    """Turns at slices, so that two do not ask the same. They are advisory: two that do, keep the same twice.

    Attributes:
        locks: Between all processes.
        job_id: Whose slices they are.
    """

    locks: Locks
    job_id: JobId

    @contextmanager
    def take(self, step: StepRecord) -> Iterator[bool]:
        """Give True when nobody else is at that slice in the block, False at once when somebody may be."""
        held = self.locks.hold(("slices", str(self._place(step.number))), timeout=0)
        try:
            held.__enter__()
        except WaitTimeout:
            yield False
            return
        with _leaving(held):
            yield True

    def keeping(self) -> AbstractContextManager[None]:
        """Keep a file, or drop all of them, while nobody else does.

        Raises:
            WaitTimeout: Somebody does for long.
        """
        return self.locks.hold(("slices", "files", str(self._place(0))), timeout=LEASE_SECONDS)

    def _place(self, number: int) -> int:
        digest = blake2b(f"{self.job_id}\n{number}".encode(), digest_size=2).digest()
        return int.from_bytes(digest) % _TURNS


@contextmanager
def _leaving(held: AbstractContextManager[None]) -> Iterator[None]:
    """Leave what was entered already."""
    try:
        yield
    finally:
        held.__exit__(None, None, None)


def helpers_for(job: JobRecord) -> list[JobRecord]:
    """Return the jobs of those who may help with a job: fewer than it has slices, and not many.

    A vendor should notice them little beside the lookups of tills and sites.
    """
    slices = sum(step.arguments.get("part") is not None for step in job.steps)
    return [
        JobRecord(
            id=helper_id,
            kind=HELP,
            connection=job.connection,
            arguments={HELPS: job.id},
            steps=(StepRecord(number=1, kind=HELP),),
        )
        for helper_id, _ in zip(helper_ids(job.id), range(min(slices - 1, _MOST_HELPERS)), strict=False)
    ]


def helper_ids(job_id: JobId) -> Iterator[JobId]:
    """Give the ids of a job's helpers, in their order, without an end."""
    return (JobId(f"{job_id}-{number}") for number in count(1))


def end_helpers(store: JobStore, job_id: JobId) -> None:
    """End the helpers of a job that is about to end; one that somebody drives now ends by itself."""
    with store.worker() as owner:
        for helper_id in helper_ids(job_id):
            if (known := store.get(helper_id)) is None:
                return
            if not known.status.ended and (helper := store.claim(helper_id, owner, seconds=LEASE_SECONDS)):
                steps = [_ended(step, "nothing was left to help with") for step in helper.steps]
                store.advance(helper_id, owner, *steps, ended=JobStatus.DONE)


@attrs.define(kw_only=True)
class HelpWork:
    """The work of one who helps with a job, as long as it is driven. See `couponhub.jobs.Work`.

    Attributes:
        shared: The work of that job; None when that has ended.
        store: Where both are written down.
        turns: At its slices.
    """

    shared: SlicedWork | None
    store: JobStore
    turns: Turns
    clock: Clock
    _stops: Callable[[], bool] = attrs.field(default=lambda: False, init=False)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """See `Work.handlers`."""
        return {HELP: self._help}

    def cancelled(self, job: JobRecord, why: str, *, status: JobStatus) -> Sequence[StepRecord]:
        """See `Work.cancelled`."""
        left = (step for step in job.steps if not step.status.ended)
        return [attrs.evolve(step, status=status, evidence=why, not_before=None) for step in left]

    def heed(self, stops: Callable[[], bool]) -> None:
        """See `Work.heed`: it goes on to no further slice."""
        self._stops = stops

    def wind_down(self, trouble: CouponhubError | None) -> None:
        """See `Work.wind_down`: nothing is begun that a step does not end."""

    def learned(self, job: JobRecord) -> Sequence[StepRecord]:  # noqa: ARG002 - see `Work`
        """See `Work.learned`: all of it is in the files."""
        return ()

    def _help(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:
        """Do one slice after the other that nobody is at, from the last one on: the job's own driver comes from the first."""
        count = 0
        while True:
            helped = self.store.get(JobId(job.arguments[HELPS]))
            if self.shared is None or helped is None or helped.status.ended:
                return [_ended(step, f"{count:,} slices")]
            if self._stops():
                return [step]
            if helped.wish is not JobWish.GO_ON:
                return [step.postponed(self.clock.now() + _LOOKS_AGAIN, f"{helped.id} is not to go on")]
            try:
                if not do_one(self.shared, self.turns, reversed(self.shared.slices(helped))):
                    return [_ended(step, f"{count:,} slices")]
            except CouponhubError as error:
                if not ends_job(error):
                    raise
                # The job itself comes to the same end, and tells of it.
                return [_ended(step, f"{error.kind}: {error.message}")]
            count += 1


def do_one(shared: SlicedWork, turns: Turns, steps: Iterator[StepRecord]) -> bool:
    """Do the first slice that is not whole and that nobody is at; return False when there is none.

    Raises:
        CouponhubError: As of `SlicedWork.do`.
    """
    for step in steps:
        with turns.take(step) as is_ours:
            if is_ours and not shared.is_whole(step):
                shared.do(step)
                return True
    return False


@attrs.frozen
class WaitForTurn:
    """The way of a job's own driver to its next slice: others may be at that one, and this one then does another.

    Attributes:
        shared: The work of the job.
        turns: At its slices.
        stops: Once it says so, nothing further is waited for.
    """

    shared: SlicedWork
    turns: Turns
    stops: Callable[[], bool]
    clock: Clock

    def do(self, job: JobRecord, step: StepRecord) -> bool:
        """Have a slice done, by whoever is at it; return False when it was to end before.

        Who is at it and gives no sign of life, as a suspended machine does, is waited for as long as a lease lasts.

        Raises:
            CouponhubError: As of `SlicedWork.do`.
        """
        patience = Deadline.after(LEASE_SECONDS, self.clock)
        while not self.stops():
            with self.turns.take(step) as is_ours:
                if is_ours or patience.passed():
                    self.shared.do(step)
                    return True
            if self.shared.is_whole(step):
                return True
            if self._did_another(job, step):
                patience = Deadline.after(LEASE_SECONDS, self.clock)
            else:
                self.clock.sleep(_LOOKS_SOON)
        return False

    def _did_another(self, job: JobRecord, step: StepRecord) -> bool:
        others = (one for one in self.shared.slices(job) if one.number != step.number)
        try:
            return do_one(self.shared, self.turns, others)
        except VendorUnavailable:  # the one that is waited for has not failed; this one's turn comes
            return False


@contextmanager
def help_work(
    job: JobRecord,
    store: JobStore,
    locks: Locks,
    opened: Callable[[JobRecord], AbstractContextManager[Work]],
    clock: Clock,
) -> Iterator[HelpWork]:
    """Make what helps with a job; see `couponhub.jobs.OpenWork`.

    Args:
        job: The helper's.
        store: Where it is written down.
        locks: Between all who are at the slices.
        opened: Makes the work of the job that is helped.
        clock: For pauses.
    """
    job_id = JobId(job.arguments[HELPS])
    helped, turns = store.get(job_id), Turns(locks, job_id)
    if helped is None or helped.status.ended:
        yield HelpWork(shared=None, store=store, turns=turns, clock=clock)
        return
    with opened(helped) as work:
        shared = work if isinstance(work, SlicedWork) else None
        yield HelpWork(shared=shared, store=store, turns=turns, clock=clock)


def _ended(step: StepRecord, evidence: str) -> StepRecord:
    return attrs.evolve(step, status=JobStatus.DONE, evidence=evidence, not_before=None)
