"""Jobs of steps, written down so that whoever comes next goes on where the last one ended."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, Self

import attrs

from couponhub.models import JobId, JobStatus
from couponhub.models.base import NOTHING

PACED = "paced"
"""The argument of a job: the kind of its steps that send a file each, which a vendor's limit or a throttle paces."""
THROTTLE = "files_a_minute"
"""The argument of a job that somebody throttled: how many of those steps may run in a minute."""

_MINUTE = timedelta(minutes=1)
_MOST_DOUBLINGS = 32
"""More than any longest pause needs, and far fewer than a float can hold."""


class JobWish(StrEnum):
    """A wish of somebody about a job that has not ended; whoever drives it follows before the next step."""

    GO_ON = "go_on"
    PAUSE = "pause"
    CANCEL = "cancel"


@attrs.frozen(kw_only=True)
class StepRecord:
    """One step as last known.

    Attributes:
        number: Position in the job, from 1.
        kind: Which handler runs it.
        arguments: What the handler needs to know; JSON, without codes or customers.
        status: PENDING, or how it ended: DONE, FAILED, CANCELLED.
        not_before: When it may be tried again, in UTC; None for at once.
        result: What came of it; JSON, without codes or customers.
        evidence: The same for people, in a line.
        updated_at: When it was last written down.
    """

    number: int
    kind: str
    arguments: Mapping[str, object] = NOTHING
    status: JobStatus = JobStatus.PENDING
    not_before: datetime | None = None
    result: Mapping[str, object] = NOTHING
    evidence: str = ""
    updated_at: datetime | None = None

    def waits(self, now: datetime) -> bool:
        """Return True while it is too early for it.

        A clock that was ahead when this was written down is not believed: what it said could be years away.
        """
        if self.not_before is None or (self.updated_at is not None and now < self.updated_at):
            return False
        return now < self.not_before

    def pause(self, first: float, longest: float) -> float:
        """Return the seconds to wait before it is tried again: the first, twice as many each time, the longest at last."""
        return min(first * 2.0 ** min(self._tries, _MOST_DOUBLINGS), longest)

    def postponed(self, until: datetime, evidence: str) -> Self:
        """Return this step when it was tried in vain, and is to be tried again at that moment."""
        return attrs.evolve(
            self,
            not_before=until,
            evidence=evidence,
            result={**self.result, "tries": self._tries + 1},
        )

    @property
    def _tries(self) -> int:
        found = self.result.get("tries")
        return found if isinstance(found, int) else 0


@attrs.frozen(kw_only=True)
class JobRecord:
    """One job as last known.

    Attributes:
        kind: Whose handlers drive it.
        connection: The connection that it works at.
        arguments: What it is about; JSON, without codes or customers.
        status: As it stands: PROCESSING while a living owner holds its lease.
        wish: What somebody wants of it.
    """

    id: JobId
    kind: str
    connection: str
    arguments: Mapping[str, str] = NOTHING
    steps: tuple[StepRecord, ...] = ()
    status: JobStatus = JobStatus.PENDING
    wish: JobWish = JobWish.GO_ON
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def next_step(self) -> StepRecord | None:
        """The step that comes next; None when all have ended."""
        return next((step for step in self.steps if step.status is JobStatus.PENDING), None)

    def waits(self, now: datetime) -> bool:
        """Return True while it is too early for its next step."""
        return self.free_at(now) is not None

    def free_at(self, now: datetime) -> datetime | None:
        """Return when its next step may run, where it is too early for it now."""
        step = self.next_step
        until = step.not_before if step is not None and step.waits(now) else None
        return max(filter(None, (until, self.throttled_until(now))), default=None)

    @property
    def per_minute(self) -> int | None:
        """The files that may go in a minute; None when nobody throttled it."""
        return int(text) if (text := self.arguments.get(THROTTLE)) else None

    def throttled_until(self, now: datetime) -> datetime | None:
        """Return when its next file may go, where the throttle alone holds it back now; None when it does not.

        It is told by what is written down of the steps that are done, so a throttle that changes holds at once.
        """
        most, step = self.per_minute, self.next_step
        if most is None or step is None or step.kind != self.arguments.get(PACED):
            return None
        lately = self.paced_lately(now)
        return None if len(lately) < most else lately[-most] + _MINUTE

    def paced_lately(self, now: datetime) -> Sequence[datetime]:
        """Return when its files of the last minute went, the oldest first."""
        kind = self.arguments.get(PACED)
        went = (one.updated_at for one in self.steps if one.kind == kind and one.status is JobStatus.DONE)
        # Clocks of machines differ a little; what lies far ahead was written down by one that was set back since.
        return sorted(at for at in went if at is not None and now - _MINUTE < at < now + _MINUTE)


Followers = Callable[[JobRecord], Sequence[JobRecord]]
"""The jobs that follow one which has just ended: given that one without its steps, of ids that no job has."""


def no_followers(ended: JobRecord) -> Sequence[JobRecord]:  # noqa: ARG001 - a `Followers`
    """Let a job that has ended be followed by none."""
    return ()


