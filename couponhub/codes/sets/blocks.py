"""Blocks of a source, taken apart and checked at once; what is odd in them is left to the exact reader and checks.

Both say the same: a block is only taken where the reader would find in it what is found here, and of its codes those
that could be anything but sound are looked at by `checking`, one by one.
"""

import attrs
import numpy as np

from couponhub.codes.checking import Checks, CodeOddities
from couponhub.codes.faults import Faults
from couponhub.codes.header import Columns
from couponhub.codes.rows import SourceBatch
from couponhub.codes.sets.lines import LF, Positions, TextLines, bytes_of
from couponhub.codes.sets.origins import Origin
from couponhub.codes.sets.suspicion import Suspicion
from couponhub.intake.text_rows import TextBlock

_LINE = 1 << 16
"""A line is shorter than two of these, which the exact reader takes, too."""


@attrs.frozen(eq=False)
class Examined:
    """The sound codes of a block.

    Attributes:
        text: One per line, each with its LF.
        origin: On which lines of the source they stand.
        faults: What is wrong with others.
        oddities: What is odd with the sound ones.
    """

    text: bytes = attrs.field(repr=False)
    lines: TextLines
    faults: Faults
    oddities: CodeOddities
    origin: Origin


@attrs.frozen
class BlockExaminer:
    """Reads blocks of one source.

    Attributes:
        columns: Without customers, who are looked at one by one.
        checks: Of that source; what they note is noted apart for each block.
    """

    columns: Columns
    checks: Checks
    _suspicion: Suspicion = attrs.field(
        init=False, default=attrs.Factory(lambda self: Suspicion.of(self.checks), takes_self=True)
    )

    def plain_lines(self, text: bytes) -> int | None:
        """Return how many lines a text has that can be taken as a block; None where they cannot."""
        if self.columns.customer is not None or b'"' in text:
            return None
        if b"\r" in text and text.count(b"\r") != text.count(b"\r\n"):
            return None
        if self.checks.rules.quoting and b"," in text and self._separator != b",":
            return None  # what may go out in quotes
        if any(text.find(b"\n", at, at + _LINE) < 0 for at in range(0, len(text) - _LINE, _LINE)):
            return None
        if self.columns.width == 1:
            return None if self._separator in text else int(np.count_nonzero(bytes_of(text) == LF))
        ends = _cell_ends(_with_end(text), self._separator)
        return len(ends) // self.columns.width if _is_even(text, ends, self.columns.width) else None

    @property
    def _separator(self) -> bytes:
        return self.columns.separator.encode()

    def examine(self, block: TextBlock) -> Examined:
        """Find the sound codes of a block. May run in several threads."""
        rows = _with_end(block.text)
        if b"\r" in rows:
            rows = rows.replace(b"\r\n", b"\n")
        text = rows if self.columns.width == 1 else _column(rows, self.columns)
        lines = TextLines.of(text)
        faults, oddities = Faults(rows={}), CodeOddities()
        suspects = self._suspicion.suspects(text, lines)
        self._suspicion.count(text, lines, suspects, oddities, first_line=block.line)
        if not suspects.any():
            return Examined(text, lines, faults, oddities, Origin(block.line))
        numbers = np.flatnonzero(suspects)
        codes = [text[start:end].decode(errors="surrogateescape") for start, end in lines.spans(numbers)]
        keep = np.ones(lines.count, bool)
        blank = self._blank_rows(rows, numbers, codes)
        keep[blank] = False
        batch = SourceBatch()
        for number, code in zip(numbers.tolist(), codes, strict=True):
            if keep[number]:
                batch.codes.append(code)
                batch.lines.append(block.line + number)
        if batch.codes:
            attrs.evolve(self.checks, faults=faults, oddities=oddities).check(batch)
        keep[[line - block.line for line in faults.rows or ()]] = False
        if keep.all():
            return Examined(text, lines, faults, oddities, Origin(block.line))
        text = lines.chosen(text, keep)
        return Examined(text, TextLines.of(text), faults, oddities, Origin.among(keep, block.line))

    def _blank_rows(self, rows: bytes, numbers: Positions, codes: list[str]) -> list[int]:
        """The suspects of which all is blank, which are no rows."""
        blank = [number for number, code in zip(numbers.tolist(), codes, strict=True) if not code.strip()]
        if not blank or self.columns.width == 1:
            return blank
        texts = rows.decode(errors="surrogateescape").split("\n")
        return [
            number for number in blank if not any(map(str.strip, texts[number].split(self.columns.separator)))
        ]


def _with_end(text: bytes) -> bytes:
    return text if text.endswith(b"\n") or not text else text + b"\n"


def _cell_ends(text: bytes, separator: bytes) -> Positions:
    data = bytes_of(text)
    return np.flatnonzero((data == ord(separator)) | (data == LF))


def _is_even(text: bytes, ends: Positions, width: int) -> bool:
    """True when every line has as many cells."""
    if len(ends) % width:
        return False
    are_line_ends = bytes_of(_with_end(text))[ends].reshape(-1, width) == LF
    return bool(are_line_ends[:, -1].all()) and not are_line_ends[:, :-1].any()


def _column(text: bytes, columns: Columns) -> bytes:
    """The cells of the column of codes, each with a LF."""
    ends = _cell_ends(text, columns.separator.encode())
    sizes = np.diff(ends, prepend=-1)
    is_code = np.arange(len(ends)) % columns.width == columns.code
    cells = bytes_of(text)[np.repeat(is_code, sizes)]
    cells[np.cumsum(sizes[is_code]) - 1] = LF
    found: bytes = cells.tobytes()
    return found
