"""The report on a migration: every code accounted for, with what it rests on."""

from datetime import datetime

import attrs

from couponhub.models.base import Documented, UploadId, instant_field
from couponhub.models.evidence import Evidence
from couponhub.models.migrations import MigrationEquation, MigrationPlan, MigrationStatus
from couponhub.models.uploads import UploadStatus


@attrs.frozen(kw_only=True)
class MigrationPart(Documented):
    """One vendor file of a migration.

    Attributes:
        batch: The number of its batch, from 1.
        upload: Our upload that it is a part of.
        name: The name under which the vendor shows it; None when it shows none.
        rows: Codes in it; accepted, rejected, not_sent, pending and unknown add up to it.
        evidence: How its counts are known: counted by the vendor once it has ended it, merely assumed where the outcome
            of some codes is unknown; None while it has not ended.
        told: What was seen of it, for people.
        sent_at: When the vendor got it.
    """

    batch: int
    upload: UploadId
    number: int
    name: str | None
    status: UploadStatus
    rows: int
    accepted: int
    rejected: int
    not_sent: int
    pending: int
    unknown: int
    evidence: Evidence | None = None
    told: str = ""
    sent_at: datetime | None = instant_field()


@attrs.frozen(kw_only=True)
class MigrationQuota(Documented):
    """A limit of one end of a migration that has a window, as it is used now by all that runs from here.

    Attributes:
        name: The flat name of the limit, as in `uploads_per_day`.
        limit: Calls in a window.
        left: Calls that are left in the window that runs now.
    """

    connection: str
    name: str
    limit: int
    left: int


@attrs.frozen(kw_only=True)
class MigrationTask(Documented):
    """Something that a person must still do, or may do.

    Attributes:
        command: The command that does it; None where no command can.
    """

    text: str
    command: str | None = None


@attrs.frozen(kw_only=True)
class MigrationReport(Documented):
    """A migration accounted for at a moment: what was planned, what became of it, and what is left to do. It holds no code.

    Attributes:
        digest: The SHA-256 of all the rest, in hex, made as that of a plan.
        at: When it was made.
        is_proven: True when the equation is that of the newest proof; False when nobody has compared the target with the
            plan yet, and what the uploads count stands in it.
        equation: The fate of every code of the plan.
        waiting: How many of its unknown codes are still to be sent, or not yet ended by the vendor.
        parts: The vendor files, in the order in which they went.
        quotas: Of both ends, as far as they are configured here.
        tasks: What comes next, the most urgent first.
    """

    digest: str
    at: datetime
    is_proven: bool
    equation: MigrationEquation
    waiting: int
    plan: MigrationPlan
    status: MigrationStatus
    parts: tuple[MigrationPart, ...] = ()
    quotas: tuple[MigrationQuota, ...] = ()
    tasks: tuple[MigrationTask, ...] = ()
