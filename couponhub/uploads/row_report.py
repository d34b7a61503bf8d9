"""The report of an upload, row by row: what became of each row of its source, and how that is known."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

import attrs

from couponhub.codes.dedupe import KEPT
from couponhub.codes.row_record import IN_DOUBT
from couponhub.models import Evidence, Part, PartReport, RowOutcome, Upload, UploadReport
from couponhub.state import PartRecord, UploadRecord
from couponhub.uploads.code_probe import ELSEWHERE, HERE, CodeProbe
from couponhub.uploads.report_file import report_writer
from couponhub.uploads.row_outcomes import OF_FATE, RowJudgement, judgement_of
from couponhub.uploads.row_walk import RowWalk, Stretch, mismatch


@attrs.frozen(kw_only=True)
class RowReporter:
    """Writes the report of one upload.

    Attributes:
        record: As last known.
        upload: The same, as it is shown.
        walk: The rows of its source.
        probe: Asks the vendor about codes of which it is not known what became of them.
    """

    record: UploadRecord
    upload: Upload
    walk: RowWalk
    probe: CodeProbe
    _judgements: Mapping[int, RowJudgement] = attrs.field(init=False)
    _found: Counter[int] = attrs.field(init=False, factory=Counter)
    _asked: Counter[int] = attrs.field(init=False, factory=Counter)

    @_judgements.default
    def _judge(self) -> Mapping[int, RowJudgement]:
        parts = zip(self.upload.parts, self.record.parts, strict=True)
        return {known.number: judgement_of(part, known) for part, known in parts}

    def write(self, path: Path) -> UploadReport:
        """Write it.

        Raises:
            LocalError: It cannot be written, or what is kept of the upload cannot be read.
        """
        self._ask()
        counts: Counter[tuple[int, RowOutcome]] = Counter()
        evidence: Counter[Evidence | None] = Counter()
        with report_writer(path) as writer:
            for rows, judgement in self._judged():
                writer.write(rows, judgement)
                counts[rows.part, judgement.outcome] += len(rows.codes)
                evidence[judgement.evidence] += len(rows.codes)
            report = self._report(path, counts, evidence)
            self._require_balance(report)
        return report

    def _ask(self) -> None:
        """Ask about codes, as far as that is wanted, and note of which parts all or some were."""
        if self.probe.finder is None:
            return
        self.probe.run(code for rows, _ in self._unknown() for code in rows.codes)
        done = 0
        for rows, _ in self._unknown():
            answers = self.probe.answers[done : done + len(rows.codes)]
            if not answers:
                break
            self._asked[rows.part] += len(answers)
            self._found[rows.part] += answers.count(HERE)
            done += len(answers)

    def _unknown(self) -> Iterator[tuple[Stretch, RowJudgement]]:
        for rows in self.walk:
            judgement = self._judgement(rows)
            if judgement.outcome is RowOutcome.UNKNOWN:
                yield rows, judgement

    def _judged(self) -> Iterator[tuple[Stretch, RowJudgement]]:
        """Give all rows with what is said of them."""
        done = 0
        for rows in self.walk:
            judgement = self._judgement(rows)
            answers = b""
            if judgement.outcome is RowOutcome.UNKNOWN:
                answers = bytes(self.probe.answers[done : done + len(rows.codes)])
                done += len(answers)
            start = 0
            for answer, same in groupby(answers):
                end = start + len(list(same))
                yield rows.cut(start, end), self._answered(rows, judgement, answer)
                start = end
            if start < len(rows.codes):
                yield rows.cut(start, len(rows.codes)), judgement

    def _judgement(self, rows: Stretch) -> RowJudgement:
        if rows.fate != KEPT:
            return OF_FATE[rows.fate]
        judgement = self._judgements.get(rows.part)
        if judgement is None:
            raise mismatch()
        return judgement

    def _answered(self, rows: Stretch, judgement: RowJudgement, answer: int) -> RowJudgement:
        if answer == HERE and self._some_were_there_before(rows.part):
            why = "the list has the code, and more codes of its part than the vendor counts as taken: some were there before"
            return RowJudgement(RowOutcome.UNKNOWN, why)
        if answer == HERE:
            outcome = RowOutcome.SKIPPED if rows.fate == IN_DOUBT else RowOutcome.ACCEPTED
            return RowJudgement(outcome, "the vendor shows the code in the list", Evidence.ASKED)
        if rows.part and self._all_taken_are_found(self.upload.parts[rows.part - 1], rows.part):
            why = "the list has as many other codes of its part as the vendor counts as taken"
            return RowJudgement(RowOutcome.REJECTED, why, Evidence.ASSUMED)
        shown = "shows the code, and not in this list" if answer == ELSEWHERE else "does not show the code"
        return attrs.evolve(judgement, reason=f"{judgement.reason}; asked, it {shown}, which proves nothing")

    def _all_taken_are_found(self, part: Part, number: int) -> bool:
        """Return True when each code of a part was asked about, and the list has as many as the vendor counts."""
        return self._asked[number] == part.rows and self._found[number] == part.accepted

    def _some_were_there_before(self, number: int) -> bool:
        """Return True when the list has more codes of a part than it can have by that part."""
        accepted = self.upload.parts[number - 1].accepted if number else None
        return accepted is not None and self._found[number] > accepted

    def _report(
        self,
        path: Path,
        counts: Mapping[tuple[int, RowOutcome], int],
        evidence: Mapping[Evidence | None, int],
    ) -> UploadReport:
        def total(outcome: RowOutcome) -> int:
            return sum(count for (_, found), count in counts.items() if found is outcome)

        return UploadReport(
            connection=self.upload.connection,
            list_id=self.upload.list_id,
            id=self.upload.id,
            path=str(path),
            rows=sum(counts.values()),
            accepted=total(RowOutcome.ACCEPTED),
            rejected=total(RowOutcome.REJECTED),
            duplicates=total(RowOutcome.DUPLICATE),
            skipped=total(RowOutcome.SKIPPED),
            not_sent=total(RowOutcome.NOT_SENT),
            pending=total(RowOutcome.PENDING),
            unknown=total(RowOutcome.UNKNOWN),
            asked=len(self.probe.answers),
            evidence={str(kind): evidence[kind] for kind in Evidence},
            parts=tuple(
                _part_report(part, known, counts)
                for part, known in zip(self.upload.parts, self.record.parts, strict=True)
            ),
            warnings=tuple(self._warnings()),
        )

    def _warnings(self) -> Iterator[str]:
        if self.probe.trouble is not None:
            yield (
                f"the vendor was asked about {len(self.probe.answers):,} codes of {self.probe.most:,}:"
                f" {self.probe.trouble.message}"
            )
        for number, part in enumerate(self.upload.parts, start=1):
            if self._some_were_there_before(number):
                yield (
                    f"the list has {self._found[number]:,} codes of part {number}, of which the vendor counts"
                    f" {part.accepted:,} as taken: others were there before"
                )

    def _require_balance(self, report: UploadReport) -> None:
        """Refuse a report in which rows are too many, or stand in the wrong part."""
        parts = [part.rows for part in report.parts] == [part.rows for part in self.upload.parts]
        if not parts or (report.rows, report.duplicates) != (self.upload.rows, self.upload.duplicates):
            raise mismatch()


def _part_report(part: Part, known: PartRecord, counts: Mapping[tuple[int, RowOutcome], int]) -> PartReport:
    found = {str(outcome): counts[known.number, outcome] for outcome in RowOutcome}
    is_counted = not (known.shown.accepted is None and known.shown.rejected is None)
    del found[RowOutcome.DUPLICATE], found[RowOutcome.SKIPPED]
    return PartReport(
        number=known.number,
        id=part.id,
        name=part.name,
        status=part.status,
        rows=sum(found.values()),
        vendor_accepted=part.accepted if is_counted else None,
        vendor_rejected=part.rejected if is_counted else None,
        **found,
    )
