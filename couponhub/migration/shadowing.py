"""Shadow runs as users ask for them: a small sample here and now, a large one as a job that workers share."""

import os
import secrets
import string
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from couponhub.clock import Deadline
from couponhub.errors import PartialFailure
from couponhub.jobs import LEASE_SECONDS, Turns, helpers_for
from couponhub.migration.applied import AppliedMigrations, NamedMigration, given_file
from couponhub.migration.driving import Drive
from couponhub.migration.kept import KeptMigration
from couponhub.migration.run_log import RunLog
from couponhub.migration.steps import SHADOW
from couponhub.models import Customer, JobId, MigrationShadow
from couponhub.models.given import given_whole
from couponhub.state import JobRecord

if TYPE_CHECKING:
    from couponhub.migration.shadow import Shadow
    from couponhub.migration.shadow_work import ShadowWork

Path = str | os.PathLike[str]

_LETTERS = string.ascii_lowercase + "234567"


class ShadowedMigrations(AppliedMigrations):
    """Migrations whose vendors are compared by lookups; see `Migrations`."""

    def shadow(
        self, migration: NamedMigration, customers: Path, *, sample: int = 100, seed: int = 0
    ) -> MigrationShadow:
        """Look a sample of customers up at both vendors, and count how what they know differs.

        A sample of more than 500 is a job: other workers help with it, quotas are waited for, and the same call goes on
        with it after a kill.

        Args:
            migration: Which one.
            customers: A file of identifiers, with a column `mobile`, `email`, `external_id` or `id`.
            sample: The most customers that are asked about.
            seed: Of the sample: the same one chooses the same.

        Raises:
            NotFound: No such migration was applied.
            UsageError: The file is none of customers, or both lists are of one connection.
            Unsupported: One of the vendors cannot be asked; the hint says what to do instead.
            LocalError: The file cannot be read.
            PartialFailure: It was given up, or a vendor refuses it for good.
        """
        from couponhub.holdings import read_customers  # noqa: PLC0415 - brings readers of tables in
        from couponhub.migration.shadow_work import SLICE  # noqa: PLC0415 - lookups need none of it

        most = given_whole(sample, "the sample", least=1)
        dice = given_whole(seed, "the seed")
        path = given_file(customers, "the file of customers must be a path")
        shadow = self._shadow_of(self._kept(migration))
        chosen = shadow.chosen(read_customers(path), most, dice)
        if len(chosen) <= SLICE:
            return shadow.compare(chosen)
        return self._shared(shadow, chosen)

    def _shared(self, shadow: "Shadow", chosen: list[Customer]) -> MigrationShadow:
        from couponhub.migration.shadow_work import outcome_of  # noqa: PLC0415 - lookups need none of it

        store = self._state().jobs
        drive = Drive(jobs=self._jobs, store=store, clock=self._clock, told=lambda: None)
        job_id = self._begun(shadow, chosen)
        drive.run(job_id, Deadline.after(None, self._clock), early=True)
        job = store.get(job_id)
        found = None if job is None else outcome_of(job, shadow)
        if found is None:
            why = next((step.evidence for step in job.steps if step.evidence), "") if job is not None else ""
            raise PartialFailure(
                f"shadow run {job_id} of {shadow.plan.id} has ended early: {why or 'cancelled'}"
            )
        return found

    def _begun(self, shadow: "Shadow", chosen: list[Customer]) -> JobId:
        """Write the job down with its customers, unless one of the same goes on; return its id."""
        from couponhub.migration.shadow_slices import ShadowSlices  # noqa: PLC0415 - lookups need none of it
        from couponhub.migration.shadow_work import CUSTOMERS, MIGRATION_ID, job_for, slices_of  # noqa: PLC0415 - the same

        state = self._state()
        files, slices = state.job_files, list(slices_of(chosen))
        told = {MIGRATION_ID: shadow.plan.id, CUSTOMERS: str(len(chosen))}
        with state.locks.hold(("shadows",), timeout=None), state.jobs.worker() as owner:
            for known in state.jobs.all():
                if known.kind == SHADOW and not known.status.ended and dict(known.arguments) == told:
                    kept = ShadowSlices(files, known.id)
                    if all(kept.customers(part) == dict(batch) for part, batch in enumerate(slices, start=1)):
                        return known.id
            job_id = JobId("sh_" + "".join(secrets.choice(_LETTERS) for _ in range(20)))
            job = job_for(job_id, shadow, len(chosen), len(slices))
            # Held, so that nobody drives it before its customers are there.
            state.jobs.create(job, owner=owner, seconds=LEASE_SECONDS)
            people = ShadowSlices(files, job_id).people
            with files.workspace() as folder:
                for part, batch in enumerate(slices, start=1):
                    people.write(folder / f"slice-{part}", batch)
                    people.keep_customers(part, folder / f"slice-{part}")
                    state.jobs.renew(job_id, owner, seconds=LEASE_SECONDS)
            for helper in helpers_for(job):
                state.jobs.create(helper)
                self._offer(helper.id)
        return job_id

    def _shadow_of(self, kept: KeptMigration) -> "Shadow":
        from couponhub.migration.shadow import Shadow  # noqa: PLC0415 - lookups need none of it

        plan = kept.plan()
        return Shadow(
            plan=plan,
            log=RunLog.read(self._state().migration_log, plan.id),
            source=self._connection(plan.source.connection),
            target=self._connection(plan.target.connection),
            comparison=self._comparison,
            clock=self._clock,
        )

    @contextmanager
    def _shadow_work(self, job: JobRecord, timeout: float | None) -> "Iterator[ShadowWork]":
        from couponhub.migration.shadow_slices import ShadowSlices  # noqa: PLC0415 - lookups need none of it
        from couponhub.migration.shadow_work import MIGRATION_ID, ShadowWork  # noqa: PLC0415 - the same

        state = self._state()
        yield ShadowWork(
            shadow=self._shadow_of(
                KeptMigration(files=state.job_files, id=JobId(job.arguments[MIGRATION_ID]))
            ),
            jobs=state.jobs,
            kept=ShadowSlices(state.job_files, job.id),
            turns=Turns(state.locks, job.id),
            deadline=Deadline.after(timeout, self._clock),
        )
