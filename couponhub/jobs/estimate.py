"""The moment by which a job may have ended, as far as the limits that pace it tell."""

from datetime import datetime, timedelta

from couponhub.models import JobStatus
from couponhub.state import JobRecord, JobWish

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
PACED, PER_MINUTE, PER_DAY = "paced", "per_minute", "per_day"
"""Arguments of a job: the kind of step that a vendor's limit paces, and how many of them it takes in a window; "" for
any number."""


def earliest_end(job: JobRecord, now: datetime) -> datetime | None:
    """Return the earliest moment at which the last of a job's paced steps can have run.

    It is None when nothing has to be waited for, or nobody can tell: nothing is left that a limit paces, the job is
    paused, or only the vendor's own pace decides. Windows are counted from now, or from the moment until which the next
    step waits: what others spend of the same limits, and what was spent before, makes it later.
    """
    step, kind = job.next_step, job.arguments.get(PACED)
    left = sum(one.kind == kind and one.status is JobStatus.PENDING for one in job.steps)
    if step is None or job.wish is not JobWish.GO_ON or not left:
        return None
    begins = step.not_before if step.not_before is not None and step.waits(now) else now
    ends = max(
        after_windows(begins, _windows(left, job.arguments.get(PER_MINUTE)), MINUTE),
        after_windows(begins, _windows(left, job.arguments.get(PER_DAY)), DAY),
    )
    return ends if ends > now else None


def after_windows(begins: datetime, count: int, window: timedelta) -> datetime:
    """Return when so many windows have passed: each is a calendar minute or a UTC day, and the first has begun before.

    Args:
        begins: In UTC; the answer, where no window has to pass.
        count: How many have to.
        window: MINUTE or DAY.
    """
    if not count:
        return begins
    midnight = begins.replace(hour=0, minute=0, second=0, microsecond=0)
    return begins - (begins - midnight) % window + count * window


def _windows(count: int, most: str | None) -> int:
    """Return how many windows have to pass before the last one of so many."""
    return (count - 1) // int(most) if most and int(most) > 0 else 0
