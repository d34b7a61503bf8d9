"""Drives what a queue hands out, and looks beside it for what it does not know."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue

import attrs

from couponhub.clock import LOOKS_FOR_SIGNALS_EVERY
from couponhub.errors import CouponhubError
from couponhub.jobs.lanes import Lanes, lane_of
from couponhub.jobs.service import HubJobs
from couponhub.models import Job, JobId
from couponhub.state import JobQueue

_log = logging.getLogger(__name__)

_LOOKS_EVERY = 2.0
"""Seconds between two looks for what is due and the queue does not know, or has lost."""
_REVIVES_EVERY = 15.0
"""Seconds between two looks for what dead workers hold in the queue."""


@attrs.frozen(kw_only=True)
class Driven:
    """A job that was driven for a while, and what became of it.

    Attributes:
        job: As it stands.
        error: What ended it, unless it ended by itself or has to wait.
    """

    job: Job
    error: CouponhubError | None = None


@attrs.frozen
class QueuedJobs:
    """The jobs that one process takes from a queue.

    Attributes:
        jobs: Where they are.
        queue: Hands out their ids.
        drive: Takes one as far as it goes.
        stopping: Set by whoever wants it to end.
    """

    jobs: HubJobs
    queue: JobQueue
    drive: Callable[[Job], Driven]
    stopping: threading.Event
    _told: "SimpleQueue[Driven | BaseException | None]" = attrs.field(factory=SimpleQueue, init=False)

    def work(self, at_once: int) -> Iterator[Driven]:
        """Drive so many at a time until the end, and tell of each that comes to rest.

        Raises:
            LocalError: The queue cannot be used.
        """
        self.queue.enqueue()  # nothing: what cannot be used is said at once
        threads = [
            threading.Thread(target=self._take, args=(at_once,), name="job-queue", daemon=True),
            threading.Thread(target=self._look, name="job-look", daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            while (one := self._next()) is not None:
                if isinstance(one, BaseException):
                    raise one
                yield one
        finally:
            self.stopping.set()
            for thread in threads:
                thread.join()

    def _next(self) -> Driven | BaseException | None:
        while True:
            with suppress(Empty):
                return self._told.get(timeout=LOOKS_FOR_SIGNALS_EVERY)

    def _take(self, at_once: int) -> None:
        try:
            self.queue.work(self._taken, at_once=at_once, stopping=self.stopping)
        except BaseException as error:  # noqa: BLE001 - it is raised where jobs are told of
            self._told.put(error)
        self._told.put(None)

    def _taken(self, job_id: JobId) -> None:
        try:
            # It may be handed out too early, twice, or after its end.
            if self.jobs.is_due(job_id):
                self._told.put(self.drive(self.jobs.get(job_id)))
        except CouponhubError as error:
            _log.warning("job %s could not be looked at: %s", job_id, error.message)
        except BaseException as error:  # noqa: BLE001 - it is raised where jobs are told of
            self._told.put(error)

    def _look(self) -> None:
        """Have the queue know of all that is due, until the end; a fault is told once, until it has passed."""
        with Lanes(self._drive_beside) as lanes:
            self._look_with(lanes)

    def _drive_beside(self, job: Job) -> None:
        try:
            self._told.put(self.drive(job))
        except BaseException as error:  # noqa: BLE001 - it is raised where jobs are told of
            self._told.put(error)

    def _look_with(self, lanes: Lanes) -> None:
        is_told, revived = False, -_REVIVES_EVERY
        while not self.stopping.is_set():
            try:
                if time.monotonic() - revived >= _REVIVES_EVERY:
                    self.queue.revive()
                    revived = time.monotonic()
                due = self.jobs.due()
                lanes.begin(due)
                if queued := [job.id for job in due if lane_of(job) is None]:
                    self.queue.enqueue(*queued)
                is_told = False
            except CouponhubError as error:
                if not is_told:
                    _log.warning("no look for jobs that are due: %s", error.message)
                is_told = True
            self.stopping.wait(_LOOKS_EVERY)
