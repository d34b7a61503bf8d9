"""The parts that all methods of migrations share: the state, the vendors, and a migration by any of its names."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from couponhub.auditing import Act, Auditor
from couponhub.clock import Clock
from couponhub.codes.joins.settings import SetsSettings
from couponhub.errors import UsageError
from couponhub.jobs import HubJobs, tell_nobody
from couponhub.lookup import AskingOrder, Question
from couponhub.migration.children import BatchUploads
from couponhub.migration.kept import KeptMigration
from couponhub.migration.plan_file import read_plan
from couponhub.migration.run_log import RunLog
from couponhub.migration.standing import status_of
from couponhub.models import JobId, MigrationEnd, MigrationPlan, MigrationStatus
from couponhub.rooted import Rooted
from couponhub.state import AuditAction, State

if TYPE_CHECKING:
    from couponhub.connection import Connection
    from couponhub.migration.planning import Planner

NamedMigration = MigrationPlan | str | os.PathLike[str]
"""A plan, the path of its file, or a migration's id (`mig_...`)."""

_PREFIX = "mig_"


class AppliedMigrations(Rooted):
    """Migrations that are written down. Thread-safe.

    Args:
        state: What is durable.
        connection: Opens one.
        jobs: Those of the hub, which drive migrations too.
        planner: Makes what plans them.
        order: Whom lookups ask.
        comparison: Makes the question whether connections know the same of a customer.
        engine: Of large sets.
        offer: Told of jobs with which others may help.
        clock: For tests.
    """

    def __init__(
        self,
        *,
        state: Callable[[], State],
        connection: "Callable[[str], Connection]",
        jobs: HubJobs,
        planner: "Callable[[], Planner]",
        order: AskingOrder,
        comparison: Callable[[tuple[str, ...]], Question],
        engine: SetsSettings,
        offer: Callable[[JobId], object] = tell_nobody,
        clock: Clock,
    ) -> None:
        self._state = state
        self._connection = connection
        self._jobs = jobs
        self._planner = planner
        self._order = order
        self._comparison = comparison
        self._engine = engine
        self._offer = offer
        self._clock = clock
        self._auditor = Auditor(lambda: state().audit)

    def _act(
        self, action: AuditAction, plan: MigrationPlan, end: MigrationEnd | None = None
    ) -> AbstractContextManager[Act]:
        """Write down what is decided about a migration, at its target unless another end is named; see `Auditor.act`."""
        where = plan.target if end is None else end
        return self._auditor.act(
            action, connection=where.connection, list_id=where.list_id, reference=plan.id
        )

    def _status(self, kept: KeptMigration) -> MigrationStatus:
        plan, state = kept.plan(), self._state()
        log = RunLog.read(state.migration_log, kept.id)
        return status_of(plan, state.jobs.get(kept.id), log, self._batches(plan))

    def _batches(self, plan: MigrationPlan) -> BatchUploads:
        state = self._state()
        return BatchUploads(
            migration=JobId(plan.id),
            uploads=self._connection(plan.target.connection).uploads,
            jobs=self._jobs,
            store=state.jobs,
            files=state.job_files,
            clock=self._clock,
        )

    def _kept(self, migration: NamedMigration) -> KeptMigration:
        migration_id = id_of(migration)
        if migration_id is None:
            migration_id = plan_of(migration).id
        return KeptMigration(files=self._state().job_files, id=JobId(migration_id))


def plan_of(migration: NamedMigration) -> MigrationPlan:
    """Return the plan that is given, or the one in the file that is named."""
    if isinstance(migration, MigrationPlan):
        return migration
    if not isinstance(migration, (str, os.PathLike)):
        raise UsageError(
            f"a migration is a plan, the path of its file, or its id, not {type(migration).__name__}"
        )
    return read_plan(migration)


def id_of(migration: object) -> str | None:
    """Return the id where one is named; None where it stands in a file."""
    if isinstance(migration, MigrationPlan):
        return migration.id
    if isinstance(migration, str) and migration.startswith(_PREFIX) and not FilePath(migration).exists():
        return migration
    return None


def given_file(given: object, what: str = "out must be the path of a new file") -> FilePath:
    """Return the path that is given.

    Raises:
        UsageError: It is none; `what` says so.
    """
    if not isinstance(given, (str, os.PathLike)) or not os.fsdecode(given):
        raise UsageError(what)
    return FilePath(os.fsdecode(given))
