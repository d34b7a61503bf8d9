"""The cells of a block of rows, without an object for each of them."""

import string
from collections.abc import Iterable
from typing import Any, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from couponhub.models import Identifier
from couponhub.models.damage import may_begin_damage
from couponhub.usage.cells import FEWEST_DIGITS, LONGEST_CODE, MOST_DIGITS

LF, CR, QUOTE, TAB = b"\n", b"\r", b'"', b"\t"
Bytes = NDArray[np.uint8]
LONGEST = 512
"""Bytes of a cell; all those of its column take as many while they are looked at."""
_DIGITS, _SMALL = string.digits.encode(), string.ascii_lowercase.encode()
_PLAIN = string.ascii_uppercase.encode() + _DIGITS + b"-_"
_FIRST_SEEN, _LAST_SEEN = 33, 126
"""Of ASCII, the first and the last character that is no blank and can be seen."""


@attrs.frozen(eq=False)
class BlockCells:
    """The places of the cells of a block.

    Attributes:
        text: The block, each row with LF alone.
        ends: Where each cell ends, a row for each row.
    """

    text: bytes = attrs.field(repr=False)
    ends: NDArray[np.int64] = attrs.field(repr=False)

    @classmethod
    def of(cls, text: bytes, separator: bytes, width: int) -> Self | None:
        """Find the cells of a text; None where its rows are not so plain that cells end with these signs alone."""
        if not text.endswith(LF) or QUOTE in text or (TAB in text and separator != TAB):
            return None
        if CR in text:
            text = text.replace(CR + LF, LF)
            if CR in text:
                return None
        data = np.frombuffer(text, np.uint8)
        found = np.flatnonzero((data == separator[0]) | (data == LF[0]))
        if len(found) % width:
            return None
        ends = found.reshape(-1, width)
        are_row_ends = data[ends] == LF[0]
        if not are_row_ends[:, -1].all() or are_row_ends[:, :-1].any():
            return None
        return cls(text, ends)

    def __len__(self) -> int:
        return len(self.ends)

    def are_short(self, columns: Iterable[int]) -> bool:
        """Tell whether no cell of these columns is longer than `LONGEST`."""
        if int(np.diff(self.ends.ravel(), prepend=-1).max(initial=0)) <= LONGEST:
            return True
        return all(int(self._lengths(at).max(initial=0)) <= LONGEST for at in columns)

    def begin_seen(self, column: int) -> bool:
        """Tell whether every cell of a column begins with a character of ASCII that can be seen."""
        if not self._lengths(column).all():
            return False
        first = np.frombuffer(self.text, np.uint8)[self._starts(column)]
        return bool((first >= _FIRST_SEEN).all() and (first <= _LAST_SEEN).all())

    def matrix(self, column: int, last: int | None = None) -> Bytes:
        """Return the cells of a column as rows of one width, filled up with NULs.

        Args:
            column: The column.
            last: Another one, to take all from that to this one, with the signs between them.
        """
        starts = self._starts(column)
        lengths = self.ends[:, column if last is None else last] - starts
        width = int(lengths.max(initial=0))
        if not width:
            return np.zeros((len(self), 0), np.uint8)
        padded = self.text + bytes(width)
        windows: NDArray[Any] = np.ndarray((len(self.text),), f"V{width}", padded, strides=(1,))
        cells = windows[starts].view(np.uint8).reshape(-1, width)
        if int(lengths.min()) < width:
            cells *= np.arange(width) < lengths[:, np.newaxis]
        return cells

    def chosen(self, rows: NDArray[np.int64]) -> Self:
        """Return some of its rows."""
        starts = [self._start(row) for row in rows.tolist()]
        ends = (self.ends[rows, -1] + 1).tolist()
        pieces = [self.text[start:end] for start, end in zip(starts, ends, strict=True)]
        moved = np.cumsum([0, *map(len, pieces[:-1])]) - np.array(starts)
        return type(self)(b"".join(pieces), self.ends[rows] + moved[:, np.newaxis])

    def _start(self, row: int) -> int:
        return int(self.ends[row - 1, -1]) + 1 if row else 0

    def _starts(self, column: int) -> NDArray[np.int64]:
        if column:
            return self.ends[:, column - 1] + 1
        starts = np.empty(len(self), np.int64)
        starts[:1] = 0
        starts[1:] = self.ends[:-1, -1] + 1
        return starts

    def _lengths(self, column: int) -> NDArray[np.int64]:
        return self.ends[:, column] - self._starts(column)


def texts_of(cells: Bytes) -> list[str]:
    """Return the cells of a matrix as texts."""
    rows = np.empty((len(cells), cells.shape[1] + 1), np.uint8)
    rows[:, :-1] = cells
    rows[:, -1] = LF[0]
    texts = rows.tobytes().replace(b"\0", b"").decode().split("\n")
    texts.pop()
    return texts


def matrix_of(texts: Iterable[str]) -> Bytes:
    """Return texts without NULs as a matrix."""
    cells = np.array([text.encode() for text in texts], np.bytes_)
    return cells.view(np.uint8).reshape(len(cells), -1)


def are_plain(codes: Bytes) -> bool:
    """Tell quickly whether nothing but capitals, digits and dashes stands in codes, and nothing that may be damage."""
    return codes.shape[1] <= LONGEST_CODE and _are_of(codes, _PLAIN)


def plain_customers(cells: Bytes, kind: Identifier) -> list[bytes] | None:
    """Return a column of customers that are read as they stand; None where `read_customers` has to look at them."""
    if kind is Identifier.EMAIL:
        return None
    if kind is Identifier.MOBILE:
        fewest = np.count_nonzero(cells, axis=1).min(initial=0)
        if not FEWEST_DIGITS <= fewest <= cells.shape[1] <= MOST_DIGITS or not _are_of(cells, _DIGITS):
            return None
    elif not _are_of(cells, _PLAIN + _SMALL):
        return None
    found: list[bytes] = cells.view(f"S{cells.shape[1]}").ravel().tolist()
    return found


def _are_of(cells: Bytes, chars: bytes) -> bool:
    firsts = np.flatnonzero(np.bincount(cells[:, 0], minlength=1))
    return not (may_begin_damage(map(chr, firsts)) or cells.tobytes().translate(None, chars + b"\0"))


def numbers_from(first: int, count: int) -> Bytes:
    """Return so many numbers from `first` on, as digits."""
    numbers = np.arange(first, first + count, dtype=np.int64)
    width = len(str(first + count - 1))
    cells = np.empty((count, width), np.uint8)
    for at in range(width - 1, -1, -1):
        numbers, digits = np.divmod(numbers, 10)
        cells[:, at] = digits + ord("0")
    for at in range(width - len(str(first))):
        # Those with fewer digits.
        cells[: max(0, min(count, 10 ** (width - 1 - at) - first)), at] = 0
    return cells
