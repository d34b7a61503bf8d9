"""The moment by which a job may have ended, as far as the limits that pace it tell."""

from datetime import datetime, timedelta

from couponhub.models import JobStatus
from couponhub.state import JobRecord, JobWish

PACED, PER_MINUTE, PER_DAY = "paced", "per_minute", "per_day"
"""Arguments of a job: the kind of step that a vendor's limit paces, and how many of them it takes in a window; "" for
any number."""


def earliest_end(job: JobRecord, now: datetime) -> datetime | None:
    """Return the earliest moment at which the last of a job's paced steps can have run.

    It is None when nothing has to be waited for, or nobody can tell: nothing is left that a limit paces, the job is
    paused, or only the vendor's own pace decides. Windows are counted from now, or from the moment until which the next
    step waits: what others spend of the same limits, and what was spent before, makes it later.
    """
    step = job.next_step
    if step is None or job.wish is not JobWish.GO_ON or step.kind != job.arguments.get(PACED):
        return None
    left = sum(one.kind == step.kind and one.status is JobStatus.PENDING for one in job.steps)
    begins = step.not_before if step.not_before is not None and step.waits(now) else now
    ends = begins + max(
        _windows(left, job.arguments.get(PER_MINUTE)) * timedelta(minutes=1),
        _windows(left, job.arguments.get(PER_DAY)) * timedelta(days=1),
    )
    return ends if ends > now else None


def _windows(count: int, most: str | None) -> int:
    """Return how many windows have to pass before the last one of so many."""
    return (count - 1) // int(most) if most and int(most) > 0 else 0
