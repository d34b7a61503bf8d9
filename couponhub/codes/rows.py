"""Rows of a source, in batches, with the lines they stand on."""

import csv
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import BinaryIO, Protocol, Self, TextIO

import attrs

from couponhub.codes.bare import SAMPLE, is_bare
from couponhub.codes.faults import Faults
from couponhub.codes.header import Columns, find_columns
from couponhub.codes.source import SourceLines
from couponhub.errors import UsageError
from couponhub.models import CodeFileRules, Tagging

_BATCH = 20_000


@attrs.define
class SourceBatch:
    """Some rows of a source; the three lists run in parallel, `customers` stays empty when codes are untagged."""

    codes: list[str] = attrs.field(factory=list, repr=False)
    customers: list[str] = attrs.field(factory=list, repr=False)
    lines: list[int] = attrs.field(factory=list, repr=False)


@attrs.frozen(kw_only=True)
class SourceBlock:
    """Many lines of a source at once, as they stand there: each is a row, without quotes, of as many columns as the others.

    Attributes:
        text: UTF-8 or what else stands there; each line with LF, or CR and LF, but perhaps the last.
        line: The number of the first line.
    """

    text: bytes = attrs.field(repr=False)
    line: int


@attrs.frozen(kw_only=True)
class SourceRows:
    """The rows of a file below its header.

    Attributes:
        columns: What the header says.
        batches: The rows in their order; blank ones are skipped, misshapen ones went to the faults.
    """

    columns: Columns
    batches: Iterator[SourceBatch]
    _reader: "_Reader | None" = None
    _looked_at: Iterator[SourceBatch] = attrs.field(factory=lambda: iter(()))

    def foresees(self, count: int) -> bool:
        """Tell whether about so many rows are still to come; False also where nobody can tell."""
        return self._reader is not None and self._reader.lines.foresees(count)

    def blocks(
        self, plain_lines: Callable[[bytes], int | None]
    ) -> "Iterator[SourceBlock | Iterator[SourceBatch]]":
        """Give all rows that `batches` has not given yet, in their order, many at once where that can be.

        Args:
            plain_lines: Returns how many lines a text has that can be taken as a block, None where it cannot: then its
                rows come as batches, up to the next row end. They are to be taken before the next block is asked for.
        """
        if self._reader is None:
            yield self.batches
            return
        yield self._looked_at
        lines = self._reader.lines
        while (text := lines.take()) is not None:
            count = plain_lines(text)
            if count is None:
                lines.give_back(text)
                yield _batches(self._reader, self._reader.to_block_end(), self.columns, self._reader.faults)
            else:
                yield SourceBlock(text=text, line=self._reader.line_num + 1)
                self._reader.skipped += count


def rows_of_file(
    file: BinaryIO | TextIO,
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
    reader = _Reader(SourceLines(file), faults)
    rows = reader.rows
    header = next(rows, None)
    if header is None:
        faults.refuse()
        raise UsageError("the file is empty")
    line = reader.line_num
    may_be_bare = len(header) == 1 and tagging is None and column in {None, 0}
    ahead = _Ahead.of(reader, rows, SAMPLE if may_be_bare else 1)
    if may_be_bare and ahead.is_lone and is_bare(header[0], ahead.first_cells, rules.code_header):
        columns = Columns(width=1, code=0, bare=True)
        ahead = _Ahead([(line, header), *ahead.seen])
    else:
        below, *rest = [row for _, row in ahead.seen] or [[]]
        columns = find_columns(header, below, rules, rest=chain(rest, rows), column=column, tagging=tagging)
    looked_at = _batches(ahead, ahead, columns, faults)
    batches = chain(looked_at, _batches(reader, rows, columns, faults))
    return SourceRows(columns=columns, batches=batches, reader=reader, looked_at=looked_at)


class _Numbered(Protocol):
    @property
    def line_num(self) -> int: ...


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


def _batches(
    reader: _Numbered, rows: Iterable[list[str]], columns: Columns, faults: Faults
) -> Iterator[SourceBatch]:
    batch = SourceBatch()
    for row in rows:
        if len(row) != columns.width:
            first = "first line" if columns.bare else "header"
            faults.add(
                reader.line_num, f"{len(row)} columns where the {first} has {columns.width}", kind="columns"
            )
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


def rows_of_iterable(codes: Iterable[str]) -> SourceRows:
    """Take codes one by one; the "line" is the position from 1. Blank ones are skipped.

    Raises:
        UsageError: Something in it is not text.
    """
    return SourceRows(columns=Columns(width=1, code=0), batches=_batches_of_iterable(codes))


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


class _Reader:
    """The rows of CSV that are not blank, and the line on which the last of them ends."""

    def __init__(self, lines: SourceLines, faults: Faults) -> None:
        self.lines = lines
        self.faults = faults
        self.skipped = 0  # lines that were taken as blocks
        self._csv = csv.reader(iter(lines), strict=True)
        self.rows = self._tolerant()

    @property
    def line_num(self) -> int:
        return self._csv.line_num + self.skipped

    def to_block_end(self) -> Iterator[list[str]]:
        """The rows up to the first one that ends where a block of lines ends."""
        for row in self.rows:
            yield row
            if self.lines.is_between_blocks:
                return

    def _tolerant(self) -> Iterator[list[str]]:
        while True:
            try:
                row = next(self._csv, None)
            except csv.Error:
                # Not the reader's own text: it may quote what stands there.
                self.faults.add(
                    self.line_num,
                    "broken CSV quoting, a field without an end, or a line that ends with CR alone",
                )
                continue
            if row is None:
                return
            if row and (row[0].strip() or any(map(str.strip, row))):
                yield row
