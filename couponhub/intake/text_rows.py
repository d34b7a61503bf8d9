"""The rows of a text in CSV, or of one cell a line."""

import csv
from collections.abc import Callable, Iterator
from itertools import chain

import attrs

from couponhub.intake.lines import SourceLines
from couponhub.intake.separators import said_separator, told_separator

BROKEN = "broken CSV quoting, a field without an end, or a line that ends with CR alone"


@attrs.frozen(kw_only=True)
class TextBlock:
    """Many lines of a text at once, as they stand there.

    Attributes:
        text: UTF-8 or what else stands there; each line with LF, or CR and LF, but perhaps the last.
        line: The number of the first line.
        lines: How many there are.
    """

    text: bytes = attrs.field(repr=False)
    line: int
    lines: int


class TextRows:
    """The rows that are not blank, and the line on which the last of them ends.

    The sign between columns is the one that a first line `sep=` says, else the one that the header shows.

    Args:
        lines: The text.
        weight: Tells how well a name of a column is known; 0 for not at all.
        on_fault: Told of what is no row, by its line, without anything of it. When it returns, the next row is read.

    Attributes:
        separator: The sign between columns.
        blank_rows: Rows of separators alone so far, which are not given.

    Raises:
        UsageError, LocalError: As of `SourceLines`.
    """

    def __init__(
        self, lines: SourceLines, weight: Callable[[str], int], on_fault: Callable[[int, str], object]
    ) -> None:
        self.lines = lines
        self._on_fault = on_fault
        self.blank_rows = 0
        self._skipped = lines.skip_blank()  # lines that no row is read from, or that were taken as blocks
        every = iter(lines)
        header = next(every, "")
        if said := said_separator(header):
            self._skipped += 1 + lines.skip_blank()
            header = next(every, "")
        self.separator = said if said and said in header else told_separator(header, weight)
        self._csv = csv.reader(
            chain([header] if header else [], every), delimiter=self.separator, strict=True
        )
        self.rows = self._tolerant()

    @property
    def line_num(self) -> int:
        """The line on which the last row ends."""
        return self._csv.line_num + self._skipped

    def pieces(self, plain_lines: Callable[[bytes], int | None]) -> Iterator[TextBlock | Iterator[list[str]]]:
        """Give all rows that `rows` has not given yet, in their order, many at once where that can be.

        Args:
            plain_lines: Returns how many lines a text has that can be taken as a block, None where it cannot: then its
                rows come one by one, up to the next row end. They are to be taken before the next piece is asked for.
        """
        while (text := self.lines.take()) is not None:
            count = plain_lines(text)
            if count is None:
                self.lines.give_back(text)
                yield self._to_block_end()
            else:
                yield TextBlock(text=text, line=self.line_num + 1, lines=count)
                self._skipped += count

    def _to_block_end(self) -> Iterator[list[str]]:
        for row in self.rows:
            yield row
            if self.lines.is_between_blocks:
                return

    def _tolerant(self) -> Iterator[list[str]]:
        while True:
            begins = self.line_num + 1
            try:
                row = next(self._csv, None)
            except csv.Error:
                # Not the reader's own text: it may quote what stands there.
                taken = (
                    f"; it takes the lines up to {self.line_num} with it" if self.line_num > begins else ""
                )
                self._on_fault(begins, f"{BROKEN}{taken}")
                continue
            if row is None:
                return
            if row and (row[0].strip() or any(map(str.strip, row))):
                yield row
            elif len(row) > 1:
                self.blank_rows += 1
