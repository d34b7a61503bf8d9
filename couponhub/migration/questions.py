"""The questions of a proof to the target, and what was answered."""

from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from couponhub.clock import Clock
from couponhub.codes.joins.settings import SetsSettings
from couponhub.migration.judgements import Judgement
from couponhub.migration.kept import KeptMigration
from couponhub.migration.known_codes import KnownCodes
from couponhub.models import CodeFileRules, CouponList, MigrationPlan

if TYPE_CHECKING:
    from couponhub.connection import Connection


@attrs.frozen(kw_only=True)
class Questions:
    """The questions to the target.

    Attributes:
        target: The connection.
        list_id: Of the list there.
        shown: The list as it is now; None where it cannot be looked at.
        plan: What is expected.
        kept: The files of the migration.
        rules: How the target's vendor compares codes.
        cut_over: When lookups began to ask the target; None before. From then on it may hand free codes out.
        sample: The most customers, and the most free codes, that are asked about.
        seed: Of the sample.
        engine: Of large sets.
        clock: How the vendor's pauses pass.
    """

    target: "Connection"
    list_id: str
    shown: CouponList | None
    plan: MigrationPlan
    kept: KeptMigration
    rules: CodeFileRules
    cut_over: datetime | None
    sample: int
    seed: int
    engine: SetsSettings
    clock: Clock


@attrs.define(kw_only=True)
class AskedCodes:
    """The answers.

    Attributes:
        known: Planned codes that were answered about.
        unexpected: Codes that nobody planned, with the judgement about them.
        notes: Who was asked, and who was not, for people.
    """

    known: KnownCodes
    unexpected: list[tuple[str, Judgement]] = attrs.field(factory=list)
    notes: list[str] = attrs.field(factory=list)
