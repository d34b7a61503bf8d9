"""The cells of a block of rows, without an object for each of them."""

import string
from collections.abc import Iterable
from typing import Any, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from couponhub.models.damage import may_begin_damage
from couponhub.usage.cells import LONGEST_CODE

LF, CR, QUOTE, TAB = b"\n", b"\r", b'"', b"\t"
Bytes = NDArray[np.uint8]
LONGEST = 512
"""Bytes of a cell; all those of its column take as many while they are looked at."""
_PLAIN = (string.ascii_uppercase + string.digits + "-_").encode() + b"\0"
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
        return all(int(self._lengths(at).max(initial=0)) <= LONGEST for at in columns)

    def begin_seen(self, column: int) -> bool:
        """Tell whether every cell of a column begins with a character of ASCII that can be seen."""
        if not self._lengths(column).all():
            return False
        first = np.frombuffer(self.text, np.uint8)[self._starts(column)]
        return bool((first >= _FIRST_SEEN).all() and (first <= _LAST_SEEN).all())

    def matrix(self, column: int) -> Bytes:
        """Return the cells of a column as rows of one width, filled up with NULs."""
        starts, lengths = self._starts(column), self._lengths(column)
        width = int(lengths.max(initial=0))
        if not width:
            return np.zeros((len(self), 0), np.uint8)
        padded = self.text + bytes(width)
        windows: NDArray[Any] = np.ndarray((len(self.text),), f"V{width}", padded, strides=(1,))
        cells = windows[starts].view(np.uint8).reshape(-1, width)
        if int(lengths.min()) < width:
            cells *= np.arange(width) < lengths[:, np.newaxis]
        return cells

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
    firsts = np.flatnonzero(np.bincount(codes[:, 0], minlength=1)) if codes.shape[1] else ()
    if codes.shape[1] > LONGEST_CODE or may_begin_damage(map(chr, firsts)):
        return False
    return not codes.tobytes().translate(None, _PLAIN)


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
