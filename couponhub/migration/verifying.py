"""The proof of a migration: the target beside the plan, code by code, and how each is known."""

import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from couponhub.clock import Clock
from couponhub.codes.joins.settings import SetsSettings
from couponhub.codes.new_file import new_file
from couponhub.errors import CouponhubError, LocalError
from couponhub.migration.asked_codes import ask_target
from couponhub.migration.children import BatchUploads
from couponhub.migration.code_files import lines_of
from couponhub.migration.counted_codes import PlannedCodes, RestJudge, SentSets, Tally, compare_sent
from couponhub.migration.counters import ListCounters, counters_of
from couponhub.migration.fingerprints import KeptFingerprints
from couponhub.migration.judgements import Findings, differs, unknown
from couponhub.migration.kept import KeptMigration
from couponhub.migration.known_codes import KnownCodes
from couponhub.migration.questions import AskedCodes, Questions
from couponhub.migration.run_log import CUT_OVER, ROLLED_BACK, RunLog
from couponhub.migration.second_pass import SecondLook
from couponhub.migration.sent_parts import others_of, sent_parts
from couponhub.models import (
    CodeClass,
    CodeFileRules,
    Evidence,
    ListId,
    MigrationEquation,
    MigrationPlan,
    MigrationProof,
    Part,
)
from couponhub.state import CodeSet, Ledger, ListHistory, PartRecord

if TYPE_CHECKING:
    from couponhub.connection import Connection

SAMPLE = 1000
_DOUBLE = differs("customer: handed out at the source since it was planned as free, so that two may hold it")
_BEYOND = unknown("the target's vendor counts more codes than should be there")


@attrs.frozen(kw_only=True)
class _Second:
    """The findings of the second pass over the source.

    Attributes:
        is_done: False when the source could not be asked.
        double: Codes that moved as free and were handed out since.
        unknown: Codes that were handed out and nobody knows which.
    """

    is_done: bool
    double: int
    unknown: int


