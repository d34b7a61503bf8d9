"""Rows of words of which most are equal, such as those that tell of campaigns: few kinds, found without a look at each."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from couponhub.usage.bulk.cells import Bytes

_MOST_KNOWN = 1 << 16
_FACTOR, _MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)

Words = NDArray[np.uint64]
Places = NDArray[np.int64]


class Kinds:
    """Finds the kinds of rows, quicker where they were met before. Thread-safe."""

    def __init__(self) -> None:
        self._known: Words = np.zeros(0, np.uint64)  # hashes, sorted; replaced, never changed

    def of(self, columns: Sequence[Bytes]) -> tuple[Places, Places]:
        """Return the places of rows that differ, and for each row which of them it is equal to.

        Args:
            columns: The cells of each column, of as many rows, at least one.
        """
        words = [_words(cells) for cells in columns]
        hashes = _hashes(words)
        at = self._at(hashes)
        first = np.zeros(int(at.max()) + 1, np.int64)
        first[at[::-1]] = np.arange(len(at) - 1, -1, -1)
        equal = first[at]
        # A hash says what may be equal.
        if not all(np.array_equal(column, column[equal]) for column in words):
            _, kinds, which = np.unique(np.hstack(words), axis=0, return_index=True, return_inverse=True)
            return kinds, which.ravel()
        met = np.bincount(at) > 0
        return first[met], (np.cumsum(met) - 1)[at]

    def _at(self, hashes: Words) -> Places:
        known = self._known
        if len(known):
            at = np.searchsorted(known, hashes)
            if int(at.max()) < len(known) and np.array_equal(known[at], hashes):
                return at
        known = np.union1d(known, hashes) if len(known) < _MOST_KNOWN else np.unique(hashes)
        self._known = known
        return np.searchsorted(known, hashes)


def _words(cells: Bytes) -> Words:
    """The cells as words of eight bytes, filled up with NULs."""
    count, width = cells.shape
    words = np.zeros((count, -(-width // 8)), np.uint64)
    words.view(np.uint8)[:, :width] = cells
    return words


def _hashes(columns: Sequence[Words]) -> Words:
    """Return a number for each row, the same for the same cells however wide their columns are: words of NULs add nothing."""
    hashes = np.zeros(len(columns[0]), np.uint64)
    for number, words in enumerate(columns, 1):
        factors = (np.arange(words.shape[1], dtype=np.uint64) * np.uint64(64) + np.uint64(number)) * _FACTOR
        hashes += words @ (factors | np.uint64(1))
        hashes ^= hashes >> _MIX
    return hashes
