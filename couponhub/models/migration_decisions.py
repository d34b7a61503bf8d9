"""Decisions about a migration that is proven, and what came of them."""

from datetime import datetime

import attrs

from couponhub.models.answers import Difference
from couponhub.models.base import Documented, about
from couponhub.models.migration_reports import MigrationTask


@attrs.frozen(kw_only=True)
class MigrationCutOver(Documented):
    """A migration whose target lookups ask first.

    Attributes:
        id: Of the migration.
        window_ends_at: Until when `rollback` leads back, and both vendors are to answer.
        preference: The connections that lookups ask first, in their order.
        checklist: What is to be done now and later, in its order.
    """

    id: str
    at: datetime = attrs.field()
    window_ends_at: datetime = attrs.field()
    preference: tuple[str, ...] = ()
    checklist: tuple[MigrationTask, ...] = ()


@attrs.frozen(kw_only=True)
class MigrationRollback(Documented):
    """A migration that was led back: lookups ask as they did before it was cut over.

    Attributes:
        id: Of the migration.
        preference: The connections that lookups ask first, in their order; () where the config alone says.
        at_target: Codes of the plan that the target handed out since the cut-over; None where nobody can tell.
        at_source: Codes that moved as free and that the source handed out since they were planned; None likewise.
        named: Those of them that are known by name.
        notes: How that is known, for people.
    """

    id: str
    at: datetime = attrs.field()
    preference: tuple[str, ...] = ()
    at_target: int | None = None
    at_source: int | None = None
    named: int = 0
    notes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class MigrationShadow(Documented):
    """The lookups of a sample of customers at both vendors, compared.

    Attributes:
        id: Of the migration.
        customers: How many were asked about.
        unknown: Of how many of them not all could be known, at one of the two.
        differences: The codes by how they stand at the target beside the source.
    """

    id: str
    at: datetime = attrs.field()
    customers: int
    unknown: int
    differences: tuple[Difference, ...] = attrs.field(
        default=(), metadata=about("By kind; codes that are the same are counted too.")
    )
