"""Codes dealt to segments by a keyed hash, and the sums of keyed hashes in each."""

from collections.abc import Collection
from typing import Self

import attrs
import numpy as np
from numpy.typing import NDArray

from couponhub.codes.sets.folding import Folding
from couponhub.codes.sets.hashing import MultilinearHash
from couponhub.codes.sets.lines import Positions, TextLines
from couponhub.codes.sets.siphash import SipHash

_LIMBS = 4
_LIMB_BITS = np.uint64(32)
_LIMB = np.uint64((1 << 32) - 1)
_MOST_LINES = 1 << 21
"""So many numbers of 32 bits have a sum that a double holds exactly."""


@attrs.frozen(eq=False)
class BlockSums:
    """The codes of a block, by segment.

    Attributes:
        counts: How many.
        limbs: The sum of their hashes, 32 bits in a row, the lowest first.
    """

    counts: Positions
    limbs: NDArray[np.uint64]


@attrs.frozen
class Segmenter:
    """Deals codes to segments.

    Attributes:
        seed: Of the hash that says which segment a code is of. It need not be strong: it decides nothing about equality.
        key: Of the hash that is added up.
        count: How many segments, a power of two.
        folding: The comparison of codes.
    """

    seed: bytes = attrs.field(repr=False)
    key: bytes = attrs.field(repr=False)
    count: int
    folding: Folding
    _hashes: MultilinearHash = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_hashes", MultilinearHash.seeded(self.seed))

    def sums(self, keys: bytes) -> BlockSums:
        """Add up different codes as they are compared; may run in several threads.

        Args:
            keys: Lines, each with its LF, no more than two million.
        """
        lines = TextLines.of(keys)
        if lines.count > _MOST_LINES:
            raise ValueError(f"{lines.count} lines in one block")
        segments = self._segments(keys, lines)
        limbs = np.empty((_LIMBS, self.count), np.uint64)
        for half, words in enumerate(SipHash(self.key)(keys, lines)):
            for place, limb in enumerate((words & _LIMB, words >> _LIMB_BITS)):
                total = np.bincount(segments, weights=limb.astype(np.float64), minlength=self.count)
                limbs[2 * half + place] = total.astype(np.uint64)
        return BlockSums(np.bincount(segments, minlength=self.count), limbs)

    def sums_of(self, text: bytes) -> BlockSums:
        """Add up different codes as they are spelled; as `sums`."""
        return self.sums(self.folding.keys(text))

    def chosen(self, text: bytes, segments: Collection[int]) -> bytes:
        """Return the lines whose codes are of these segments, as they are spelled."""
        lines = TextLines.of(text)
        if not lines.count:
            return text
        keys = self.folding.keys(text)
        wanted = np.zeros(self.count, bool)
        wanted[list(segments)] = True
        keep = wanted[self._segments(keys, lines if keys is text else TextLines.of(keys))]
        return lines.chosen(text, keep)

    def _segments(self, keys: bytes, lines: TextLines) -> Positions:
        if self.count == 1:  # which no shift says
            return np.zeros(lines.count, np.int64)
        unused = np.uint64(64 - (self.count.bit_length() - 1))
        return (self._hashes(keys, lines) >> unused).astype(np.int64)


@attrs.define(eq=False)
class RunningSums:
    """The sums of all blocks so far."""

    counts: Positions
    limbs: NDArray[np.uint64]

    @classmethod
    def of(cls, count: int) -> Self:
        """Begin with nothing in each of so many segments."""
        return cls(np.zeros(count, np.int64), np.zeros((_LIMBS, count), np.uint64))

    def add(self, block: BlockSums) -> None:
        """Add those of a block."""
        self.counts += block.counts
        self.limbs += block.limbs
        for place in range(_LIMBS - 1):
            self.limbs[place + 1] += self.limbs[place] >> _LIMB_BITS
        self.limbs &= _LIMB  # the sum is modulo 2**128

    def totals(self) -> list[tuple[int, int]]:
        """Return the number of codes and the sum of each segment."""
        sums = zip(*self.limbs.tolist(), strict=True)
        totals = [sum(limb << 32 * place for place, limb in enumerate(limbs)) for limbs in sums]
        return list(zip(self.counts.tolist(), totals, strict=True))
