"""The news of a migration, for whoever drives it."""

from collections.abc import Callable

from couponhub.models import MigrationStatus

MigrationProgress = Callable[[MigrationStatus], None]
"""Told how a migration stands, each time that it may have changed."""


def no_progress(status: MigrationStatus) -> None:
    """Tell nobody."""
