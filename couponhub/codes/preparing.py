"""The whole way from a source of codes to vendor files, in one pass to read and one to write."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from couponhub.codes.checking import Checks, CodeOddities
from couponhub.codes.contents import rows_of_content
from couponhub.codes.dedupe import DedupeResult
from couponhub.codes.faults import Faults
from couponhub.codes.few import FewCodes
from couponhub.codes.header import Columns
from couponhub.codes.rejects import SoundRows
from couponhub.codes.row_record import RowRecordWriter
from couponhub.codes.rows import SourceRows, rows_of_iterable
from couponhub.codes.scratch import scratch_in
from couponhub.codes.sharing import MUCH, size_of
from couponhub.codes.source import CODE_FILE, CodeSource, is_file
from couponhub.codes.words import Strays
from couponhub.codes.writing import PartWriter, PreparedFile, header_row
from couponhub.errors import LocalError, UsageError
from couponhub.intake.fetching import local_copy
from couponhub.intake.form import SourceForm
from couponhub.intake.opening import opened
from couponhub.intake.source import name_of, state_of
from couponhub.models import CodeFileRules, Tagging
from couponhub.state import CodeSet

if TYPE_CHECKING:
    from couponhub.codes.sets.many import ManyCodes
    from couponhub.codes.witness import Witness

MANY = 200_000
"""Rows from which on it pays to import what is made for many."""


@attrs.frozen(kw_only=True)
class PreparedCodes:
    """A source made ready: rows = duplicates + skipped + the rows of the parts.

    Attributes:
        rows: Rows of codes in the source; blank rows do not count.
        rejected: Faulty rows that were left out; see `rejects` of `prepare`.
        reasons: How many of those, by what is wrong with them.
        examples: The lines of the first few of each reason.
        form: In which the codes came.
        oddities: Counts of what was taken all the same.
        duplicates: Rows left out because their code stood earlier in the source.
        skipped: Rows left out because their code was sent before.
        warnings: What was odd, in counts, never with a code.
        fingerprint: Recognises the same rows in the same order for the same kind of customer, in hex.
        parts: Empty when nothing is left to send.
    """

    rows: int
    duplicates: int
    skipped: int
    warnings: tuple[str, ...]
    fingerprint: str
    parts: tuple[PreparedFile, ...]
    rejected: int = 0
    reasons: Mapping[str, int] = attrs.field(factory=dict)
    examples: tuple[tuple[int, str], ...] = ()
    form: SourceForm = attrs.field(factory=SourceForm)
    oddities: CodeOddities = attrs.field(factory=CodeOddities)


def prepare(
    source: CodeSource,
    rules: CodeFileRules,
    workspace: Path,
    *,
    column: str | int | None = None,
    tagging: Tagging | None = None,
    accepts_ruined: bool = False,
    sent: Iterable[CodeSet] = (),
    rejects: Path | None = None,
    refuses: bool = True,
    witness: "Witness | None" = None,
    record: Path | None = None,
) -> PreparedCodes:
    """Read, check, dedupe, subtract and split codes into vendor files in `workspace`.

    The first of equal codes is kept. Everything wrong with the source is told at once, by line, with no code.

    Args:
        source: A path, an address or an open file with a header row, or an iterable of codes without one.
        rules: How the vendor wants its files.
        workspace: An existing private folder; the caller removes it. Nothing half done is left in it.
        column: The column of codes by name, or by position from 0; None to find it by its name.
        tagging: Which column names customers, None when codes come alone.
        accepts_ruined: Send codes that a spreadsheet seems to have ruined as they stand.
        sent: The code sets of what was sent before and is not to be sent again.
        rejects: A new private file for the lines of faulty rows and what is wrong with each, as CSV; such rows then are
            left out. None to refuse a source that has any.
        refuses: False to take note, too, of a source without a sound row, or with nothing but rounded numbers.
        witness: Sees the sound rows, unless they are many.
        record: A new private file for what became of each sound row, by line; see `row_record`. None for no such file.

    Raises:
        UsageError: The source is empty, has no header, has faulty rows, or nothing else; the text names the file.
        CouponhubError: What the address names cannot be had; see `local_copy`.
        LocalError: The source cannot be read, a file changed while it was read, or the disk is full.
    """
    try:
        return _prepare(
            source,
            rules,
            workspace,
            column=column,
            tagging=tagging,
            accepts_ruined=accepts_ruined,
            sent=sent,
            rejects=rejects,
            refuses=refuses,
            witness=witness,
            record=record,
        )
    except UsageError as error:
        if not (name := name_of(source)):
            raise
        raise error.reworded(message=f"{name}: {error.message}") from error.__cause__


def _prepare(
    source: CodeSource,
    rules: CodeFileRules,
    workspace: Path,
    *,
    column: str | int | None,
    tagging: Tagging | None,
    accepts_ruined: bool,
    sent: Iterable[CodeSet],
    rejects: Path | None,
    refuses: bool,
    witness: "Witness | None",
    record: Path | None,
) -> PreparedCodes:
    with ExitStack() as opened:
        scratch = opened.enter_context(scratch_in(workspace))
        source = local_copy(source, scratch)
        before = state_of(source)
        faults, oddities = Faults(), CodeOddities()
        rows = opened.enter_context(_rows(source, rules, faults, column=column, tagging=tagging))
        checks = Checks(
            rules=rules,
            identifier=tagging.identifier if tagging else None,
            strays=Strays(rows.columns.header, rows.columns.beside),
            lone_column=rows.form.kind == "text" and rows.columns.width == 1,
            accepts_ruined=accepts_ruined,
            faults=faults,
            oddities=oddities,
        )
        sound = opened.enter_context(SoundRows(checks, rejects, tagging))
        sent = tuple(sent)
        codes = _taken_in(rows, sound, opened, scratch, witness, is_much=size_of(sent) >= MUCH)
        if state_of(source) != before:
            raise LocalError(
                f"{name_of(source)} changed while it was read, so that nobody can tell what is in it",
                hint="wait until whoever writes it has ended, and do it again",
            )
        if refuses:
            checks.finish()
        if not codes.rows and (refuses or not sound.rejected):
            faults.refuse()
            raise UsageError("there are no codes, only a header" if is_file(source) else "there are no codes")
        deduped = codes.settle(sent)
        if record is not None:
            with RowRecordWriter(record) as writer:
                codes.note_rows(writer)
        return PreparedCodes(
            rows=codes.rows + sound.rejected,
            duplicates=deduped.duplicates,
            skipped=deduped.skipped,
            rejected=sound.rejected,
            reasons=faults.reasons if sound.rejected else {},
            examples=faults.examples if sound.rejected else (),
            form=rows.form,
            oddities=oddities,
            warnings=(*oddities.warnings(rules), *_warnings(deduped, rules, rows.columns, tagging)),
            fingerprint=codes.fingerprint,
            parts=_write(codes, header_row(rules, tagged=tagging is not None), rules, workspace),
        )


def _taken_in(
    rows: SourceRows,
    sound: SoundRows,
    opened: ExitStack,
    scratch: Path,
    witness: "Witness | None",
    *,
    is_much: bool,
) -> "FewCodes | ManyCodes":
    """Read and check all rows, and take the sound ones; by what is right for few, or for many."""
    few = opened.enter_context(FewCodes(scratch, sound.checks.rules, sound.tagging))
    are_many = rows.foresees(MANY)
    seen = 0
    while not are_many and (batch := next(rows.batches, None)) is not None:
        seen += len(batch.codes)
        taken = sound.of(batch)
        few.add(taken)
        if witness is not None:
            witness.see(taken)
        are_many = seen >= MANY
    sound.note()  # of rows behind the last sound one, too
    if not (are_many or is_much):
        return few
    from couponhub.codes.sets.many import ManyCodes  # noqa: PLC0415 - brings NumPy in

    many = opened.enter_context(ManyCodes(scratch, sound.checks.rules, sound.tagging))
    many.take_over(few)
    many.take_in(rows, sound)
    return many


@contextmanager
def _rows(
    source: CodeSource,
    rules: CodeFileRules,
    faults: Faults,
    *,
    column: str | int | None,
    tagging: Tagging | None,
) -> Iterator[SourceRows]:
    if is_file(source):
        with opened(source, CODE_FILE) as content:
            yield rows_of_content(content, rules, faults, column=column, tagging=tagging)
    elif tagging is not None:
        raise UsageError("codes for customers come as a file with two columns, not as an iterable of codes")
    elif column is not None:
        raise UsageError("a column is named of a file, not of an iterable of codes")
    else:
        yield rows_of_iterable(source)


def _warnings(
    deduped: DedupeResult, rules: CodeFileRules, columns: Columns, tagging: Tagging | None
) -> Iterator[str]:
    if deduped.case_duplicates:
        ignored = " or ".join([*["case"] * rules.ignores_case, *["blanks around it"] * rules.ignores_blanks])
        yield (
            f"{deduped.case_duplicates} codes differ from an earlier one only by {ignored}, which the vendor ignores: left out"
        )
    if deduped.lookalikes:
        yield (
            f"{deduped.lookalikes} codes look like an earlier one, their accents are only composed otherwise:"
            " nobody can tell them apart"
        )
    if tagging is not None and deduped.duplicates:
        yield f"{deduped.duplicates} rows name a code of an earlier row: left out, whoever the customer"
    if columns.bare:
        yield "the file has no header: every line was taken as a code, the first one too"
    if columns.unused:
        yield f'the codes were sent without the customers in column "{columns.unused}": --tag would bind them, where the vendor can'


def _write(
    codes: "FewCodes | ManyCodes", header: bytes, rules: CodeFileRules, workspace: Path
) -> tuple[PreparedFile, ...]:
    writer = PartWriter(workspace, header, rules)
    try:
        codes.write(writer)
        writer.finish()
    except BaseException:
        writer.discard()
        raise
    return tuple(writer.parts)
