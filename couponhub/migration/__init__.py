"""Migrations of coupon lists from one vendor to another: planned, reviewed, then run and proven.

A plan holds counts and digests, never a code or a customer. Rows live in private files alone.
"""

from couponhub.migration.progress import MigrationProgress, no_progress
from couponhub.migration.service import Migrations, migration_work, shadow_run_work
from couponhub.migration.steps import MIGRATION, SHADOW

__all__ = [
    "MIGRATION",
    "SHADOW",
    "MigrationProgress",
    "Migrations",
    "migration_work",
    "no_progress",
    "shadow_run_work",
]
