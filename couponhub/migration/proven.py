"""Proofs of migrations, and all that may only be done once they are balanced."""

import os
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from couponhub.errors import UsageError
from couponhub.migration.applied import AppliedMigrations, NamedMigration
from couponhub.migration.kept import KeptMigration
from couponhub.migration.proofs import written_down
from couponhub.migration.run_log import RunLog
from couponhub.migration.steps import target_list
from couponhub.models import MigrationProof
from couponhub.models.given import given_seconds, given_whole

if TYPE_CHECKING:
    from couponhub.migration.verifying import Verifier

Path = str | os.PathLike[str]

_SAMPLE = 1000
_EVERY = 60.0


class ProvenMigrations(AppliedMigrations):
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
        path = None if out is None else _file(out)
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
            engine=self._engine,
            clock=self._clock,
        )


def _file(given: object) -> FilePath:
    if not isinstance(given, (str, os.PathLike)) or not os.fsdecode(given):
        raise UsageError("out must be the path of a new file")
    return FilePath(os.fsdecode(given))
