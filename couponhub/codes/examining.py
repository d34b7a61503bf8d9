"""The examination of code files: everything that can be known of them without a vendor."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import attrs

from couponhub.codes.dedupe import DedupeResult, Deduplicator
from couponhub.codes.patterns import Patterns
from couponhub.codes.preparing import PreparedCodes, prepare
from couponhub.codes.report import CheckedFile, Finding, RowExample
from couponhub.codes.sharing import MUCH, size_of
from couponhub.codes.source import CodeSource
from couponhub.codes.witness import Witness
from couponhub.errors import UsageError
from couponhub.intake.source import name_of
from couponhub.models import CodeFileRules
from couponhub.state import CodeSet, TextCodeSet

ANY_VENDOR = CodeFileRules(code_header="code", quoting=True)
"""The rules of nobody: whatever can be a code is one."""
NO_CODE = "no code"
"""The reason of rows without a code."""
_ODD = (
    ("odd_blanks", "have a blank inside that is no plain one, which nobody can type"),
    ("blanks", "begin or end with a blank"),
    ("formulas", "begin with = + - or @, which a spreadsheet would take for a formula"),
)


@attrs.frozen(kw_only=True)
class NamedSource:
    """A source with the name that people know it by."""

    name: str
    source: CodeSource


@attrs.frozen(kw_only=True)
class Examination:
    """The findings in some files, taken as one.

    Attributes:
        prepared: Each file on its own, less the codes of those before it.
        code_sets: Its different codes.
        findings: What is odd with them.
        patterns: How they look together.
    """

    files: tuple[CheckedFile, ...]
    prepared: tuple[PreparedCodes, ...] = attrs.field(repr=False)
    code_sets: tuple[TextCodeSet, ...]
    findings: tuple[Finding, ...]
    patterns: Patterns

    @property
    def counts(self) -> Mapping[str, int]:
        """Rows = distinct + duplicates + empty + rejected."""
        return counts_of(self.prepared)

    @property
    def reasons(self) -> Mapping[str, int]:
        """Faulty rows by what is wrong with them."""
        return reasons_of(self.prepared)

    @property
    def examples(self) -> tuple[RowExample, ...]:
        """The first few of each reason, in the order of the files."""
        several = len(self.files) > 1
        return tuple(
            RowExample(line=line, reason=reason, path=file.path if several else None)
            for file, prepared in zip(self.files, self.prepared, strict=True)
            for line, reason in prepared.examples
        )


def counts_of(prepared: Sequence[PreparedCodes]) -> dict[str, int]:
    """Count the rows of files: rows = distinct + duplicates + empty + rejected."""
    rows = sum(one.rows for one in prepared)
    distinct = sum(part.rows for one in prepared for part in one.parts)
    empty = sum(one.reasons.get(NO_CODE, 0) for one in prepared)
    rejected = sum(one.rejected for one in prepared) - empty
    return {
        "rows": rows,
        "distinct": distinct,
        "duplicates": rows - distinct - empty - rejected,
        "empty": empty,
        "rejected": rejected,
    }


def reasons_of(prepared: Iterable[PreparedCodes]) -> dict[str, int]:
    """Count the faulty rows of files by what is wrong with them."""
    reasons: Counter[str] = Counter()
    for one in prepared:
        reasons.update(one.reasons)
    return dict(reasons)


def prepared_in_turn(
    sources: Sequence[NamedSource],
    rules: CodeFileRules,
    workspace: Path,
    *,
    column: str | int | None,
    witness: Witness | None = None,
) -> tuple[PreparedCodes, ...]:
    """Prepare files as one vendor wants them, each less the codes of those before it; faulty rows are left out.

    Raises:
        UsageError, LocalError: As of `prepare`, for what cannot be read.
    """
    done: list[PreparedCodes] = []
    for number, one in enumerate(sources, start=1):
        folder = workspace / str(number)
        folder.mkdir(mode=0o700)
        try:
            prepared = prepare(
                one.source,
                rules,
                folder,
                column=column,
                sent=[TextCodeSet(part.codes) for earlier in done for part in earlier.parts],
                rejects=workspace / f"{number}.rejects",
                refuses=False,
                witness=witness,
            )
        except UsageError as error:  # of a copy, which people do not know
            message = error.message.removeprefix(f"{name_of(one.source)}: ")
            raise error.reworded(message=f"{one.name}: {message}") from error.__cause__
        done.append(prepared)
    return tuple(done)


def examine(
    sources: Sequence[NamedSource], workspace: Path, *, column: str | int | None = None
) -> Examination:
    """Read files, and find what is faulty and what is odd in them.

    Args:
        sources: The files, taken as one. What can be read once only, is read once.
        workspace: An existing private folder, which keeps the codes that were found.
        column: The column of codes by name, or by position from 0; None to find it.

    Raises:
        UsageError: One of them is no code file, is empty, or does not say where the codes are.
        LocalError: One cannot be read, or the disk is full.
    """
    witness = Witness() if len(sources) == 1 else None
    prepared = prepared_in_turn(sources, ANY_VENDOR, workspace, column=column, witness=witness)
    code_sets = tuple(TextCodeSet(part.codes) for one in prepared for part in one.parts)
    patterns = _patterns(code_sets)
    return Examination(
        files=tuple(_file(one, found) for one, found in zip(sources, prepared, strict=True)),
        prepared=prepared,
        code_sets=code_sets,
        findings=tuple(_findings(prepared, code_sets, patterns, witness or Witness(), workspace)),
        patterns=patterns,
    )


def _patterns(code_sets: Sequence[TextCodeSet]) -> Patterns:
    if size_of(code_sets) >= MUCH:
        from couponhub.codes.sets.look import ManyPatterns  # noqa: PLC0415 - brings NumPy in

        many = ManyPatterns()
        for code_set in code_sets:
            for text in code_set.texts():
                many.add_text(text)
        return many
    patterns = Patterns()
    for code_set in code_sets:
        for batch in code_set.batches():
            patterns.add(batch)
    return patterns


def _file(one: NamedSource, found: PreparedCodes) -> CheckedFile:
    form = found.form
    return CheckedFile(
        path=one.name,
        kind=form.kind,
        packing=form.packing or None,
        encoding=form.encoding or None,
        separator=form.separator or None,
        column=form.column or None,
        rows=found.rows,
    )


def _findings(
    prepared: Sequence[PreparedCodes],
    code_sets: Sequence[CodeSet],
    patterns: Patterns,
    witness: Witness,
    workspace: Path,
) -> Iterator[Finding]:
    def finding(kind: str, count: int, message: str, lines: Iterable[int] = ()) -> Iterator[Finding]:
        if count:
            yield Finding(kind=kind, count=count, message=message, lines=tuple(lines))

    duplicates = counts_of(prepared)["duplicates"]
    yield from finding("duplicates", duplicates, "have the code of an earlier row", witness.duplicates)
    by_case = _folded(code_sets, workspace / "case", ignores_case=True)
    yield from finding(
        "case_twins",
        by_case.duplicates,
        "differ from an earlier code by case alone: one code to a vendor that ignores it, and to many people",
        witness.case_twins,
    )
    by_blanks = _folded(code_sets, workspace / "blanks", ignores_blanks=True)
    yield from finding(
        "blank_twins",
        by_blanks.duplicates,
        "differ from an earlier code by blanks around it alone",
        witness.blank_twins,
    )
    yield from finding(
        "lookalikes",
        by_case.lookalikes,
        "look like an earlier code, their accents are only composed otherwise",
        witness.lookalikes,
    )
    for kind, message in _ODD:
        yield from finding(kind, sum(getattr(one.oddities, kind) for one in prepared), message)
    rounded = [one.oddities for one in prepared if one.oddities.all_are_rounded]
    yield from finding(
        "rounded",
        sum(one.rounded for one in rounded),
        "have nothing but zeros from the 16th digit on, as a spreadsheet rounds long numbers",
        [one.rounded_line for one in rounded][: len(prepared) == 1],
    )
    yield from _of_patterns(patterns, witness)


def _of_patterns(patterns: Patterns, witness: Witness) -> Iterator[Finding]:
    usual = patterns.usual_length
    if others := patterns.lengths.total() - patterns.lengths[usual]:
        least, most = min(patterns.lengths), max(patterns.lengths)
        yield Finding(
            kind="lengths",
            count=others,
            message=f"have another length than most, which have {usual} characters: from {least} to {most}",
            lines=tuple(witness.of_other_lengths(usual)),
        )
    letters = patterns.letters
    if others := sum(letters.values()) - letters.get(patterns.usual_letters, 0):
        yield Finding(
            kind="letters",
            count=others,
            message=f"are written in other letters than most, which are in {patterns.usual_letters}",
            lines=tuple(witness.in_other_letters(patterns.usual_letters, letters)),
        )
    if following := patterns.following:
        yield Finding(
            kind="sequence",
            count=following,
            message="count up from one to the next: whoever knows one can guess the others",
        )


def _folded(
    code_sets: Sequence[CodeSet], folder: Path, *, ignores_case: bool = False, ignores_blanks: bool = False
) -> DedupeResult:
    """Find the codes that are one code to a vendor that ignores something."""
    folder.mkdir(mode=0o700)
    if size_of(code_sets) >= MUCH:
        from couponhub.codes.sets.many import ManyCodes  # noqa: PLC0415 - brings NumPy in

        rules = attrs.evolve(ANY_VENDOR, ignores_case=ignores_case, ignores_blanks=ignores_blanks)
        with ManyCodes(folder, rules, None) as many:
            for code_set in code_sets:
                many.add_set(code_set)
            return many.settle(())
    rows = Deduplicator(folder, ignores_case=ignores_case, ignores_blanks=ignores_blanks)
    for code_set in code_sets:
        for batch in code_set.batches():
            rows.add(batch)
    return rows.run()
