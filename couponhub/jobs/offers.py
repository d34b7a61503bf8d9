"""Tells the workers of a queue about jobs that somebody has let go of."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import attrs

from couponhub.clock import Clock
from couponhub.errors import LocalError
from couponhub.jobs.lanes import LANE
from couponhub.jobs.sharing import HELPS
from couponhub.models import JobId, JobStatus
from couponhub.state import JobQueue, JobRecord, JobStore, JobWish

_log = logging.getLogger(__name__)

PARENT = "parent"
"""The argument of a job that another job drives: the id of that one."""

_AGAIN = timedelta(seconds=1)
"""The pause before a job is handed out again with which nobody came further, though it says nothing to wait for."""


def tell_nobody(job_id: JobId) -> None:
    """Let others find a job by themselves."""


def is_held_back(store: JobStore, record: JobRecord, now: datetime) -> bool:
    """Tell whether a job hangs on another one: that drives it, or is helped by it and itself must not go on now."""
    other = record.arguments.get(PARENT) or record.arguments.get(HELPS)
    found = None if other is None else store.get(JobId(other))
    if found is None or found.status.ended:
        return False
    return PARENT in record.arguments or found.wish is not JobWish.GO_ON or found.waits(now)


@attrs.frozen(kw_only=True)
class Offers:
    """Has workers begin at once, where there is a queue; without one they find what is due when they look.

    A queue that fails is a warning: all that is lost is the time until the next look.

    Attributes:
        store: Makes the jobs, which are the truth.
        queue: Makes the queue; None where there is none.
    """

    store: Callable[[], JobStore]
    queue: Callable[[], JobQueue | None]
    clock: Clock

    def offer(self, job_id: JobId) -> None:
        """Have a job driven, as soon as it is not too early, unless somebody drives it or it must not go on."""
        self._offer(job_id, None)

    def let_go(self, claimed: JobRecord) -> None:
        """Have others go on with a job that was driven.

        Args:
            claimed: The job as it was when it was taken.
        """
        self._offer(claimed.id, claimed)

    def _offer(self, job_id: JobId, before: JobRecord | None) -> None:
        queue = self.queue()
        if queue is None:
            return
        try:
            store = self.store()
            job = store.get(job_id)
            now = self.clock.now()
            if job is None or job.status is not JobStatus.PENDING or is_held_back(store, job, now):
                return
            if LANE in job.arguments:
                return  # workers find it beside the queue, whose places are for others
            at = job.free_at(now)
            if at is None and before is not None and before.next_step == job.next_step:
                at = now + _AGAIN
            queue.enqueue(job_id, at=at)
        except LocalError as error:
            _log.warning(
                "workers are not told of job %s, and find it with their next look: %s", job_id, error.message
            )
