"""The fate of the planned codes that nobody was asked about: told from the files that were sent, and from counters."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import attrs

from couponhub.codes import codes_of_segments, compare, differing, intersect, joined, subtract
from couponhub.codes.joins.settings import SetsSettings
from couponhub.migration.children import batch_file
from couponhub.migration.code_files import as_set, create, csv_batches, lines_of
from couponhub.migration.counters import ListCounters
from couponhub.migration.fingerprints import KeptFingerprints
from couponhub.migration.judgements import ASSUMED, COUNTED, Findings, Judgement, missing, unknown
from couponhub.migration.known_codes import KnownCodes
from couponhub.migration.sent_parts import SentPart
from couponhub.models import CodeClass, CodeFileRules, Evidence, MigrationPlan
from couponhub.state import CodeSet, PartRecord, TextCodeSet

_NOT_SENT = missing("it was not sent", Evidence.COUNTED)
_NO_ANSWER = unknown("no answer came when its file was sent: the target may have it or not")
_NOT_ENDED = unknown("the target's vendor has not ended its file")
_REFUSED_ONE = unknown("the target's vendor refused some rows of its file, and does not say which")
_OTHERS_UNKNOWN = unknown("it went to the target by another upload, whose end is not known")
_NOT_BOUND = unknown("it went to the target by another upload: whether its customer holds it is not known")
_NOT_SHOWN = unknown("the target list cannot be looked at")
_ARCHIVED = unknown("the target list is archived: codes that were not handed out may be gone")
_GONE = missing("the target list is not there any more", Evidence.ASKED)
_NOT_PLANNED = Judgement(
    CodeClass.UNEXPECTED, Evidence.COUNTED, "it was sent, and stands in no batch of the plan"
)


@attrs.frozen(kw_only=True)
class SentSets:
    """The codes that are to go beside those that went.

    Attributes:
        unsent: Planned codes that stand in no file that was sent; None for none.
        unplanned: Codes of such files that were not planned; None for none.
    """

    unsent: TextCodeSet | None
    unplanned: TextCodeSet | None


def compare_sent(
    plan: MigrationPlan,
    fingerprints: KeptFingerprints,
    parts: Sequence[SentPart],
    folder: Path,
    rules: CodeFileRules,
    *,
    engine: SetsSettings | None = None,
) -> SentSets:
    """Compare what is to go with what went; where both are the same, by their fingerprints alone.

    Raises:
        LocalError: Codes are not kept any more, or the disk is full.
    """
    planned = tuple(PlannedCodes(fingerprints, batch.number) for batch in plan.batches)
    if not planned:
        return SentSets(unsent=None, unplanned=None)
    key = fingerprints.key()
    ours = joined(fingerprints.planned(one.number, (one,), folder, key) for one in planned)
    if not parts:
        return SentSets(unsent=_written(planned, folder / "unsent.txt"), unplanned=None)
    theirs = joined(
        fingerprints.sent(
            part.upload.id, part.record.number, () if part.codes is None else (part.codes,), folder, key
        )
        for part in parts
    )
    odd = differing(ours, theirs)
    if not odd:
        return SentSets(unsent=None, unplanned=None)
    kept = [part.codes for part in parts if part.codes is not None]
    target = folder / "sent"
    found = compare(
        codes_of_segments([one.as_text(folder) for one in planned], odd, key, rules=rules),
        codes_of_segments(kept, odd, key, rules=rules),
        folder,
        target=target,
        rules=rules,
        engine=engine,
    )
    return SentSets(
        unsent=as_set(target / "first.csv") if found.first.apart else None,
        unplanned=as_set(target / "second.csv") if found.second.apart else None,
    )


@attrs.frozen
class PlannedCodes:
    """The codes of a batch as a set; they are read from its file when they are used."""

    fingerprints: KeptFingerprints
    number: int

    def batches(self) -> Iterator[Sequence[str]]:
        """As `CodeSet.batches`."""
        for rows in csv_batches(self.fingerprints.kept.path(batch_file(self.number))):
            yield [row[-1] for row in rows]

    def as_text(self, folder: Path) -> TextCodeSet:
        """Return them in a file of their own, which is skimmed at a small part of the time."""
        return _written((self,), folder / f"planned-{self.number}.txt")

    def is_kept(self) -> bool:
        """As `CodeSet.is_kept`."""
        return (
            self.fingerprints.kept.files.path(self.fingerprints.kept.id, batch_file(self.number)) is not None
        )


@attrs.define(kw_only=True)
class Tally:
    """The planned codes by what became of them, beside the findings.

    Attributes:
        refused: Codes that the vendor counts as refused, whichever they are.
        refused_unnamed: Those of them of which nobody knows which they are.
    """

    refused: int = 0
    refused_unnamed: int = 0


@attrs.define(kw_only=True)
class RestJudge:
    """Judges the planned codes that are not known by themselves, and tells of them.

    Attributes:
        parts: The files that were sent.
        known: The others, which the findings have taken in already.
        counters: What the target's vendor counts.
        findings: Takes them in.
        folder: A private folder for files on the way.
        rules: How the target's vendor compares codes.
        bound: The codes that are to go with their customers.
        engine: Of large sets.
    """

    parts: Sequence[SentPart]
    known: KnownCodes
    counters: ListCounters
    findings: Findings
    folder: Path
    rules: CodeFileRules
    bound: Sequence[CodeSet]
    engine: SetsSettings
    _tally: Tally = attrs.field(factory=Tally, init=False)
    _named: int = attrs.field(default=0, init=False)

    def judge(self, sets: SentSets, others: Iterable[tuple[PartRecord, CodeSet]]) -> Tally:
        """Judge them all.

        Args:
            sets: See `compare_sent`.
            others: What went to the list from elsewhere here.
        """
        self._named = self.findings.count(CodeClass.MISSING)
        known_elsewhere = self._unsent(sets, others)
        if sets.unplanned is not None:
            self._tell(_NOT_PLANNED, sets.unplanned, rows=lines_of(sets.unplanned))
        taken: list[SentPart] = []
        for part in self.parts:
            if part.refused == 0:
                taken.append(part)
            else:
                known_elsewhere += self._odd_part(part)
        rest = sum(part.rows for part in taken) - (len(self.known) - known_elsewhere)
        self._taken(taken, max(0, rest))
        return self._tally

    def _unsent(self, sets: SentSets, others: Iterable[tuple[PartRecord, CodeSet]]) -> int:
        """Judge planned codes that are in no file of ours; return how many of them are known by themselves."""
        if sets.unsent is None:
            return 0
        rest = sets.unsent
        known = self.known.count_in(rest.batches())
        waiting = tuple(others)
        # A code can be at the target by another upload, and yet not be its customer's there.
        if waiting and self.bound:
            bound, rest = self._split(rest, self.bound, "bound")
            found, unsent = self._split(bound, [codes for _, codes in waiting], "others-bound")
            self._tell(_NOT_BOUND, found, rows=None)
            self._tell(_NOT_SENT, unsent, rows=None)
        for judgement, chosen in (
            (self._of_counted(COUNTED), [codes for part, codes in waiting if part.taken]),
            (_OTHERS_UNKNOWN, [codes for part, codes in waiting if not part.taken]),
        ):
            if chosen:
                found, rest = self._split(rest, chosen, f"others-{judgement.code_class.name}")
                self._tell(judgement, found, rows=None)
        self._tell(_NOT_SENT, rest, rows=None)
        return known

    def _split(
        self, codes: TextCodeSet, others: Sequence[CodeSet], name: str
    ) -> tuple[TextCodeSet, TextCodeSet]:
        """Return the codes that stand in others, too, and those that do not."""
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        both, left = folder / "both.csv", folder / "left.csv"
        intersect((codes,), others, both, folder, rules=self.rules, engine=self.engine)
        subtract((codes,), others, left, folder, rules=self.rules, engine=self.engine)
        return as_set(both), as_set(left)

    def _odd_part(self, part: SentPart) -> int:
        """Judge the codes of a file that the vendor did not simply take; return how many are known by themselves."""
        codes = part.codes
        known = 0 if codes is None else self.known.count_in(codes.batches())
        rest = part.rows - known
        names: Iterable[str] = () if codes is None else self.known.others(codes.batches())
        refused = part.refused
        if refused is None:
            self.findings.add(self._of_uncounted(part), rest, names)
            return known
        absent = 0 if codes is None else self.known.count_in(codes.batches(), missing=True)
        self._tally.refused += refused
        self._named -= min(refused, absent)
        if refused <= absent:
            self.findings.add(self._of_counted(COUNTED), rest, names)
        elif refused == part.rows:
            self.findings.add(
                missing("the target's vendor refused every row of its file", Evidence.COUNTED), rest, names
            )
        else:
            self._tally.refused_unnamed += refused - absent
            self.findings.add(_REFUSED_ONE, rest, names)
        return known

    def _taken(self, parts: Sequence[SentPart], rest: int) -> None:
        """Judge the codes of files that the vendor counted whole, as far as its count of the list bears that out."""
        judgement = self._of_counted(COUNTED)
        names = self.known.others(
            chain.from_iterable(part.codes.batches() for part in parts if part.codes is not None)
        )
        counters = self.counters
        if judgement is not COUNTED:
            self.findings.add(judgement, rest, names)
            return
        # The vendor may count codes that it took back, or not: those are told by name.
        lacking = max(0, -counters.beyond - max(0, self._named))
        # So it is with codes that are in other hands than planned, or that nobody planned.
        handed_out = max(0, counters.handed_out_beyond - self.findings.odd)
        doubtful = min(rest, lacking + handed_out)
        self.findings.add(COUNTED, rest - doubtful)
        self.findings.add(
            unknown("the counters of the target differ, and do not say by which codes"), doubtful
        )

    def _of_counted(self, counted: Judgement) -> Judgement:
        """Return the judgement about codes that the vendor counted when they were sent, as the list now stands."""
        counters = self.counters
        if counters.is_gone:
            return _GONE
        if counters.shown is None:
            return _NOT_SHOWN
        if counters.is_archived:
            return _ARCHIVED
        return counted if counters.is_counted else ASSUMED

    def _of_uncounted(self, part: SentPart) -> Judgement:
        if part.is_unknown:
            return _NO_ANSWER
        if not part.is_ended:
            return _NOT_ENDED
        now = self._of_counted(COUNTED)
        return ASSUMED if now is COUNTED else now

    def _tell(self, judgement: Judgement, codes: TextCodeSet, rows: int | None) -> None:
        """Tell of codes, but for those that are known by themselves."""
        if rows is None:
            rows = lines_of(codes) - self.known.count_in(codes.batches() if codes.size else ())
        self.findings.add(judgement, rows, self.known.others(codes.batches()))


def _written(sets: Iterable[CodeSet], path: Path) -> TextCodeSet:
    with create(path) as file:
        for one in sets:
            for batch in one.batches():
                file.write("".join(f"{code}\n" for code in batch).encode())
    return TextCodeSet(path)
