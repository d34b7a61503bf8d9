"""The cut-over, which demands a fresh and balanced proof, the way back, and the end of the source list."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import attrs

from couponhub.clock import Clock
from couponhub.errors import UsageError
from couponhub.lookup import AskingOrder
from couponhub.migration.proofs import newest_proof
from couponhub.migration.run_log import CUT_OVER, RETIRED, ROLLED_BACK, RunLog, told
from couponhub.models import (
    MigrationCutOver,
    MigrationPhase,
    MigrationPlan,
    MigrationProof,
    MigrationTask,
)
from couponhub.state import LookupPreference

if TYPE_CHECKING:
    from couponhub.connection import Connection

_TO_CUT_OVER, _TO_RETIRE = timedelta(hours=1), timedelta(days=1)
_WORDS = {_TO_CUT_OVER: "an hour", _TO_RETIRE: "a day"}


@attrs.frozen(kw_only=True)
class Decisions:
    """Decides about one migration.

    Attributes:
        plan: As it is applied.
        log: What was decided, as it is now.
        preference: Whom lookups ask first.
        order: Whom they ask at all.
    """

    plan: MigrationPlan
    log: RunLog
    preference: LookupPreference
    order: AskingOrder
    clock: Clock

    def cut_over(self, window: timedelta) -> MigrationCutOver:
        """Have lookups ask the target first, from now on and in every process.

        Raises:
            UsageError: It is not applied, or cut over already; or there is no balanced proof no older than an hour.
            LocalError: The state cannot be written.
        """
        phase, now = self.log.phase, self.clock.now()
        if phase is MigrationPhase.CUT_OVER:
            return self._cut_over_again()
        if phase not in {MigrationPhase.APPLIED, MigrationPhase.ROLLED_BACK}:
            raise UsageError(
                f"{self.plan.id} cannot be cut over: it is {_standing(phase)}",
                hint=f"see `couponhub migrate status {self.plan.id}`",
            )
        self._require_proof(_TO_CUT_OVER)
        self._require_asked()
        before = self.preference.get()
        wanted = self._target_first(before)
        ends_at = now + window
        log = self.log.write(
            CUT_OVER,
            f"lookups ask {self.plan.target.connection} first; both vendors answer until {told(ends_at)}",
            window_ends_at=told(ends_at),
            before=list(before),
            wanted=list(wanted),
        )
        # The other way round, a kill in between would leave a switch of which nobody knows how it was before.
        self._prefer(wanted)
        return attrs.evolve(self, log=log).as_cut_over()

    def as_cut_over(self) -> MigrationCutOver:
        """Return the cut-over as it was written down."""
        event = next(event for event in reversed(self.log.logged) if event.kind == CUT_OVER)
        ends_at = self.log.window_ends_at
        assert ends_at is not None  # noqa: S101 - written with the event
        return MigrationCutOver(
            id=self.plan.id,
            at=event.at,
            window_ends_at=ends_at,
            preference=self.preference.get(),
            checklist=tuple(_checklist(self.plan, ends_at)),
        )

    def roll_back(self) -> tuple[datetime, tuple[str, ...]]:
        """Have lookups ask as they did before; return since when the target was asked first, and whom they prefer now.

        Raises:
            UsageError: It is not cut over, or the window is over.
            LocalError: The state cannot be written.
        """
        phase, ends_at = self.log.phase, self.log.window_ends_at
        source = self.plan.source.connection
        if phase is not MigrationPhase.CUT_OVER or ends_at is None:
            raise UsageError(
                f"{self.plan.id} cannot be led back: it is {_standing(phase)}",
                hint=f"see `couponhub migrate status {self.plan.id}`",
            )
        if self.clock.now() >= ends_at:
            raise UsageError(
                f"the window of {self.plan.id} ended at {told(ends_at)}: nobody watched since whether both vendors agree",
                hint=f'[lookup] prefer = ["{source}"] has lookups ask {source} first again, and `couponhub migrate plan'
                f" --from {self.plan.target.connection}` moves the codes back",
            )
        details = self.log.last(CUT_OVER)
        since = next(event.at for event in reversed(self.log.logged) if event.kind == CUT_OVER)
        now, before = self.preference.get(), details.get("before")
        if isinstance(before, list) and list(now) in (details.get("wanted"), before):
            back = tuple(map(str, before))
        else:  # somebody has switched otherwise since: only what this migration is about is turned round
            back = (source, *(name for name in now if name != source))
        # A kill in between leaves lookups at the source and the window open, so that the same command goes on.
        self._prefer(back)
        self.log.write(
            ROLLED_BACK, f"lookups ask as they did before {self.plan.target.connection} was preferred"
        )
        return since, back

    def retire(self, confirm: str, source: "Connection") -> None:
        """Archive the list at the source, which cannot be taken back.

        Raises:
            UsageError: It is not cut over, the window is not over, there is no balanced proof no older than a day, or the
                name is another.
            Unsupported: The source's vendor archives no lists; the hint says what a person must do.
            VendorError: It does not do it.
        """
        phase, ends_at, plan = self.log.phase, self.log.window_ends_at, self.plan
        if phase is not MigrationPhase.CUT_OVER or ends_at is None:
            raise UsageError(
                f"the source of {plan.id} cannot be retired: the migration is {_standing(phase)}",
                hint=f"see `couponhub migrate status {plan.id}`",
            )
        if self.clock.now() < ends_at:
            raise UsageError(
                f"the source of {plan.id} cannot be retired before {told(ends_at)}: until then `rollback` leads back to it",
                hint=f"see `couponhub migrate status {plan.id}`",
            )
        self._require_proof(_TO_RETIRE)
        if confirm != name_of(plan):
            raise UsageError(
                f"the name that is confirmed is not that of list {plan.source.list_id} of {plan.source.connection};"
                " nothing was done",
                hint="type the name of the list that is to end, exactly",
            )
        source.lists.archive(plan.source.list_id or "")
        self.log.write(RETIRED, f"list {plan.source.list_id} of {plan.source.connection} is archived")

    def _cut_over_again(self) -> MigrationCutOver:
        """Finish what a killed process began; refuse where there is nothing to finish."""
        details, now = self.log.last(CUT_OVER), list(self.preference.get())
        wanted = details.get("wanted")
        if isinstance(wanted, list) and now == details.get("before") and now != wanted:
            self._prefer(tuple(map(str, wanted)))
            return self.as_cut_over()
        raise UsageError(
            f"{self.plan.id} is cut over already",
            hint=f"see `couponhub migrate status {self.plan.id}`; within the window `rollback` leads back",
        )

    def _require_proof(self, most: timedelta) -> MigrationProof:
        proof, verify = newest_proof(self.log), f"`couponhub migrate verify {self.plan.id}`"
        if proof is None:
            raise UsageError(f"nothing is proven of {self.plan.id} yet", hint=f"{verify} proves it")
        if not proof.balanced:
            raise UsageError(
                f"the proof of {self.plan.id} does not balance: not every code is where it was planned to be",
                hint=f"{verify} --out FILE names the codes",
            )
        decided = [event.at for event in self.log.logged if event.kind == ROLLED_BACK]
        if not timedelta(0) <= self.clock.now() - proof.at <= most or proof.at < max(
            decided, default=proof.at
        ):
            raise UsageError(
                f"the proof of {self.plan.id} is of {told(proof.at)}, and must be no older than {_WORDS[most]}",
                hint=f"{verify} proves it anew",
            )
        return proof

    def _require_asked(self) -> None:
        target = self.plan.target.connection
        if target not in self.order.names:
            raise UsageError(
                f"lookups do not ask {target} at all: with a cut-over, nobody would be told of its codes",
                hint=f"name {target} in `connections` of [lookup] first",
            )

    def _target_first(self, before: tuple[str, ...]) -> tuple[str, ...]:
        source, target = self.plan.source.connection, self.plan.target.connection
        if source == target:
            return before
        return (target, *(name for name in before if name != target))

    def _prefer(self, names: tuple[str, ...]) -> None:
        if self.preference.get() != names:
            self.preference.set(names)


def name_of(plan: MigrationPlan) -> str:
    """Return the name by which the source list is confirmed before it ends: its id where it has none."""
    return plan.source.name or plan.source.list_id or ""


def _checklist(plan: MigrationPlan, ends_at: datetime) -> Iterator[MigrationTask]:
    source, target = plan.source, plan.target
    until = f"{ends_at:%Y-%m-%d %H:%M} UTC"
    verify = f"couponhub migrate verify {plan.id}"
    yield MigrationTask(
        text=f"Stop handing codes of list {source.list_id} of {source.connection} out: campaigns and tills take them from"
        f" {target.connection} now.",
        command=f"couponhub lists show {source.connection} {source.list_id}",
    )
    yield MigrationTask(
        text=f"Lookups ask {target.connection} first, in every process that shares this state.",
        command="couponhub connections",
    )
    yield MigrationTask(
        text=f"Until {until} compare what both vendors say of a sample of customers.",
        command=f"couponhub migrate shadow {plan.id} --customers people.csv --sample 100",
    )
    yield MigrationTask(
        text=f"The way back is open until {until}.", command=f"couponhub migrate rollback {plan.id}"
    )
    yield MigrationTask(text=f"After {until} prove it once more.", command=verify)
    yield MigrationTask(
        text=f"Then retire list {source.list_id} of {source.connection}; it cannot be taken back.",
        command=f"couponhub migrate retire {plan.id}",
    )


def _standing(phase: MigrationPhase | None) -> str:
    """Tell a phase in which something cannot be done; one that was cancelled has never come to its end."""
    if phase is None or phase is MigrationPhase.APPLYING:
        return "not applied to its end"
    return phase.value.replace("_", " ")
