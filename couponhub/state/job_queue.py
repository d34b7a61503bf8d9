"""A queue that tells workers which job to drive next, and when: a hint and no more, for the jobs themselves are the truth."""

from collections.abc import Callable
from datetime import datetime
from importlib.util import find_spec
from threading import Event
from typing import Protocol

from couponhub.models import JobId
from couponhub.state.settings import StoreSettings

EXTRA = "workers"
"""The extra with which the queue of PostgreSQL is installed."""


class JobQueue(Protocol):
    """Ids of jobs that somebody should drive. Thread-safe, and safe with other processes, forked ones too.

    Nothing but ids stands in it. It may lose all of them, or hand one out twice or too early: whoever is handed an id asks
    the jobs whether there is anything to do, and looks at them now and then for what the queue does not know.

    Every method raises LocalError, with one line, when the queue fails.
    """

    def enqueue(self, *job_ids: JobId, at: datetime | None = None) -> None:
        """Have a worker handed these jobs, each once, however often it is enqueued meanwhile.

        Args:
            job_ids: Which; none is fine.
            at: The earliest moment, in UTC; None for at once.
        """
        ...

    def work(self, drive: Callable[[JobId], object], *, at_once: int, stopping: Event) -> None:
        """Hand jobs to `drive`, on threads of its own, until `stopping` is set.

        From then on no further one is handed out, and it returns when those under way are back. A queue that fails meanwhile is come back to: that is a warning in the log, and no error.

        Args:
            drive: Takes a job as far as it goes; raises nothing.
            at_once: How many jobs may be under way.
            stopping: Set by whoever wants it to end.
        """
        ...

    def revive(self) -> None:
        """Let go of what workers hold that have given no sign of life for a while, so that others are handed it."""
        ...


def open_queue(settings: StoreSettings) -> JobQueue | None:
    """Return the queue that lies beside the state; None where there is none, or the extra `workers` is not installed.

    Nothing is touched before its first use.
    """
    if not settings.is_postgresql or find_spec("procrastinate") is None:
        return None
    from couponhub.state.postgresql.queue import ProcrastinateQueue  # noqa: PLC0415 - an extra

    return ProcrastinateQueue(settings)
