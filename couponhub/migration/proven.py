"""Proofs of migrations, and all that may only be done once they are balanced."""

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from couponhub.migration.applied import NamedMigration, given_file
from couponhub.migration.kept import KeptMigration
from couponhub.migration.proofs import written_down
from couponhub.migration.run_log import RunLog
from couponhub.migration.shadowing import ShadowedMigrations
from couponhub.migration.spans import given_span
from couponhub.migration.steps import target_list
from couponhub.models import (
    MigrationCutOver,
    MigrationProof,
    MigrationRollback,
    MigrationStatus,
)
from couponhub.models.given import given_id, given_seconds, given_whole
from couponhub.state import AuditAction

if TYPE_CHECKING:
    from couponhub.migration.cutover import Decisions
    from couponhub.migration.verifying import Verifier

Path = str | os.PathLike[str]

_SAMPLE = 1000
_EVERY = 60.0


class ProvenMigrations(ShadowedMigrations):
    """Migrations whose targets are compared with what was planned; see `Migrations`."""

    def verify(
        self,
        migration: NamedMigration,
        *,
        sample: int = _SAMPLE,
        seed: int = 0,
        out: Path | None = None,
    ) -> MigrationProof:
        """Compare the target with the plan: each planned code in one class, with how that is known.

        The target is asked about customers and codes where its vendor can be, within its quota; of the rest its counters
        tell, and nothing that could not be known is said to be there. The source is looked at a second time. Nothing of any
        run is changed; the proof, without codes, is written into the log of the migration.

        Args:
            migration: Which one.
            sample: The most customers that the target is asked about, and the most codes that nobody was to hold; 0 asks
                about none.
            seed: Of the sample: the same one chooses the same.
            out: A new file for all codes that are not as planned, for its owner alone: CSV with `class`, `code`, `because`
                and `evidence`.

        Raises:
            NotFound: No such migration was applied.
            UsageError: An argument is nothing of what it may be.
            LocalError: The migration's files cannot be read, or `out` is there or cannot be written.
        """
        wanted = given_whole(sample, "the sample", least=0)
        chosen = given_whole(seed, "the seed")
        path = None if out is None else given_file(out)
        kept = self._kept(migration)
        proof = self._verifier(kept).verify(sample=wanted, seed=chosen, out=path)
        return written_down(proof, self._state().migration_log)

    def watch(
        self,
        migration: NamedMigration,
        *,
        sample: int = _SAMPLE,
        seed: int = 0,
        every: float = _EVERY,
    ) -> Iterator[MigrationProof]:
        """Verify again and again, without an end: give a proof at once, and another one each time that something changed.

        In between counters and the standing of files alone are looked at; customers and codes are asked about again when
        one of these has changed.

        Args:
            migration: Which one.
            sample: As of `verify`.
            seed: The same.
            every: Seconds between two looks.

        Raises:
            NotFound: No such migration was applied.
            UsageError: An argument is nothing of what it may be.
            LocalError: While iterating: as of `verify`.
        """
        given_whole(sample, "the sample", least=0)
        given_whole(seed, "the seed")
        pause = given_seconds(every, "every")
        kept = self._kept(migration)
        kept.plan()
        return self._watched(kept, sample, seed, pause)

    def cut_over(self, migration: NamedMigration, *, window: timedelta | str = "7d") -> MigrationCutOver:
        """Have lookups ask the target first, in every process that shares the state, and begin the window of the way back.

        Nothing is changed at a vendor.

        Args:
            migration: Which one.
            window: How long `roll_back` leads back: such as "7d", "12h" or "90m", or a `timedelta`.

        Raises:
            NotFound: No such migration was applied.
            UsageError: It is not applied or cut over already, lookups do not ask the target at all, or there is no balanced
                proof no older than an hour.
        """
        span = given_span(window, "the window")
        decisions = self._decisions(self._kept(migration))
        with self._act(AuditAction.CUT_OVER_MIGRATION, decisions.plan):
            return decisions.cut_over(span)

    def roll_back(self, migration: NamedMigration, *, out: Path | None = None) -> MigrationRollback:
        """Have lookups ask as they did before the cut-over, and find out which codes were handed out meanwhile.

        Nothing is changed at a vendor: codes that customers were given stay theirs.

        Args:
            migration: Which one.
            out: A new file for the codes that are known by name, for its owner alone: CSV with `where` (target or source),
                `code` and `because`.

        Raises:
            NotFound: No such migration was applied.
            UsageError: It is not cut over, or its window is over.
            LocalError: `out` is there or cannot be written.
        """
        from couponhub.codes.new_file import require_new  # noqa: PLC0415 - lookups need none of it
        from couponhub.migration.aftermath import Aftermath  # noqa: PLC0415 - the same

        path = None if out is None else given_file(out)
        kept = self._kept(migration)
        decisions = self._decisions(kept)
        if path is not None:
            require_new(path)
        with self._act(AuditAction.ROLL_BACK_MIGRATION, decisions.plan):
            since, preference = decisions.roll_back()
        verifier = self._verifier(kept)
        found = Aftermath(
            plan=verifier.plan,
            kept=kept,
            target=verifier.target,
            list_id=verifier.list_id or "",
            rules=verifier.batches.uploads.file_rules,
            second_look=verifier.second_look,
            clock=self._clock,
        ).look(since, path)
        return MigrationRollback(
            id=verifier.plan.id,
            at=self._clock.now(),
            preference=preference,
            at_target=found.at_target,
            at_source=found.at_source,
            named=found.named,
            notes=found.notes,
        )

    def retire(self, migration: NamedMigration, confirm: str) -> MigrationStatus:
        """Archive the list at the source, which nobody can take back.

        Args:
            migration: Which one.
            confirm: The name of the source list, as whoever decides typed it; its id where it has no name.

        Raises:
            NotFound: No such migration was applied.
            UsageError: It is not cut over, its window is not over, there is no balanced proof no older than a day, or the
                name is another; nothing was done.
            Unsupported: The source's vendor archives no lists; the hint says what a person must do.
            OutcomeUnknown: Whether the list is archived cannot be found out.
        """
        name = given_id(confirm, "the name that is confirmed")
        kept = self._kept(migration)
        decisions = self._decisions(kept)
        with self._act(AuditAction.RETIRE_MIGRATION, decisions.plan, decisions.plan.source):
            decisions.retire(name, self._connection(decisions.plan.source.connection))
        return self._status(kept)

    def _decisions(self, kept: KeptMigration) -> "Decisions":
        from couponhub.migration.cutover import Decisions  # noqa: PLC0415 - lookups need none of it

        plan, state = kept.plan(), self._state()
        return Decisions(
            plan=plan,
            log=RunLog.read(state.migration_log, plan.id),
            preference=state.preference,
            order=self._order,
            clock=self._clock,
        )

    def _watched(self, kept: KeptMigration, sample: int, seed: int, pause: float) -> Iterator[MigrationProof]:
        from couponhub.migration.watching import signs_of  # noqa: PLC0415 - lookups need none of it

        while True:
            seen = signs_of(self._verifier(kept), self._connection)
            proof = self._verifier(kept).verify(sample=sample, seed=seed, out=None)
            yield written_down(proof, self._state().migration_log)
            while seen == signs_of(self._verifier(kept), self._connection):
                self._clock.sleep(pause)

    def _verifier(self, kept: KeptMigration) -> "Verifier":
        from couponhub.migration.second_pass import SecondLook  # noqa: PLC0415 - lookups need none of it
        from couponhub.migration.verifying import Verifier  # noqa: PLC0415 - the same

        plan, state = kept.plan(), self._state()
        job = state.jobs.get(kept.id)
        return Verifier(
            plan=plan,
            kept=kept,
            log=RunLog.read(state.migration_log, plan.id),
            list_id=plan.target.list_id if job is None else target_list(job),
            target=self._connection(plan.target.connection),
            batches=self._batches(plan),
            ledger=state.ledger(plan.target.connection),
            second_look=SecondLook(planner=self._planner(), kept=kept, plan=plan),
            take_back={
                name: self._connection(name).coupons.take_back_advice
                for name in (plan.source.connection, plan.target.connection)
            },
            engine=self._engine,
            clock=self._clock,
        )
