"""Jobs: work of several steps that outlives the process which began it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NewType

import attrs

from couponhub.models.base import NOTHING, Documented
from couponhub.models.checked import Checked

JobId = NewType("JobId", str)
"""The job of an upload has the upload's id."""


class JobStatus(StrEnum):
    """The standing of a job, or of one of its steps.

    PENDING can go on, PROCESSING is driven by somebody now, PAUSED waits until somebody lets it go on. DONE tells that
    the job has done all it could: what the vendor made of it is told by its subject, an upload for instance. FAILED
    cannot go on, CANCELLED was ended by somebody.
    """

    PENDING = "pending"
    PROCESSING = "processing"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """True when nothing more will happen."""
        return self in {JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED}


@attrs.frozen(kw_only=True)
class Step(Checked, Documented):
    """One step of a job.

    Attributes:
        kind: Of an upload "prepare", "submit", "watch" or "reconcile"; of an export "ask", "write" or "clean".
        part: The number of the part, or of the slice of customers, that it is about, from 1; None for the whole.
        not_before: When it is to be tried again, in UTC; None for at once. A spent quota is told so, or a vendor that
            was away.
        evidence: What is known of it, for people; "" while nothing is. Never a code.
    """

    kind: str
    status: JobStatus
    part: int | None = None
    not_before: datetime | None = None
    evidence: str = ""


@attrs.frozen(kw_only=True)
class Job(Checked, Documented):
    """Work of several steps, as it stands.

    Attributes:
        kind: "upload", or "export".
        connection: At whose vendor.
        arguments: What it is about: the list, where it is about one; and where somebody throttled it, `files_a_minute`.
        steps: In their order.
        waiting_for: What its next step waits for, for people; None when it could go on, or has ended.
        ends_at: The earliest moment at which it can have ended, as the limits tell that pace it; None when it need not wait
            for any, or nobody can tell.
    """

    id: JobId
    kind: str
    connection: str
    status: JobStatus
    arguments: Mapping[str, str] = attrs.field(default=NOTHING, repr=False)
    steps: tuple[Step, ...] = ()
    waiting_for: str | None = None
    ends_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def next_step(self) -> Step | None:
        """The step that comes next; None when all have ended."""
        return next((step for step in self.steps if not step.status.ended), None)