@attrs.frozen(kw_only=True)
class JobPage:
    """Some of many jobs.

    Attributes:
        jobs: They, newest first.
        total: How many there are in all that stand so.
    """

    jobs: tuple[JobRecord, ...]
    total: int


class JobStore(Protocol):
    """Jobs of all connections. Thread-safe, and safe with other processes.

    At most one owner drives a job: the one that holds its lease. A lease lasts for a number of seconds from its last
    renewal, measured on a clock that nobody sets, and ends at once when the process of its owner ends, where the kind
    of state can tell. So a time of day that jumps, by any amount, neither lets two drive a job nor keeps one from being
    driven. Whoever has lost a lease is told so by the next thing that it wants to write, of which nothing is written.

    A method that changes something has changed all of it, for good, when it returns; killed or raising, all or nothing.
    Every method raises LocalError, with one line, when this machine or the state fails.
    """

    def worker(self) -> AbstractContextManager[str]:
        """Give the name of a new owner for the block; what it still holds at its end is free."""
        ...

    def create(self, job: JobRecord, *, owner: str | None = None, seconds: float = 0.0) -> JobRecord:
        """Write down a new job with its steps.

        Args:
            job: Of an id that no job has.
            owner: Who holds it from the first moment on; nobody by default.
            seconds: How long a lease lasts, then.

        Returns:
            The job as it is written.
        """
        ...

    def claim(self, job_id: JobId, owner: str, *, seconds: float) -> JobRecord | None:
        """Take the lease of a job that has not ended, whether it is due or not.

        An owner may claim again what it holds. A lease that ran out is taken over, and so is one whose owner is gone.

        Returns:
            The job as it is written; None when another owner holds it, when it has ended, or is not known.
        """
        ...

    def renew(self, job_id: JobId, owner: str, *, seconds: float) -> JobRecord | None:
        """Let the lease last for so many seconds from now.

        Returns:
            The job as it is written, with what somebody may want of it; None when the lease is another's by now.
        """
        ...

    def release(self, job_id: JobId, owner: str) -> None:
        """Let go of a job; nothing happens when it is another's by now."""
        ...

    def advance(
        self, job_id: JobId, owner: str, *steps: StepRecord, ended: JobStatus | None = None
    ) -> JobRecord | None:
        """Write down how steps stand, by their numbers, and perhaps that the job has ended, in one.

        With its end those jobs are written down, in one as well, that are to follow it by what the state was opened with.

        Args:
            job_id: Which job.
            owner: Who holds its lease; one that ran out counts until somebody takes it over.
            steps: As they stand now.
            ended: How the job has ended, which lets go of it; None while it goes on.

        Returns:
            The job as it is written; None when the lease is another's by now: nothing was written.
        """
        ...

    def wish(self, job_id: JobId, wish: JobWish) -> JobRecord | None:
        """Write down what somebody wants of a job; nothing changes once it has ended, or was cancelled, which is for good.

        Returns:
            The job as it is written; None when it is not known.
        """
        ...

    def throttle(self, job_id: JobId, per_minute: int | None) -> JobRecord | None:
        """Write down how many files of a job may go in a minute; nothing changes once it has ended.

        Whoever drives it follows before the next one, and what is `due` follows at once.

        Args:
            job_id: Which job.
            per_minute: At least 1; None for as many as the limits allow.

        Returns:
            The job as it is written; None when it is not known.
        """
        ...

    def get(self, job_id: JobId) -> JobRecord | None:
        """Return the job of that id; None when there is none."""
        ...

    def all(self, *, connection: str | None = None, status: JobStatus | None = None) -> tuple[JobRecord, ...]:
        """Return the jobs of a connection, or of all, that stand so, or of any status; oldest first."""
        ...

    def following(
        self,
        after: JobId | None,
        *,
        connection: str | None = None,
        status: JobStatus | None = None,
        apart: Sequence[str] = (),
        most: int,
    ) -> tuple[JobRecord, ...]:
        """Return the jobs that were begun after one, oldest first: as many are read as are returned, or few more.

        Args:
            after: That one; None for the first of all. Behind one that is not known there are none.
            connection: Only jobs of this connection; None for all.
            status: Only jobs that stand so; None for any.
            apart: Kinds of jobs that are left out.
            most: How many at most.
        """
        ...

    def page(
        self, *, status: JobStatus | None = None, apart: Sequence[str] = (), after: int = 0, most: int
    ) -> "JobPage":
        """Return some of the jobs of all connections, newest first: as many are read as are returned, or few more.

        Args:
            status: Only jobs that stand so; None for any.
            apart: Kinds of jobs that are left out.
            after: How many of the newest are passed over.
            most: How many at most.
        """
        ...

    def due(self, now: datetime) -> tuple[JobRecord, ...]:
        """Return the jobs that somebody could drive now, oldest first.

        They have not ended and are not paused, nobody holds them, and it is not too early for their next step.
        """
        ...
