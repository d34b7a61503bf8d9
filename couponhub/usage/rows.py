"""The rows of a report, in batches of columns; a row that is not like the header is refused.

Reports have up to 20 million rows, and what Python does for each of them is what an import takes. So rows are
taken apart many at once where nothing is quoted, and by the csv module elsewhere.
"""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain

import attrs

from couponhub.errors import LocalError
from couponhub.models import ReportColumn, ReportForm
from couponhub.usage.cells import check_codes, read_customers
from couponhub.usage.headers import NEEDED, read_header
from couponhub.usage.opening import OpenReport, faulty, read_blocks

_BLOCK_BYTES = 1 << 16
"""As much as stays in a processor's cache while it is taken apart; blocks of 1 MiB take twice as long."""
_LONGEST_ROW = 1 << 20
_NOTHING = '," \t\r'
"""The characters of rows that are nothing."""


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


class ReportRows:
    """Reads a report once; iterate it.

    Args:
        report: An opened report.
        form: How the connection's reports are read.
        most_bytes: More than that, unpacked, is no report.
        told: Is given all bytes as they are read.
    """

    def __init__(
        self,
        report: OpenReport,
        form: ReportForm,
        *,
        most_bytes: int,
        told: Callable[[bytes], object] = lambda _: None,
    ) -> None:
        self._report = report
        self._form = form
        self._most_bytes = most_bytes
        self._told = told
        self._places: Mapping[ReportColumn, int] = {}
        self._width = 0
        self._count = 0
        self._blank_row = 0  # the first row of separators alone, which is nothing at the end only
        self._end_length: int | None = None  # characters of the last cell so far

    def __iter__(self) -> Iterator[ReportBatch]:
        """The batches; none for a report that is only a header.

        Raises:
            LocalError: It is not a whole report in CSV; the text holds no cell of it.
        """
        chunks = self._chunks()
        header, ended, rest = next(chunks, "").partition("\n")
        found = read_header(header.removesuffix("\r"), self._form, self._fault)
        self._places, self._width = found.places, found.width
        if not ended:
            raise self._cut_off("header")
        for chunk in chain((rest,), chunks):
            yield from self._batches(chunk)

    def _fault(self, fault: str, hint: str = "") -> LocalError:
        return faulty(self._report.name, fault, hint)

    def _text(self) -> Iterator[str]:
        decoder: codecs.IncrementalDecoder | None = None
        try:
            for block in read_blocks(self._report, _BLOCK_BYTES, self._most_bytes):
                self._told(block)
                if decoder is None:
                    is_utf16 = block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
                    decoder = codecs.getincrementaldecoder("utf-16" if is_utf16 else "utf-8-sig")()
                yield decoder.decode(block)
            if decoder is not None:
                yield decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            raise self._fault(
                f"it is neither UTF-8 nor UTF-16 behind row {self._count}, or it is cut off",
                "convert it to UTF-8; guessing would alter identifiers and codes",
            ) from None

    def _chunks(self) -> Iterator[str]:
        """The text in pieces that end with a row: a line break within quotes ends none."""
        rest = ""
        for block in self._text():
            if "\0" in block:
                raise self._fault("it is no text file")
            text = rest + block
            cut = text.rfind("\n") + 1
            if text.count('"', 0, cut) % 2:
                cut = 0
            rest = text[cut:]
            if len(rest) > _LONGEST_ROW:
                raise self._fault(
                    f"a row behind row {self._count} does not end, or a quote in it is not closed"
                )
            if cut:
                yield text[:cut]
        if rest:
            yield rest

    def _batches(self, chunk: str) -> Iterator[ReportBatch]:
        if not chunk:
            return
        last = chunk.rpartition("\n")[2]
        ended = not last.strip(_NOTHING)
        before = self._end_length
        cells = self._split(chunk if not last else chunk + "\n") or self._parsed(chunk)
        if not cells:
            return
        stride = self._width + 1
        self._end_length = len(cells[-2])
        if not ended and before != self._end_length:
            raise self._cut_off("last row")
        columns: dict[ReportColumn, Sequence[str]] = {
            column: cells[place::stride] for column, place in self._places.items()
        }
        first = self._count + 1
        columns[ReportColumn.USER] = read_customers(
            columns[ReportColumn.USER], self._form, first, self._fault
        )
        check_codes(columns[ReportColumn.CODE], self._form, first, self._fault)
        batch = ReportBatch(first, columns)
        self._count += len(batch)
        yield batch

    def _split(self, chunk: str) -> list[str]:
        """The cells of plain rows, each row followed by a line break as a cell; [] when they are not so plain."""
        if '"' in chunk or "\t" in chunk:
            return []
        if "\r" in chunk:
            chunk = chunk.replace("\r\n", "\n")
        apart = chunk.replace("\n", ",\n,")
        cells = apart.split(",")
        cells.pop()
        stride = self._width + 1
        count, odd = divmod(len(cells), stride)
        # Line breaks that are too many stand in the columns of rows that are too short.
        ends = (len(apart) - len(chunk)) // 2
        if odd or "\r" in chunk or ends != count or cells[self._width :: stride] != ["\n"] * count:
            return []
        if self._blank_row or not all(
            all(map(str.strip, cells[self._places[one] :: stride])) for one in NEEDED
        ):
            return []
        return cells

    def _parsed(self, chunk: str) -> list[str]:
        """Return those cells by the csv module, for all rows that it can be said of what is wrong with them."""
        cells: list[str] = []
        number = self._count
        try:
            for row in csv.reader(io.StringIO(chunk, newline=""), strict=True):
                if not any(map(str.strip, row)):
                    # Spreadsheets and editors end files with such rows.
                    self._blank_row = self._blank_row or (number + 1 if len(row) > 1 else 0)
                    continue
                if self._blank_row:
                    raise self._fault(f"row {self._blank_row} has no {ReportColumn.USER.value}")
                number += 1
                if len(row) != self._width:
                    raise self._fault(
                        f"row {number} has {len(row)} columns and the header {self._width}: they are shifted, or it is"
                        " cut off"
                    )
                for column in NEEDED:
                    if not row[self._places[column]].strip():
                        raise self._fault(f"row {number} has no {column.value}")
                cells += row
                cells.append("\n")
        except csv.Error as error:
            raise self._fault(f"row {number + 1} is no CSV: {error}") from None
        for column in (ReportColumn.CODE, ReportColumn.SENT_AT):
            kept = cells[self._places[column] :: self._width + 1] if column in self._places else []
            if any(char in cell for cell in kept for char in "\t\n\r"):
                raise self._fault(
                    f"a cell of the {column.value} behind row {self._count} holds a tab or a line break"
                )
        return cells

    def _cut_off(self, what: str) -> LocalError:
        return self._fault(
            f"its {what} seems to be cut off", "if it is whole, end it with a line break, as every row"
        )
