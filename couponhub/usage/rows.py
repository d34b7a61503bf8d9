"""The rows of a report, in batches of columns; a row that is not like the header is refused."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from typing import Any

import attrs

from couponhub.errors import LocalError
from couponhub.intake.columnar import ColumnTable
from couponhub.intake.lines import SourceLines
from couponhub.intake.opening import TableContent, TextContent
from couponhub.intake.text_rows import TextBlock, TextRows
from couponhub.intake.workbook import NotText, SheetRows, described
from couponhub.models import ReportColumn, ReportForm
from couponhub.usage.headers import NEEDED, Header, known_names, plain_header, read_header
from couponhub.usage.opening import MakeFault
from couponhub.usage.report_bytes import ReportBytes

_BATCH = 5000
_NOTHING = '" \t\r'
"""The characters, beside separators, of rows that are nothing."""
_AS_TEXT = "write that column as text: a number loses what stands in front"


@attrs.frozen
class ReportBatch:
    """Some rows that follow each other.

    Attributes:
        first: The number of the first of them after the header, from 1.
        columns: Their cells by the kind of column; kinds that the report does not have are not there.
    """

    first: int
    columns: Mapping[ReportColumn, Sequence[str]]

    def __len__(self) -> int:
        return len(self.columns[ReportColumn.CODE])


@attrs.frozen
class ReportBlock:
    """Many rows at once, as they stand in the text: of as many cells as the header, without quotes.

    Attributes:
        first: As of `ReportBatch`.
        text: Each row with LF, or CR and LF.
    """

    first: int
    text: bytes = attrs.field(repr=False)


class ReportRows:
    """Reads a report once, from its header on.

    Args:
        content: An opened report.
        form: How the connection's reports are read.
        fault: Makes the error of what is wrong with it.
        most_bytes: More than that, unpacked, is no report.
        told: Is given all bytes as they are read.

    Attributes:
        header: Where its columns are.
        separator: The sign between columns; "" where it is no text.

    Raises:
        LocalError: It is no report; so of all methods. The text holds no cell of it.
        UsageError: It cannot be read as a file of rows; the same.
    """

    def __init__(
        self,
        content: TextContent | TableContent,
        form: ReportForm,
        fault: MakeFault,
        *,
        most_bytes: int,
        told: Callable[[bytes], object] = lambda _: None,
    ) -> None:
        self._form = form
        self._fault = fault
        self._number = -1  # of the rows that were read; the header is none
        self._end_lengths: tuple[int, int] | None = None  # characters of the last cells of the last two rows
        self._text: TextRows | None = None
        self._bytes: ReportBytes | None = None
        self._table: ColumnTable | None = None
        self._rows: Iterator[list[str]] = iter(())
        self.separator = ""
        if isinstance(content, TextContent):
            self._bytes = ReportBytes(content.blocks, most_bytes, told, fault, lambda: max(0, self._number))
            self._text = self._opened(self._bytes)
            self._rows = self._text.rows
            self.separator = self._text.separator
        else:
            _tell_all(content, told)
            if content.form.kind == "workbook":
                self._rows = SheetRows(content.file, self._is_header, _cell).rows
            else:
                self._table = ColumnTable(content)
        names = next(self._rows, None) if self._table is None else self._table.names
        if names is None:
            raise fault("it is empty, even without a header")
        self._number = 0
        self.header: Header = read_header(names, form, fault)
        self.batches: Iterator[ReportBatch] = self._batches()

    def foresees(self, count: int) -> bool:
        """Tell whether about so many rows are still to come; False also where nobody can tell."""
        return self._text is not None and self._text.lines.foresees(count)

    def pieces(self, plain_rows: Callable[[bytes], int | None]) -> Iterator[ReportBatch | ReportBlock]:
        """Give all rows that `batches` has not given yet, in their order, many at once where that can be.

        Args:
            plain_rows: Returns how many rows a text has that can be taken as a block, None where it cannot.
        """
        if self._text is None:
            yield from self.batches
            return
        for piece in self._text.pieces(lambda text: None if self._has_gap() else plain_rows(text)):
            if isinstance(piece, TextBlock):
                first = self._number + 1
                self._note_end_of(piece.text)
                self._number += piece.lines
                yield ReportBlock(first, piece.text)
            else:
                yield from self._checked(piece)
        self._finish()

    def _opened(self, blocks: Iterable[bytes]) -> TextRows:
        known = known_names(self._form)
        return TextRows(
            SourceLines(iter(blocks)), lambda cell: plain_header(cell) in known, self._refuse_no_row
        )

    def _is_header(self, cells: list[str]) -> bool:
        known = known_names(self._form)
        return any(plain_header(cell) in known for cell in cells)

    def _batches(self) -> Iterator[ReportBatch]:
        if self._table is None:
            yield from self._checked(self._rows)
            self._finish()
            return
        places = self.header.places
        for column, at in places.items():
            self._refuse_numbers(self._table, self._table.names[at], column)
        for cells in self._table.batches([self._table.names[at] for at in places.values()]):
            columns = dict(zip(places, cells, strict=True))
            for column in NEEDED:
                self._refuse_blank(columns[column], column)
            self._number += len(cells[0])
            yield self._batch(columns)

    def _checked(self, rows: Iterable[list[str]]) -> Iterator[ReportBatch]:
        """Take rows together, each of which is like the header."""
        batch: list[list[str]] = []
        needed = [(column, self.header.places[column]) for column in NEEDED]
        width = self.header.width
        for row in rows:
            if self._has_gap():
                raise self._fault(f"row {self._number + 1} has no {ReportColumn.USER.value}")
            self._number += 1
            if len(row) != width:
                raise self._fault(
                    f"row {self._number} has {len(row)} columns and the header {width}: they are shifted, or it is cut off"
                )
            for column, at in needed:
                if not row[at].strip():
                    raise self._fault(f"row {self._number} has no {column.value}")
                if isinstance(row[at], NotText):
                    raise self._fault(
                        f"row {self._number} has a number, a date or a truth value as its {column.value}, where text is"
                        " needed",
                        _AS_TEXT,
                    )
            batch.append(row)
            if len(batch) == _BATCH:
                yield self._batch_of(batch)
                batch = []
        if batch:
            yield self._batch_of(batch)

    def _batch_of(self, rows: list[list[str]]) -> ReportBatch:
        before = self._end_lengths[1] if self._end_lengths else -1
        self._end_lengths = (len(rows[-2][-1]) if len(rows) > 1 else before, len(rows[-1][-1]))
        columns = {column: [row[at] for row in rows] for column, at in self.header.places.items()}
        return self._batch(columns)

    def _batch(self, columns: Mapping[ReportColumn, Sequence[str]]) -> ReportBatch:
        batch = ReportBatch(self._number + 1 - len(columns[ReportColumn.CODE]), columns)
        for column in (ReportColumn.CODE, ReportColumn.SENT_AT):
            text = "".join(columns.get(column, ()))
            if "\t" in text or "\n" in text or "\r" in text:
                raise self._fault(
                    f"a cell of the {column.value} behind row {batch.first - 1} holds a tab or a line break"
                )
        return batch

    def _has_gap(self) -> bool:
        """Tell whether a row of separators alone was met, which is nothing at the end only, as spreadsheets end files."""
        return self._text is not None and self._text.blank_rows > 0

    def _note_end_of(self, text: bytes) -> None:
        last = text.rstrip(b"\r\n").rpartition(b"\n")[2].rpartition(self.separator.encode())[2]
        self._end_lengths = (-1, len(last.decode(errors="replace")))

    def _finish(self) -> None:
        """Refuse a text that seems to be cut off."""
        if self._bytes is None or not self._bytes.tail.decode(errors="replace").strip(
            _NOTHING + self.separator
        ):
            return
        if self._end_lengths is None or self._number == 0:
            raise self._cut_off("header")
        if self._end_lengths[0] != self._end_lengths[1]:
            raise self._cut_off("last row")

    def _cut_off(self, what: str) -> LocalError:
        return self._fault(
            f"its {what} seems to be cut off", "if it is whole, end it with a line break, as every row"
        )

    def _refuse_no_row(self, _line: int, what: str) -> None:
        if self._number < 0:
            raise self._fault(
                "its first row is no CSV",
                "rows end with a line feed, or a carriage return and a line feed",
            )
        raise self._fault(f"row {self._number + 1} is no CSV: {what}")

    def _refuse_blank(self, cells: Sequence[str], column: ReportColumn) -> None:
        if not all(map(str.strip, cells)):
            number = next(number for number, cell in enumerate(cells, self._number + 1) if not cell.strip())
            raise self._fault(f"row {number} has no {column.value}")

    def _refuse_numbers(self, table: ColumnTable, name: str, column: ReportColumn) -> None:
        if column in NEEDED and not table.is_text(name):
            raise self._fault(
                f"its column of the {column.value} holds {table.kind_of(name)}, no text", _AS_TEXT
            )


def _tell_all(content: TableContent, told: Callable[[bytes], object]) -> None:
    while block := content.file.read(1 << 20):
        told(block)
    content.file.seek(0)


def _cell(cell: Any) -> str:
    """Write a cell of a workbook that is no text."""
    if isinstance(cell, (date, time)):
        return NotText(cell.isoformat())
    if isinstance(cell, float) and cell.is_integer():
        return NotText(int(cell))
    return NotText(cell) if isinstance(cell, (int, float)) else described(cell)
