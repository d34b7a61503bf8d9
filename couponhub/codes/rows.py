"""Rows of a source, in batches, with the lines they stand on."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Protocol, Self

import attrs

from couponhub.codes.bare import SAMPLE, is_bare
from couponhub.codes.faults import AS_TEXT, Faults
from couponhub.codes.header import Columns, find_columns
from couponhub.codes.words import CODE_WORDS, names_no_codes, plain
from couponhub.errors import UsageError
from couponhub.intake.form import SourceForm
from couponhub.intake.lines import SourceLines
from couponhub.intake.opening import TableContent, TextContent
from couponhub.intake.text_rows import BROKEN, TextBlock, TextRows
from couponhub.intake.workbook import NotText, SheetRows
from couponhub.models import CodeFileRules, Tagging

_BATCH = 20_000


@attrs.define
class SourceBatch:
    """Some rows of a source; the three lists run in parallel, `customers` stays empty when codes are untagged."""

    codes: list[str] = attrs.field(factory=list, repr=False)
    customers: list[str] = attrs.field(factory=list, repr=False)
    lines: list[int] = attrs.field(factory=list, repr=False)


@attrs.frozen(kw_only=True)
class SourceRows:
    """The rows of a file below its header.

    Attributes:
        columns: What the header says.
        form: In which they came.
        batches: The rows in their order; blank ones are skipped, misshapen ones went to the faults.
    """

    columns: Columns
    form: SourceForm
    batches: Iterator[SourceBatch]
    _reader: TextRows | None = None
    _faults: Faults = attrs.field(factory=Faults)
    _looked_at: Iterator[SourceBatch] = attrs.field(factory=lambda: iter(()))

    def foresees(self, count: int) -> bool:
        """Tell whether about so many rows are still to come; False also where nobody can tell."""
        return self._reader is not None and self._reader.lines.foresees(count)

    def blocks(
        self, plain_lines: Callable[[bytes], int | None]
    ) -> Iterator[TextBlock | Iterator[SourceBatch]]:
        """Give all rows that `batches` has not given yet, in their order, many at once where that can be.

        Args:
            plain_lines: Returns how many lines a text has that can be taken as a block, None where it cannot: then its
                rows come as batches, up to the next row end. They are to be taken before the next block is asked for.
        """
        if self._reader is None:
            yield self.batches
            return
        yield self._looked_at
        for piece in self._reader.pieces(plain_lines):
            if isinstance(piece, TextBlock):
                yield piece
            else:
                yield batches_of(self._reader, piece, self.columns, self._faults)


def rows_of_text(
    content: TextContent,
    rules: CodeFileRules,
    faults: Faults,
    *,
    column: str | int | None = None,
    tagging: Tagging | None = None,
) -> SourceRows:
    """Read CSV, or one code per line, below a header; or codes alone, where the first line can be no header.

    Raises:
        UsageError: The file is empty, is no text, or has no header that fits.
        LocalError: It cannot be read.
    """
    known = {plain(rules.code_header), *([plain(column)] if isinstance(column, str) else [])}
    reader = TextRows(
        SourceLines(content.blocks),
        lambda cell: _weight(plain(cell), known),
        lambda line, what: faults.add(line, what, kind=BROKEN),
    )
    wish = _Wish(rules=rules, column=column, tagging=tagging)
    columns, looked_at = wish.columns(reader, faults, separator=reader.separator)
    separator = reader.separator if columns.width > 1 else ""
    return SourceRows(
        columns=columns,
        form=attrs.evolve(content.form, separator=separator, column=columns.header.strip()),
        batches=chain(looked_at, batches_of(reader, reader.rows, columns, faults)),
        reader=reader,
        faults=faults,
        looked_at=looked_at,
    )


def rows_of_workbook(
    content: TableContent,
    rules: CodeFileRules,
    faults: Faults,
    *,
    column: str | int | None = None,
    tagging: Tagging | None = None,
) -> SourceRows:
    """Read the sheet of a workbook that has the codes; a code or customer that is no text is a fault.

    Raises:
        UsageError: As of `rows_of_text`; or the workbook cannot be read.
    """
    reader = SheetRows(content.file, lambda header: any(plain(cell) in CODE_WORDS for cell in header))
    wish = _Wish(rules=rules, column=column, tagging=tagging)
    columns, looked_at = wish.columns(reader, faults, is_table=True)
    return SourceRows(
        columns=columns,
        form=attrs.evolve(content.form, column=columns.header.strip()),
        batches=chain(looked_at, batches_of(reader, reader.rows, columns, faults)),
    )


@attrs.frozen(kw_only=True)
class _Wish:
    """The rows that are wanted of a file."""

    rules: CodeFileRules
    column: str | int | None
    tagging: Tagging | None

    def columns(
        self, reader: "_RowReader", faults: Faults, *, separator: str = ",", is_table: bool = False
    ) -> tuple[Columns, Iterator[SourceBatch]]:
        """Tell the columns, and give the rows that were looked at for that."""
        rows, rules = reader.rows, self.rules
        header = next(rows, None)
        if header is None:
            faults.refuse()
            raise UsageError("the file is empty")
        line = reader.line_num
        may_be_bare = len(header) == 1 and self.tagging is None and self.column in {None, 0}
        ahead = _Ahead.of(reader, rows, SAMPLE if may_be_bare else 1)
        if may_be_bare and ahead.is_lone and is_bare(header[0], ahead.first_cells, rules.code_header):
            columns = Columns(width=1, code=0, bare=True)
            ahead = _Ahead([(line, header), *ahead.seen])
        else:
            below, *rest = [row for _, row in ahead.seen] or [[]]
            rest_of_it = chain(rest, rows)
            columns = find_columns(
                header, below, rules, rest=rest_of_it, column=self.column, tagging=self.tagging
            )
        columns = attrs.evolve(columns, separator=separator, is_table=is_table)
        return columns, batches_of(ahead, ahead, columns, faults)


def _weight(word: str, known: set[str]) -> int:
    """Tell how much a word says for being a column's name: one of the codes' outweighs all others."""
    if word and (word in known or word in CODE_WORDS):
        return 100
    return names_no_codes(word)


class _Numbered(Protocol):
    @property
    def line_num(self) -> int: ...


class _RowReader(_Numbered, Protocol):
    @property
    def rows(self) -> Iterator[list[str]]: ...


_BROKEN = "broken CSV quoting, a field without an end, or a line that ends with CR alone"


@attrs.define
class _Ahead:
    """Rows that were looked at before they are taken; each remembers its line, which the reader has left by then."""

    seen: list[tuple[int, list[str]]] = attrs.field(repr=False)
    line_num: int = 0

    @classmethod
    def of(cls, reader: _Numbered, rows: Iterator[list[str]], count: int) -> Self:
        return cls([(reader.line_num, row) for row in islice(rows, count)])

    @property
    def is_lone(self) -> bool:
        return all(len(row) == 1 for _, row in self.seen)

    @property
    def first_cells(self) -> list[str]:
        return [row[0] for _, row in self.seen]

    def __iter__(self) -> Iterator[list[str]]:
        for line, row in self.seen:
            self.line_num = line
            yield row


def batches_of(
    reader: _Numbered, rows: Iterable[list[str]], columns: Columns, faults: Faults
) -> Iterator[SourceBatch]:
    """Take rows together; those of another width, and cells that are no text, go to the faults."""
    batch = SourceBatch()
    is_table = columns.is_table
    for row in rows:
        if len(row) != columns.width:
            first = "first line" if columns.bare else "header"
            faults.add(
                reader.line_num,
                f"{len(row)} columns where the {first} has {columns.width}",
                kind="another number of columns",
            )
            continue
        if is_table and _add_no_text(row, columns, reader.line_num, faults):
            continue
        batch.codes.append(row[columns.code])
        batch.lines.append(reader.line_num)
        if columns.customer is not None:
            batch.customers.append(row[columns.customer])
        if len(batch.codes) == _BATCH:
            yield batch
            batch = SourceBatch()
    if batch.codes:
        yield batch


def _add_no_text(row: list[str], columns: Columns, line: int, faults: Faults) -> bool:
    """Tell whether the code or the customer of a row is no text, which is noted."""
    for at, what in ((columns.code, "the code"), (columns.customer, "the customer")):
        if at is not None and isinstance(row[at], NotText):
            faults.add(line, f"{what} is {row[at]}, where text is needed", hint=AS_TEXT)
            return True
    return False


def rows_of_iterable(codes: Iterable[str]) -> SourceRows:
    """Take codes one by one; the "line" is the position from 1. Blank ones are skipped.

    Raises:
        UsageError: Something in it is not text, or it is nothing that gives codes.
    """
    if not isinstance(codes, Iterable):
        raise UsageError(f"codes come as a file or as an iterable of codes, not as {type(codes).__name__}")
    return SourceRows(
        columns=Columns(width=1, code=0), form=SourceForm(kind="codes"), batches=_batches_of_iterable(codes)
    )


def _batches_of_iterable(codes: Iterable[str]) -> Iterator[SourceBatch]:
    batch = SourceBatch()
    for position, code in enumerate(codes, start=1):
        if not isinstance(code, str):
            raise UsageError(f"code number {position} is {type(code).__name__}, not text")
        if not code.strip():
            continue
        batch.codes.append(code)
        batch.lines.append(position)
        if len(batch.codes) == _BATCH:
            yield batch
            batch = SourceBatch()
    if batch.codes:
        yield batch
