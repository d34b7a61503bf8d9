"""Migrations: what moves from one list to another, how it is planned, and what has become of every code."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import attrs

from couponhub.models.base import NOTHING, Documented, about, instant_field
from couponhub.models.evidence import Evidence
from couponhub.models.identifiers import Identifier
from couponhub.models.jobs import JobStatus
from couponhub.models.lists import NewCouponList


class IssuedAs(StrEnum):
    """The way of codes that customers hold: bound to them at the target, left at the source, or free again there."""

    TAGGED = "tagged"
    SKIP = "skip"
    FREE = "free"


class FieldFate(StrEnum):
    """The fate of a field of the source at the target."""

    KEPT = "kept"
    APPROXIMATED = "approximated"
    LOST = "lost"


class CodeClass(StrEnum):
    """The class of a code when the target is compared with the plan; each code is in exactly one."""

    THERE = "="
    MISSING = "-"
    UNEXPECTED = "+"
    DIFFERS = "*"
    UNKNOWN = "!"


class MigrationPhase(StrEnum):
    """The point that a migration has come to."""

    APPLYING = "applying"
    APPLIED = "applied"
    CUT_OVER = "cut_over"
    ROLLED_BACK = "rolled_back"
    RETIRED = "retired"
    FAILED = "failed"
    CANCELLED = "cancelled"


@attrs.frozen(kw_only=True)
class MigrationEnd(Documented):
    """One end of a migration.

    Attributes:
        list_id: The vendor's id; None for a list that is to be created.
        name: Of the list.
        expires_at: Of the list, in UTC.
        total: Codes ever added, as the vendor counts; None where it counts none.
        available: Codes not yet handed out, as the vendor counts.
    """

    connection: str
    vendor: str
    list_id: str | None
    name: str | None
    status: str | None = None
    expires_at: datetime | None = instant_field()
    total: int | None = None
    available: int | None = None


@attrs.frozen(kw_only=True)
class MigrationCounts(Documented):
    """The codes of the source, each in one class: all = issued + redeemed + expired + free.

    A code that is used up counts as redeemed, one that is past its end as expired, whoever holds it.

    Attributes:
        all: Different codes of the sources.
        unknown: Codes among the free ones that the vendor counts as handed out without that anybody knows which.
    """

    all: int
    issued: int
    redeemed: int
    expired: int
    free: int
    unknown: int = 0


@attrs.frozen(kw_only=True)
class PlanSource(Documented):
    """Something that codes or their holders were read from.

    Attributes:
        role: `codes`, `customers` or `merges`.
        name: As it was given: a path, or `list:CONN/ID`.
        rows: Rows of it.
        sha256: Of the file's bytes; of a list, of the codes that were sent to it, as a set.
    """

    role: str
    name: str
    rows: int
    sha256: str


@attrs.frozen(kw_only=True)
class Collision(Documented):
    """Codes that would meet others at the target.

    Attributes:
        kind: `at_target`, `same_at_target` (told apart at the source alone), `other_list` (of the target) or `two_vendors`.
        message: For people; never with a code.
    """

    kind: str
    count: int
    message: str


@attrs.frozen(kw_only=True)
class Lossiness(Documented):
    """One field, and what becomes of it on the way."""

    field: str
    fate: FieldFate
    note: str


@attrs.frozen(kw_only=True)
class MigrationBatch(Documented):
    """Codes that go out as one upload.

    Attributes:
        number: From 1, in the order in which they go.
        kind: `free` or `issued`.
        identifier: As which customers are named; None for codes alone.
        rows: Codes.
        parts: Vendor files.
        sha256: Of the codes as a set, with their customers.
    """

    number: int
    kind: str
    rows: int
    parts: int
    bytes: int
    sha256: str
    identifier: Identifier | None = None
    ends_at: datetime | None = instant_field()


@attrs.frozen(kw_only=True)
class CrossedLimit(Documented):
    """A limit that the plan crosses: it is applied only because somebody gave a reason.

    Attributes:
        kind: `unaccounted`, `target_not_empty` or `held_left_out`.
    """

    kind: str
    message: str


@attrs.frozen(kw_only=True)
class MigrationPlan(Documented):
    """A reviewed file that says what a migration will do. It holds counts and digests, never a code or a customer.

    Attributes:
        digest: Of all the rest, by which the run is bound to what was reviewed.
        version: Of the form of this file.
        id: Of the migration, `mig_...`.
        create: The list to be created at the target; None when it is there.
        ends_at: The earliest moment at which the last code can have been handed over, and each customer who is asked about
            was asked about once more, as the limits tell.
        irreversible: The steps that nobody can take back, in their order.
        reason: Why crossed limits are accepted; None when none is crossed.
        fingerprints: Of each class of codes that is not empty, by its name, as `couponhub codes fingerprint` tells it.
        rejected: Codes that were to move and that the target does not take, by what is wrong with them.
        left_behind: Issued codes that stay at the source with those who hold them.
        notes: What the vendor's counters say, how far the sources reach, and what is odd, for people.
    """

    digest: str
    version: int
    id: str
    made_at: datetime = attrs.field()
    source: MigrationEnd = attrs.field(metadata=about(key="from"))
    target: MigrationEnd = attrs.field(metadata=about(key="to"))
    create: NewCouponList | None
    issued_as: IssuedAs
    sources: tuple[PlanSource, ...]
    counts: MigrationCounts
    collisions: tuple[Collision, ...]
    lossiness: tuple[Lossiness, ...]
    batches: tuple[MigrationBatch, ...]
    ends_at: datetime | None = instant_field()
    irreversible: tuple[str, ...] = ()
    crossed: tuple[CrossedLimit, ...] = ()
    reason: str | None = None
    fingerprints: Mapping[str, str] = NOTHING
    rejected: Mapping[str, int] = NOTHING
    left_behind: int = 0
    notes: tuple[str, ...] = ()

    @property
    def skipped(self) -> int:
        """Codes that were to move and are left out, as the target has them, or would take them for others that go."""
        kinds = {"at_target", "same_at_target"}
        return sum(one.count for one in self.collisions if one.kind in kinds)


@attrs.frozen(kw_only=True)
class CodeDifference(Documented):
    """One code that is not as planned.

    Attributes:
        because: What is missing, differs or could not be known, for people.
    """

    code: str = attrs.field(repr=False)
    code_class: CodeClass = attrs.field(metadata=about(key="class"))
    because: str
    evidence: Evidence


@attrs.frozen(kw_only=True)
class MigrationEquation(Documented):
    """The fate of the codes of a plan: all = the sum of the others.

    Attributes:
        moved: At the target.
        issued_elsewhere: Left at the source, in the hands of customers.
        skipped: Left out by the plan, or at the target before.
        unknown: Nobody can tell.
    """

    all: int
    moved: int
    issued_elsewhere: int
    redeemed: int
    expired: int
    rejected: int
    skipped: int
    unknown: int

    @property
    def balances(self) -> bool:
        """True when every code is accounted for."""
        parts = self.moved + self.issued_elsewhere + self.redeemed + self.expired
        return self.all == parts + self.rejected + self.skipped + self.unknown


@attrs.frozen(kw_only=True)
class MigrationProof(Documented):
    """The target beside the plan, at a moment.

    Attributes:
        id: Of the migration.
        balanced: True when the equation balances, nothing is unknown, and nothing merely assumed.
        since: The moment from which on every proof was balanced; None while this one is not.
        classes: How many codes are in each class, by its sign.
        evidence: How many codes are known in which way.
        double_issued: Codes that the source handed out since they were planned as free.
        differences: Codes that are not as planned, the first thousand.
        notes: What the vendors' counters say, and what could not be known, for people.
    """

    id: str
    at: datetime
    balanced: bool
    since: datetime | None = instant_field()
    classes: Mapping[str, int] = NOTHING
    evidence: Mapping[str, int] = NOTHING
    equation: MigrationEquation
    double_issued: int = 0
    differences: tuple[CodeDifference, ...] = attrs.field(default=(), repr=False)
    notes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class MigrationEvent(Documented):
    """Something that happened to a migration; `message` is for people, without a code."""

    at: datetime
    kind: str
    message: str


@attrs.frozen(kw_only=True)
class MigrationStatus(Documented):
    """A migration as it stands.

    Attributes:
        job_id: The job that applies it.
        sent: Codes that the target has taken.
        rows: Codes that are to go; no longer those of customers who were forgotten.
        per_minute: Vendor files that may go in a minute, as somebody throttled it; None for as many as the limits allow.
        window_ends_at: Until when both vendors answer and `rollback` leads back; None before the cut-over.
        proof: The newest proof, without its differences.
    """

    id: str
    phase: MigrationPhase
    source: str = attrs.field(metadata=about(key="from"))
    target: str = attrs.field(metadata=about(key="to"))
    target_list_id: str | None
    job_id: str
    job_status: JobStatus
    rows: int
    sent: int
    per_minute: int | None = None
    waiting_for: str | None = None
    ends_at: datetime | None = instant_field()
    window_ends_at: datetime | None = instant_field()
    proof: MigrationProof | None = None
    events: tuple[MigrationEvent, ...] = ()
