"""One process that takes a migration as far as it goes, and waits where it has to wait."""

from collections.abc import Callable

import attrs

from couponhub.clock import Clock, Deadline
from couponhub.jobs import HubJobs
from couponhub.models import Job, JobId, JobStatus
from couponhub.state import JobStore, JobWish

_SHORTEST, _LONGEST = 0.2, 10.0
"""Seconds between two looks: so soon somebody's pause or throttle is noticed."""


@attrs.frozen(kw_only=True)
class Drive:
    """Drives one job until it has ended, is paused, or the time is over.

    Attributes:
        told: Called after each look.
    """

    jobs: HubJobs
    store: JobStore
    clock: Clock
    told: Callable[[], None]

    def run(self, job_id: JobId, deadline: Deadline, *, early: bool = False) -> Job:
        """Drive the job, again and again; others may do so at the same time.

        Args:
            job_id: Of the job.
            deadline: The end of the caller's patience.
            early: Begin with what is to be tried later, too.

        Raises:
            CouponhubError: A step failed. The job says when it is to be tried again.
        """
        self.told()
        while True:
            # A look at least, however little time there is.
            job = self.jobs.drive(
                job_id, timeout=max(deadline.remaining(), 1.0) if deadline.ends else None, early=early
            )
            early = False
            self.told()
            record = self.store.get(job_id)
            paused = (
                record is not None and record.wish is JobWish.PAUSE and job.status is not JobStatus.PROCESSING
            )
            if job.status.ended or paused or deadline.passed():
                return job
            self.clock.sleep(min(self._pause(job), deadline.remaining()))

    def _pause(self, job: Job) -> float:
        step = job.next_step
        if step is None or step.not_before is None:
            return _SHORTEST
        seconds = (step.not_before - self.clock.now()).total_seconds()
        return min(max(seconds, _SHORTEST), _LONGEST)
