"""The moment by which a job may have ended, as far as the limits that pace it tell."""

from datetime import datetime, timedelta

from couponhub.models import JobStatus
from couponhub.state import PACED, JobRecord, JobWish

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
PER_MINUTE, PER_DAY = "per_minute", "per_day"
"""Arguments of a job: how many of the steps that a vendor's limit paces it takes in a window; "" for any number."""


def earliest_end(job: JobRecord, now: datetime) -> datetime | None:
    """Return the earliest moment at which the last of a job's paced steps can have run.

    It is None when nothing has to be waited for, or nobody can tell: nothing is left that a limit paces, the job is
    paused, or only the vendor's own pace decides. Windows are counted from now, or from the moment until which the next
    step waits, and of what was spent only what the job itself has spent: all else makes it later.
    """
    step, kind = job.next_step, job.arguments.get(PACED)
    left = sum(one.kind == kind and one.status is JobStatus.PENDING for one in job.steps)
    if step is None or job.wish is not JobWish.GO_ON or not left:
        return None
    begins = step.not_before if step.not_before is not None and step.waits(now) else now
    ends = max(
        after_windows(begins, _windows(job, left, begins, job.arguments.get(key), window), window)
        for key, window in ((PER_MINUTE, MINUTE), (PER_DAY, DAY))
    )
    ends = max(ends, _throttled(job, left, begins, now))
    return ends if ends > now else None


def _throttled(job: JobRecord, left: int, begins: datetime, now: datetime) -> datetime:
    """Return when the last of the steps that are left may run, of a job that somebody throttled; `begins` otherwise."""
    most = job.per_minute
    if most is None:
        return begins
    # Each file waits a minute from the one that many places before it.
    rounds, place = divmod(left - 1, most)
    lately = job.paced_lately(now)[-most:]
    free = most - len(lately)
    first = begins if place < free else max(begins, lately[place - free] + MINUTE)
    return first + rounds * MINUTE


def after_windows(begins: datetime, count: int, window: timedelta) -> datetime:
    """Return when so many windows have passed: each is a calendar minute or a UTC day, and the first has begun before.

    Args:
        begins: In UTC; the answer, where no window has to pass.
        count: How many have to.
        window: MINUTE or DAY.
    """
    return _start(begins, window) + count * window if count else begins


def _start(moment: datetime, window: timedelta) -> datetime:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return moment - (moment - midnight) % window


def _windows(job: JobRecord, left: int, begins: datetime, most: str | None, window: timedelta) -> int:
    """Return how many windows have to pass before the last of the steps that are left."""
    if not most or int(most) <= 0:
        return 0
    kind, start = job.arguments.get(PACED), _start(begins, window)
    spent = sum(
        one.kind == kind
        and one.status is JobStatus.DONE
        and one.updated_at is not None
        and one.updated_at >= start
        for one in job.steps
    )
    return (min(spent, int(most)) + left - 1) // int(most)
