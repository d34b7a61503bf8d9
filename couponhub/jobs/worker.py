"""A process that drives whatever is due, of any connection."""

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue

import attrs

from couponhub.errors import CouponhubError
from couponhub.jobs.lanes import Lanes, lane_of
from couponhub.jobs.queued import Driven, QueuedJobs
from couponhub.jobs.service import HubJobs
from couponhub.models import Job, JobId
from couponhub.state import JobQueue

_LOOKS_EVERY = 1.0


@attrs.define(kw_only=True)
class JobWorker:
    """Drives jobs that are due, some at a time. Others may do the same: a lease tells whose a job is.

    Attributes:
        jobs: Where they come from.
        threads: How many are driven at a time.
        queue: Tells which job to drive when, where there is one; what it does not know is found all the same.
        beside: True to look for jobs of lanes also while all places are taken.
    """

    jobs: HubJobs
    threads: int = 1
    beside: bool = False
    queue: JobQueue | None = None
    _stopping: threading.Event = attrs.field(factory=threading.Event, init=False)

    def stop(self) -> None:
        """End after the steps that run now."""
        self._stopping.set()

    @property
    def is_stopping(self) -> bool:
        """True once it was told to stop."""
        return self._stopping.is_set()

    def rest(self, seconds: float) -> None:
        """Wait so long, unless it is told to stop."""
        self._stopping.wait(seconds)

    def once(self) -> Iterator[Driven]:
        """Drive each job that is due now, once, and tell of each as soon as it rests."""
        return self._work(once=True)

    def forever(self) -> Iterator[Driven]:
        """Drive what is due and what becomes due, until `stop`; tell of each time that a job comes to rest.

        Raises:
            LocalError: The queue cannot be used.
        """
        if self.queue is None:
            return self._work(once=False)
        return QueuedJobs(self.jobs, self.queue, self._drive, self._stopping).work(self.threads)

    def _work(self, *, once: bool) -> Iterator[Driven]:
        running: dict[JobId, Future[Driven]] = {}
        tried: set[JobId] = set()
        beside: SimpleQueue[Driven] = SimpleQueue()
        with (
            ThreadPoolExecutor(self.threads, thread_name_prefix="job") as pool,
            Lanes(lambda job: beside.put(self._drive(job))) as lanes,
        ):
            while True:
                are_left = False
                if not self._stopping.is_set() and (self.beside or len(running) < self.threads):
                    due = self.jobs.due()
                    are_left = lanes.begin(due, once=once)
                    for job in self._takeable(due, running, tried if once else set()):
                        tried.add(job.id)
                        running[job.id] = pool.submit(self._drive, job)
                rests = not running and not lanes.is_busy and not are_left
                is_over = rests and (once or self._stopping.is_set())
                while not beside.empty():
                    yield beside.get()
                if is_over:
                    return
                rested = [job_id for job_id, future in running.items() if future.done()]
                for job_id in rested:
                    yield running.pop(job_id).result()
                if not rested:
                    self._pause(running, lanes)

    def _takeable(
        self, due: Iterable[Job], running: dict[JobId, "Future[Driven]"], tried: set[JobId]
    ) -> list[Job]:
        free = self.threads - len(running)
        return [job for job in due if job.id not in running and job.id not in tried and lane_of(job) is None][
            :free
        ]

    def _pause(self, running: dict[JobId, "Future[Driven]"], lanes: Lanes) -> None:
        woken = threading.Event()
        for future in running.values():
            future.add_done_callback(lambda _: woken.set())
        if running:
            woken.wait(_LOOKS_EVERY)
        elif lanes.is_busy:
            lanes.rest(_LOOKS_EVERY)
        else:
            self._stopping.wait(_LOOKS_EVERY)

    def _drive(self, job: Job) -> Driven:
        try:
            return Driven(job=self.jobs.drive(job.id, stops=self._stopping.is_set))
        except CouponhubError as error:
            return Driven(job=self._seen(job), error=error)

    def _seen(self, job: Job) -> Job:
        try:
            return self.jobs.get(job.id)
        except CouponhubError:
            return job
