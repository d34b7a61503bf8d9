"""Jobs that go beside all others: those of one lane one after the other, and none takes the place of another job."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Self

import attrs

from couponhub.models import Job

LANE = "lane"
"""The argument of a job that goes beside all others: the name of its lane."""

_MOST_LANES = 4
"""Of one process at a time. What waits for its lane costs nothing."""


def lane_of(job: Job) -> str | None:
    """Return the lane of a job; None for one that takes a place of its own."""
    return job.arguments.get(LANE)


@attrs.define
class Lanes:
    """Drives the jobs of lanes, in threads of its own, so that one that hangs keeps no other job waiting. Of one thread.

    Attributes:
        drive: Takes a job as far as it goes.
    """

    drive: Callable[[Job], object]
    _pool: ThreadPoolExecutor = attrs.field(init=False)
    _running: dict[str, "Future[object]"] = attrs.field(factory=dict, init=False)
    _tried: set[str] = attrs.field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(_MOST_LANES, thread_name_prefix="job-lane")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()

    @property
    def is_busy(self) -> bool:
        """True while one of them is driven."""
        return any(not future.done() for future in self._running.values())

    def begin(self, due: Iterable[Job], *, once: bool = False) -> bool:
        """Have those driven whose lane is free, as far as there is room; return True when some are left for the next look.

        Args:
            due: Jobs that could go on; those of no lane are passed over.
            once: Drive each only once.
        """
        for name in [name for name, future in self._running.items() if future.done()]:
            self._running.pop(name).result()
        are_left = False
        for job in due:
            lane = lane_of(job)
            if lane is None or job.id in self._tried:
                continue
            if lane in self._running or len(self._running) >= _MOST_LANES:
                are_left = True
                continue
            if once:
                self._tried.add(job.id)
            self._running[lane] = self._pool.submit(self.drive, job)
        return are_left

    def rest(self, seconds: float) -> None:
        """Wait until one of them rests, or so long."""
        wait(self._running.values(), timeout=seconds, return_when="FIRST_COMPLETED")
