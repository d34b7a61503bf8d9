"""Tables of any columns in whatever they come: text, packed or not, workbooks, Parquet and Arrow."""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import BinaryIO, TextIO

import attrs

from couponhub.codes.source import is_file
from couponhub.codes.words import plain
from couponhub.errors import UsageError
from couponhub.intake.columnar import ColumnTable
from couponhub.intake.expected import ExpectedFile
from couponhub.intake.lines import SourceLines
from couponhub.intake.opening import TableContent, TextContent, opened
from couponhub.intake.source import name_of
from couponhub.intake.text_rows import TextRows
from couponhub.intake.workbook import NotText, SheetRows

TableSource = str | os.PathLike[str] | BinaryIO | TextIO
"""A path, or a file object of bytes or text, which stays open."""

_EXPECTED = ExpectedFile(
    name="table of codes and customers", export="export it as CSV with a header, from where it was made"
)
_MOST_TOLD = 10
_EXPORT_ANEW = "mend those rows, or export the table anew, from where it was made"


@attrs.define
class TableFaults:
    """The faulty rows of one table; the first ten are told, by line.

    Attributes:
        name: Of the table, for people; "" where it has none.
        count: Of faulty rows.
    """

    name: str
    count: int = 0
    _told: list[str] = attrs.field(factory=list)

    def add(self, line: int, fault: str) -> None:
        """Note what is wrong with the row on a line; never with what stands there."""
        self.count += 1
        if len(self._told) < _MOST_TOLD:
            self._told.append(f"line {line}: {fault}")

    def refuse(self) -> None:
        """Raise UsageError when anything was noted: half a table is none."""
        if not self.count:
            return
        more = f"; and {self.count - len(self._told):,} more" if self.count > len(self._told) else ""
        rows = "row" if self.count == 1 else "rows"
        where = f"{self.name}: " if self.name else ""
        raise UsageError(
            f"{where}{self.count:,} faulty {rows}, so nothing was read: {'; '.join(self._told)}{more}",
            hint=_EXPORT_ANEW,
        )


@attrs.frozen
class Table:
    """A table that is being read.

    Attributes:
        header: The names of its columns, as they stand there.
        words: The same as words are compared.
        rows: Each row below with its line, as wide as the header; blank ones are skipped, misshapen ones went to the
            faults. A cell that is no text says what it is (`NotText`).
        faults: What is wrong with rows.
    """

    header: tuple[str, ...] = attrs.field(repr=False)
    rows: Iterator[tuple[int, list[str]]] = attrs.field(repr=False)
    faults: TableFaults

    @property
    def words(self) -> tuple[str, ...]:
        """See the class."""
        return tuple(map(plain, self.header))


@contextmanager
def table_of(source: TableSource, *, known: Collection[str] = ()) -> Iterator[Table]:
    """Open a table.

    Args:
        source: Whence it comes.
        known: Names of columns that it may have, by which the sign between its columns is told.

    Raises:
        LocalError: There is no such file, or it cannot be read.
        UsageError: It is no table, or empty. Damage that is met further down is told when it is reached.
    """
    if not is_file(source):
        raise UsageError(f"a table is a path or an open file, not {type(source).__name__}")
    faults, words = TableFaults(name_of(source)), frozenset(map(plain, known))
    with opened(source, _EXPECTED) as content:
        if isinstance(content, TextContent):
            numbered = _rows_of_text(content, faults, words)
        elif content.form.kind == "workbook":
            numbered = _rows_of_workbook(content, words)
        else:
            numbered = _rows_of_columns(content)
        _, header = next(numbered, (0, []))
        if not any(map(str.strip, header)):
            raise UsageError("the file is empty")
        yield Table(tuple(header), _of_one_width(numbered, len(header), faults), faults)


def _of_one_width(
    rows: Iterator[tuple[int, list[str]]], width: int, faults: TableFaults
) -> Iterator[tuple[int, list[str]]]:
    for line, row in rows:
        if len(row) == width:
            yield line, row
        else:
            faults.add(line, f"it has {len(row)} columns and the header {width}")


def _rows_of_text(
    content: TextContent, faults: TableFaults, known: Collection[str]
) -> Iterator[tuple[int, list[str]]]:
    reader = TextRows(
        SourceLines(content.blocks), lambda cell: 100 if plain(cell) in known else 0, faults.add
    )
    for row in reader.rows:
        yield reader.line_num, row


def _rows_of_workbook(content: TableContent, known: Collection[str]) -> Iterator[tuple[int, list[str]]]:
    sheet = SheetRows(content.file, lambda row: any(plain(cell) in known for cell in row))
    for row in sheet.rows:
        yield sheet.line_num, row


def _rows_of_columns(content: TableContent) -> Iterator[tuple[int, list[str]]]:
    table = ColumnTable(content)
    names = table.names
    yield 0, names
    is_read = [table.is_text(name) or table.holds_moments(name) for name in names]
    line = 0
    for columns in table.batches(names):
        told = [
            column
            if reads
            else [NotText(f"of type {table.kind_of(name)}") if text else "" for text in column]
            for name, column, reads in zip(names, columns, is_read, strict=True)
        ]
        for row in zip(*told, strict=True):
            line += 1
            yield line, list(row)