@attrs.frozen(kw_only=True)
class Verifier:
    """Compares the target of a migration with its plan. Nothing but files of its own is written.

    Attributes:
        plan: As it is applied.
        kept: The files of the migration.
        log: What was decided.
        list_id: Of the target list; None while it is yet to be made.
        target: The connection that codes go to.
        batches: The uploads to it.
        ledger: What was sent there.
        second_look: Looks at the source again.
        take_back: The way to take a single code back at the source, and at the target, by connection.
        engine: Of large sets.
        clock: How the vendor's pauses pass.
    """

    plan: MigrationPlan
    kept: KeptMigration
    log: RunLog
    list_id: str | None
    target: "Connection"
    batches: BatchUploads
    ledger: Ledger
    second_look: SecondLook
    take_back: Mapping[str, str]
    engine: SetsSettings
    clock: Clock

    def verify(self, *, sample: int, seed: int, out: Path | None) -> MigrationProof:
        """Prove what can be proven now.

        Args:
            sample: The most customers, and the most free codes, that the target is asked about.
            seed: Of the sample.
            out: A new file for all codes that are not as planned; None for those in the proof alone.

        Raises:
            LocalError: The files of the migration cannot be read, or this machine failed.
        """
        with ExitStack() as held:
            file = None if out is None else held.enter_context(new_file(out))
            try:
                folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="couponhub-verify-")))
                findings = Findings(file)
                proof = self._proof(findings, folder, sample, seed)
                findings.finish()
            except OSError as error:
                raise LocalError(f"working on the proof failed: {error.strerror}") from error
            return proof

    def _proof(self, findings: Findings, folder: Path, sample: int, seed: int) -> MigrationProof:
        rules = self.batches.uploads.file_rules
        history = ListHistory(uploads=(), kept={}, has_place=True)
        if self.list_id is not None:
            history = self.ledger.history(ListId(self.list_id))
        parts = sent_parts([batch.number for batch in self.plan.batches], self.batches, history)
        others = tuple(others_of(history, parts))
        tagged = {
            upload_id
            for batch in self.plan.batches
            if batch.identifier is not None
            for upload_id in self.batches.begun(batch.number)
        }
        counters = self._counters(
            [(part.shown, part.upload.id in tagged) for part in parts],
            [(part, codes) for part, codes in others if _is_since(part, self.plan.made_at)],
        )
        asked = AskedCodes(known=KnownCodes(rules))
        if self.list_id is not None and parts:
            asked = ask_target(self._questions(counters, rules, sample, seed), folder)
        notes = [*counters.notes(), *asked.notes]
        second = self._second_pass(asked.known, folder / "second", notes)
        for judgement, count, names in asked.known.by_judgement():
            findings.add(judgement, count, names)
        for code, judgement in asked.unexpected:
            findings.add(judgement, 1, (code,))
        fingerprints = KeptFingerprints(kept=self.kept, rules=rules)
        sets = compare_sent(self.plan, fingerprints, parts, folder, rules, engine=self.engine)
        sets, stays = self._without_forgotten(sets)
        if stays:
            notes.append(
                f"{stays:,} codes were for customers who were forgotten before they were sent: they stay at the source"
            )
        judge = RestJudge(
            parts=parts,
            known=asked.known,
            counters=counters,
            findings=findings,
            folder=folder,
            rules=rules,
            bound=[
                PlannedCodes(fingerprints, batch.number)
                for batch in self.plan.batches
                if batch.identifier is not None
            ],
            engine=self.engine,
        )
        tally = judge.judge(sets, others)
        unknown_codes = findings.count(CodeClass.UNKNOWN)
        if self.cut_over is None:
            findings.add(_BEYOND, max(0, counters.beyond - findings.odd))
        if tally.refused:
            notes.append(f"the target's vendor refused {tally.refused:,} of the codes that were sent")
        return self._told(
            findings, self._equation(findings, tally, second, unknown_codes, stays), second, notes
        )

    def _without_forgotten(self, sets: SentSets) -> tuple[SentSets, int]:
        """Take the codes of forgotten customers out of what was not planned; also return how many of theirs never went."""
        forgotten = sum(self.batches.forgotten(batch) for batch in self.plan.batches)
        if not forgotten:
            return sets, 0
        stays = sum(self.batches.counts(batch).forgotten for batch in self.plan.batches)
        if sets.unplanned is not None and lines_of(sets.unplanned) <= forgotten:
            sets = attrs.evolve(sets, unplanned=None)
        return sets, stays

    @property
    def cut_over(self) -> datetime | None:
        """The moment from which on the target may hand codes out; None while lookups do not ask it first."""
        decided = [event for event in self.log.logged if event.kind in {CUT_OVER, ROLLED_BACK}]
        return decided[-1].at if decided and decided[-1].kind == CUT_OVER else None

    def _counters(
        self, ours: list[tuple[Part, bool]], others: list[tuple[PartRecord, CodeSet]]
    ) -> ListCounters:
        if self.list_id is None:
            return ListCounters(
                shown=None, trouble="it is yet to be made", is_gone=False, total=None, handed_out=None
            )
        found = counters_of(
            self.target, self.list_id, self.plan, ours=ours, others=[part.shown for part, _ in others]
        )
        # From the cut-over on the target is there to hand codes out.
        return found if self.cut_over is None else attrs.evolve(found, handed_out=None)

    def _questions(self, counters: ListCounters, rules: CodeFileRules, sample: int, seed: int) -> Questions:
        assert self.list_id is not None  # noqa: S101 - there are parts of it
        return Questions(
            target=self.target,
            list_id=self.list_id,
            shown=counters.shown,
            plan=self.plan,
            kept=self.kept,
            rules=rules,
            cut_over=self.cut_over,
            sample=sample,
            seed=seed,
            engine=self.engine,
            clock=self.clock,
        )

    def _second_pass(self, known: KnownCodes, folder: Path, notes: list[str]) -> _Second:
        folder.mkdir(mode=0o700)
        if self.list_id is None:
            return _Second(is_done=False, double=0, unknown=self.plan.counts.unknown)
        try:
            with self.second_look.look(self.list_id, folder) as found:
                notes.append(found.message)
                if found.count:
                    for batch in found.codes.batches():
                        for code in batch:
                            known.put(code, _DOUBLE)
                    notes += [f"such a code at {name}: {way}" for name, way in self.take_back.items() if way]
                if found.unknown:
                    notes.append(
                        f"the source's vendor counts {found.unknown:,} codes as handed out of which nobody knows which they are"
                    )
                return _Second(is_done=True, double=found.count, unknown=found.unknown)
        except CouponhubError as error:  # of the vendor, or a file that holders were read from is gone
            notes.append(f"what the source handed out since cannot be found out: {error.message}")
            return _Second(is_done=False, double=0, unknown=self.plan.counts.unknown)

    def _equation(
        self, findings: Findings, tally: Tally, second: _Second, unknown_codes: int, stays: int
    ) -> MigrationEquation:
        counts = self.plan.counts
        there = findings.count(CodeClass.THERE) + findings.count(CodeClass.DIFFERS)
        # Of codes that the source gave to nobody knows whom, nobody can say that they are free at the target.
        doubtful = min(second.unknown, there)
        return MigrationEquation(
            all=counts.all,
            moved=there - doubtful,
            issued_elsewhere=self.plan.left_behind + stays,
            redeemed=counts.redeemed,
            expired=counts.expired,
            rejected=sum(self.plan.rejected.values()) + tally.refused,
            skipped=self.plan.skipped,
            unknown=unknown_codes - tally.refused_unnamed + doubtful,
        )

    def _told(
        self, findings: Findings, equation: MigrationEquation, second: _Second, notes: Iterable[str]
    ) -> MigrationProof:
        classes, evidence = findings.classes, findings.evidence
        is_clean = not any(classes[one.value] for one in CodeClass if one is not CodeClass.THERE)
        balanced = (
            equation.balances
            and not equation.unknown
            and is_clean
            and not evidence[Evidence.ASSUMED.value]
            and second.is_done
            and not second.double
        )
        return MigrationProof(
            id=self.plan.id,
            at=self.clock.now(),
            balanced=balanced,
            classes=classes,
            evidence=evidence,
            equation=equation,
            double_issued=second.double,
            differences=tuple(findings.first),
            notes=tuple(notes),
        )


def _is_since(part: PartRecord, moment: datetime) -> bool:
    return part.submitted_at is not None and part.submitted_at >= moment
