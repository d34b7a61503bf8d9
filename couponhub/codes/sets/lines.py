"""The places of the lines in a block of text, without an object for each of them."""

from typing import Self

import attrs
import numpy as np
from numpy.typing import NDArray

LF = 10

Positions = NDArray[np.int64]
Mask = NDArray[np.bool_]


def bytes_of(text: bytes) -> NDArray[np.uint8]:
    """Return the bytes of a text as numbers, not copied."""
    return np.frombuffer(text, np.uint8)


@attrs.frozen(eq=False)
class TextLines:
    """The lines of a text that is empty or ends with LF.

    Attributes:
        count: How many.
        length: The bytes of each without its LF, where all have the same; else None.
        offsets: Where each begins, and where the text ends; None where `length` says it.
    """

    count: int
    length: int | None
    offsets: Positions | None

    @classmethod
    def of(cls, text: bytes) -> Self:
        """Find the lines of a text."""
        data = bytes_of(text)
        length = text.find(b"\n")
        step = length + 1
        if step and len(data) % step == 0 and bool((data[length::step] == LF).all()):
            count = len(data) // step
            if np.count_nonzero(data == LF) == count:
                return cls(count, length, None)
        ends = np.flatnonzero(data == LF)
        offsets = np.zeros(len(ends) + 1, np.int64)
        np.add(ends, 1, out=offsets[1:])
        return cls(len(ends), None, offsets)

    @property
    def starts(self) -> Positions:
        """The places at which they begin."""
        if self.offsets is None:
            return np.arange(self.count, dtype=np.int64) * (self._length + 1)
        return self.offsets[:-1]

    @property
    def lengths(self) -> Positions:
        """The bytes of each, without its LF."""
        if self.offsets is None:
            return np.full(self.count, self._length, np.int64)
        return np.diff(self.offsets) - 1

    @property
    def longest(self) -> int:
        """The bytes of the longest; 0 for none."""
        return self.length if self.length is not None else int(self.lengths.max(initial=0))

    def at(self, positions: Positions) -> Positions:
        """Return the numbers of the lines in which these bytes stand."""
        if self.offsets is None:
            return positions // (self._length + 1)
        return np.searchsorted(self.offsets, positions, "right") - 1

    def spans(self, numbers: Positions) -> list[tuple[int, int]]:
        """Return where these lines begin and end, their LF left out."""
        if self.offsets is None:
            starts = numbers * (self._length + 1)
            return list(zip(starts.tolist(), (starts + self._length).tolist(), strict=True))
        return list(
            zip(self.offsets[numbers].tolist(), (self.offsets[numbers + 1] - 1).tolist(), strict=True)
        )

    def end_of(self, count: int) -> int:
        """Return where the first so many lines end."""
        return count * (self._length + 1) if self.offsets is None else int(self.offsets[count])

    def fitting(self, size: int, after: int) -> int:
        """Return how many lines behind the first `after` have no more bytes than that together."""
        if self.offsets is None:
            return min(self.count - after, size // (self._length + 1))
        return int(np.searchsorted(self.offsets, self.offsets[after] + size, "right")) - 1 - after

    def chosen(self, text: bytes, keep: Mask) -> bytes:
        """Return the lines of the text that are marked, in their order."""
        data = bytes_of(text)
        if self.offsets is None:
            # A line at a time: rows of a matrix of bytes take four times as long.
            return np.compress(keep, data.view(f"V{self._length + 1}")).tobytes()
        return data[np.repeat(keep, np.diff(self.offsets))].tobytes()

    @property
    def _length(self) -> int:
        if self.length is None:
            raise ValueError("the lines differ in length")
        return self.length
