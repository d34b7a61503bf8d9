"""The beginning of a run: exactly the plan that was reviewed, in a world that still is as it was planned."""

import attrs

from couponhub.errors import Conflict, CouponhubError, UsageError, WaitTimeout
from couponhub.migration.changes import changed_since
from couponhub.migration.children import batch_file
from couponhub.migration.fingerprints import KeptFingerprints
from couponhub.migration.kept import ISSUED, KeptMigration
from couponhub.migration.planning import Planner
from couponhub.migration.run_log import APPLIED, RunLog
from couponhub.migration.steps import job_for
from couponhub.models import JobId, MigrationPlan
from couponhub.state import State

_WAIT = 5.0
CLASSES = ("redeemed", "expired", "free")


def class_file(name: str) -> str:
    """Return the name under which the codes of a class are kept."""
    return f"{name}.csv"


@attrs.frozen(kw_only=True)
class Applier:
    """Begins migrations.

    Attributes:
        planner: Looks at the world again.
        state: Where the run is written down.
    """

    planner: Planner
    state: State

    def begin(self, plan: MigrationPlan, confirm: str) -> KeptMigration:
        """Write a run down, so that whoever drives its job goes on with it; once begun, it stays as it is.

        Raises:
            UsageError: The digest is another one, or the world has changed.
            Conflict: Somebody else begins it just now.
            CouponhubError: A source or a vendor cannot be read; nothing was done.
        """
        if confirm.strip().lower() != plan.digest:
            raise UsageError(
                f"the digest that is confirmed is not that of the plan, which is {plan.digest}",
                hint="review the plan, and confirm the digest that you have reviewed",
            )
        # Before the vendors are asked about anything.
        self.state.ledger(plan.target.connection).require_writable()
        kept = KeptMigration(files=self.state.job_files, id=JobId(plan.id))
        try:
            with self.state.locks.hold(("migrations", plan.id), timeout=_WAIT):
                if not kept.is_there():
                    kept.drop_unfinished()
                    self._keep(plan, kept)
                self._write_down(plan)
        except WaitTimeout:
            raise Conflict(
                f"somebody else applies {plan.id} just now", hint=f"see `couponhub migrate status {plan.id}`"
            ) from None
        return kept

    def _keep(self, plan: MigrationPlan, kept: KeptMigration) -> None:
        with self.state.job_files.workspace() as workspace:
            folder = workspace / "again"
            folder.mkdir(mode=0o700)
            try:
                built = self.planner.again(plan, folder)
            except CouponhubError as error:
                message = f"the plan cannot be run as it was reviewed: {error.message}"
                raise error.reworded(message=message, hint=error.hint or "plan anew") from error
            changes = changed_since(plan, built.plan)
            if changes:
                raise UsageError(
                    f"the world is no longer as it was planned: {'; '.join(changes)}; nothing was done",
                    hint="plan anew, and review it",
                )
            for number, file in enumerate(built.batches.files, start=1):
                if file.identifier is None:
                    kept.keep(batch_file(number), file.path)
                else:
                    kept.keep_tagged(batch_file(number), file.path, file.identifier)
            fingerprints = KeptFingerprints(kept=kept, rules=built.rules)
            for number, file in enumerate(built.batches.files, start=1):
                fingerprints.keep_planned(number, file.codes, folder)
            for name in CLASSES:
                kept.keep(class_file(name), built.classes.folder / class_file(name))
            kept.keep_issued(built.classes.folder / ISSUED)
        kept.keep_plan(plan)

    def _write_down(self, plan: MigrationPlan) -> None:
        log = RunLog.read(self.state.migration_log, plan.id)
        if not log.logged:
            reason = "" if plan.reason is None else f"; limits were crossed: {plan.reason}"
            log.write(APPLIED, f"digest {plan.digest}{reason}", digest=plan.digest)
        if self.state.jobs.get(JobId(plan.id)) is None:
            self.state.jobs.create(job_for(plan))
