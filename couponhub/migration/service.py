"""Migrations as users hold them."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from couponhub.clock import Deadline
from couponhub.errors import CouponhubError
from couponhub.jobs import Work, ends_job
from couponhub.migration.applied import NamedMigration, plan_of
from couponhub.migration.driving import Drive
from couponhub.migration.kept import KeptMigration
from couponhub.migration.progress import MigrationProgress, no_progress
from couponhub.migration.proven import ProvenMigrations
from couponhub.migration.request import PlanRequest
from couponhub.migration.run_log import THROTTLED, RunLog
from couponhub.migration.steps import SEND, batch_number
from couponhub.migration.work import MigrationWork, SecondPass
from couponhub.models import IssuedAs, ListId, MigrationBatch, MigrationPlan, MigrationReport, MigrationStatus
from couponhub.models.given import given_id, given_seconds, given_whole
from couponhub.state import AuditAction, JobRecord, JobWish

Path = str | os.PathLike[str]


class Migrations(ProvenMigrations):
    """Moves codes from one list to another. Thread-safe.

    A migration is named by its plan, by the path of the plan's file, or by its id. Every method may raise `LocalError`
    when the state fails, and `UsageError` for an argument that is nothing of what it may be.
    """

    def plan(
        self,
        source: str,
        list_id: str,
        target: str,
        codes: Path | Iterable[Path],
        *,
        to_list: str | None = None,
        create: bool = False,
        customers: Path | None = None,
        merges: Path | None = None,
        issued_as: IssuedAs | str | None = None,
        changes: Mapping[str, str] | None = None,
        reason: str | None = None,
    ) -> MigrationPlan:
        """Plan how the codes of a list move to another; vendors are read, and nothing is written anywhere.

        Args:
            source: The connection that codes come from.
            list_id: The vendor's id of its list.
            target: The connection that they go to.
            codes: Where codes are known from: files by path, and `list:CONN/ID`, what was sent to a list from here.
            to_list: The vendor's id of the list that they go to.
            create: Have one made, with the name and the last day of the source's.
            customers: A file of identifiers, about whom the source is asked, or an export of who holds which code.
            merges: The vendor's log of merged customers.
            issued_as: What becomes of codes that customers hold: "tagged" binds them to their customers, "skip" leaves
                them at the source, "free" lets anybody have them. By default tagged where the target can, else skip.
            changes: Of the list that is made: `name`, `expires` (YYYY-MM-DD), `label`, `created_by`, and the vendor's own
                documented fields.
            reason: Why crossed limits are accepted; it stands in the plan.

        Raises:
            UsageError: Something is nothing of what it may be, required fields of a new list are missing, or the list
                cannot hold so many codes.
            LimitsCrossed: Too many codes are unaccounted for, or the target is not empty, and no reason was given.
            NotFound: One of the lists does not exist.
            Unsupported: The target takes no codes, or cannot bind them to customers.
            Conflict: The target list has expired or is archived, or a list of that name is there.
            LocalError: A file cannot be read, or this machine failed.
            VendorError: A vendor does not answer.
        """
        request = PlanRequest.given(
            source,
            list_id,
            target,
            codes,
            to_list=to_list,
            create=create,
            customers=customers,
            merges=merges,
            issued_as=issued_as,
            changes=changes,
            reason=reason,
        )
        return self._planner().plan(request)

    def apply(
        self,
        plan: NamedMigration,
        confirm: str,
        *,
        timeout: float | None = None,
        progress: MigrationProgress = no_progress,
    ) -> MigrationStatus:
        """Run exactly the plan that was reviewed, as far as the time allows; days, where quotas ask for days.

        The sources are read anew, and both vendors are looked at: where the world is no longer as planned, nothing is
        done. Applied again, it goes on where it is. Nothing at the source is changed.

        Args:
            plan: The plan, or the path of its file.
            confirm: The plan's digest, as whoever reviewed it saw it.
            timeout: Seconds; None for as long as it takes.
            progress: Told how it stands, each time that it may have changed.

        Returns:
            The migration as it then stands: it may wait for a quota, and others may go on with it.

        Raises:
            UsageError: The digest is another, or the world has changed; the message says in what.
            CouponhubError: A step failed; see `Migration.resume`.
        """
        deadline = self._deadline(timeout)
        from couponhub.migration.applying import Applier  # noqa: PLC0415 - lookups need none of it

        applier = Applier(planner=self._planner(), state=self._state())
        wanted, digest = plan_of(plan), given_id(confirm, "the digest")
        with self._act(AuditAction.APPLY_MIGRATION, wanted):
            begun = applier.begin(wanted, digest)
        return self._drive(begun, deadline, progress)

    def resume(
        self,
        migration: NamedMigration,
        *,
        timeout: float | None = None,
        progress: MigrationProgress = no_progress,
    ) -> MigrationStatus:
        """Go on with a migration that was paused, killed, or stopped by an error; as `apply`.

        Raises:
            NotFound: No such migration was applied.
            CouponhubError: A step failed.
        """
        deadline = self._deadline(timeout)
        kept = self._kept(migration)
        kept.plan()
        self._jobs.proceed(kept.id)
        self._hasten(kept)
        return self._drive(kept, deadline, progress, early=True)

    def pause(self, migration: NamedMigration) -> MigrationStatus:
        """Send nothing more after the file that goes now, until `resume`; from any process."""
        return self._wished(migration, JobWish.PAUSE)

    def cancel(self, migration: NamedMigration) -> MigrationStatus:
        """Send nothing more, for good; what the target has it keeps."""
        return self._wished(migration, JobWish.CANCEL)

    def throttle(self, migration: NamedMigration, per_minute: int | None) -> MigrationStatus:
        """Send at most so many files in a minute from now on; None for as many as the limits allow."""
        if per_minute is not None:
            given_whole(per_minute, "the files a minute", least=1)
        kept = self._kept(migration)
        text = "no throttle" if per_minute is None else f"at most {per_minute} files a minute"
        with self._act(AuditAction.THROTTLE_JOB, kept.plan()):
            RunLog.read(self._state().migration_log, kept.id).write(THROTTLED, text, per_minute=per_minute)
        return self._status(kept)

    def status(self, migration: NamedMigration) -> MigrationStatus:
        """Return how a migration stands; no vendor is asked.

        Raises:
            NotFound: No such migration was applied.
        """
        return self._status(self._kept(migration))

    def iterate(self) -> Iterator[MigrationStatus]:
        """Return all migrations that were applied, oldest first."""
        for logged in self._state().migration_log.all():
            yield self._status(self._kept(logged.id))

    def report(self, migration: NamedMigration) -> MigrationReport:
        """Account for a migration: every code with what it rests on, what happened, and what is left to do.

        No vendor is asked, and nothing is changed; it holds no code and no customer.

        Raises:
            NotFound: No such migration was applied.
        """
        from couponhub.migration.reporting import Reporter  # noqa: PLC0415 - lookups need none of it

        kept = self._kept(migration)
        reporter = Reporter(connection=self._connection, jobs=self._jobs, clock=self._clock)
        return reporter.report(kept.plan(), self._status(kept), self._batches(kept.plan()))

    def _hasten(self, kept: KeptMigration) -> None:
        """Try at once what an upload of a migration has put off, as somebody may have mended what stopped it."""
        job, batches = self._state().jobs.get(kept.id), self._batches(kept.plan())
        step = None if job is None else job.next_step
        if step is not None and step.kind == SEND:

            def per_minute() -> int | None:
                return RunLog.read(self._state().migration_log, kept.id).per_minute

            def is_halted() -> bool:
                written = self._state().jobs.get(kept.id)
                return written is None or written.wish is not JobWish.GO_ON

            for upload_id in batches.begun(batch_number(step))[-1:]:
                try:
                    batches.drive(
                        self._jobs.get(upload_id), stops=is_halted, per_minute=per_minute, early=True
                    )
                except CouponhubError as error:
                    # It has ended then, and the migration itself tells what is to be done.
                    if not ends_job(error):
                        raise

    def _drive(
        self, kept: KeptMigration, deadline: Deadline, progress: MigrationProgress, *, early: bool = False
    ) -> MigrationStatus:
        drive = Drive(
            jobs=self._jobs,
            store=self._state().jobs,
            clock=self._clock,
            told=lambda: progress(self._status(kept)),
        )
        drive.run(kept.id, deadline, early=early)
        return self._status(kept)

    def _wished(self, migration: NamedMigration, wish: JobWish) -> MigrationStatus:
        kept = self._kept(migration)
        kept.plan()
        if wish is JobWish.PAUSE:
            self._jobs.pause(kept.id)
        else:
            self._jobs.cancel(kept.id)
            self._jobs.drive(kept.id)
        return self._status(kept)

    def _work(self, job: JobRecord) -> MigrationWork:
        from couponhub.migration.second_pass import SecondLook  # noqa: PLC0415 - lookups need none of it

        state, kept = self._state(), KeptMigration(files=self._state().job_files, id=job.id)
        plan = kept.plan()

        def second_pass(list_id: str) -> SecondPass:
            look = SecondLook(planner=self._planner(), kept=kept, plan=plan)
            with state.job_files.workspace() as folder, look.look(list_id, folder) as found:
                return SecondPass(double=found.count, note=found.message)

        def fingerprint(batch: MigrationBatch, list_id: str) -> None:
            from couponhub.migration.sent_parts import keep_fingerprints  # noqa: PLC0415 - the same

            keep_fingerprints(
                batch, batches, kept, state.ledger(plan.target.connection).history(ListId(list_id))
            )

        batches = self._batches(plan)
        return MigrationWork(
            plan=plan,
            lists=self._connection(plan.target.connection).lists,
            batches=batches,
            second_pass=second_pass,
            fingerprint=fingerprint,
            store=state.jobs,
            log=state.migration_log,
            clock=self._clock,
        )

    def _deadline(self, timeout: float | None) -> Deadline:
        seconds = None if timeout is None else given_seconds(timeout, "the timeout", may_be_zero=True)
        return Deadline.after(seconds, self._clock)


@contextmanager
def migration_work(migrations: Migrations, job: JobRecord, timeout: float | None) -> Iterator[MigrationWork]:  # noqa: ARG001
    """Make what runs the steps of a migration; see `couponhub.jobs.OpenWork`."""
    yield migrations._work(job)  # noqa: SLF001 - of this module


def shadow_run_work(
    migrations: Migrations, job: JobRecord, timeout: float | None
) -> AbstractContextManager[Work]:
    """Make what runs the steps of a shadow run; see `couponhub.jobs.OpenWork`."""
    return migrations._shadow_work(job, timeout)  # noqa: SLF001 - of this room
