"""The proof that two lines are equal: their bytes. Hashes alone lost two of a hundred million codes in a trial."""

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from couponhub.codes.sets.hashing import WORD, Words, words_at
from couponhub.codes.sets.lines import Mask, Positions
from couponhub.codes.sets.spool import Spool


@attrs.frozen
class Placed:
    """The places in the spool of the lines of one block.

    Attributes:
        start: Of the first.
        size: Bytes of all.
        step: Bytes of each with its LF; 0 where they differ.
        offsets: Where among the numbers of the scratch file stands where each begins; -1 where `step` says it.
    """

    start: int
    size: int
    step: int
    offsets: int


@attrs.frozen(eq=False)
class Spans:
    """Some lines of the spool."""

    starts: Positions
    lengths: Positions


def are_equal(words: Words, some: Spans, others: Spans) -> Mask:
    """Compare lines of a text byte by byte, the first with the first and so on.

    Args:
        words: The text as words, one at each byte.
        some: The lines.
        others: As many.
    """
    same: Mask = some.lengths == others.lengths
    left = np.flatnonzero(same & (some.lengths > 0))
    number = 0
    while len(left):
        lengths = some.lengths[left]
        here = words_at(words, some.starts[left], lengths, number)
        there = words_at(words, others.starts[left], lengths, number)
        differs = here != there
        same[left[differs]] = False
        number += 1
        left = left[~differs & (lengths > WORD * number)]
    return same


class Places:
    """Finds lines of many blocks in the spool."""

    def __init__(self, blocks: Sequence[Placed], spool: Spool, scratch: Spool) -> None:
        self._starts = np.array([block.start for block in blocks], np.int64)
        self._steps = np.array([block.step for block in blocks], np.int64)
        self._offsets = np.array([block.offsets for block in blocks], np.int64)
        self._spool = spool
        self._words: Words = spool.words()
        self._numbers: NDArray[np.uint32] = scratch.array("<u4")

    def find(self, blocks: NDArray[np.int32], lines: Positions) -> Spans:
        """Find lines by the numbers of their blocks, and theirs in these."""
        steps = self._steps[blocks]
        starts, lengths = lines * steps, steps - 1
        mixed = np.flatnonzero(steps == 0)
        if len(mixed):
            at = self._offsets[blocks[mixed]] + lines[mixed]
            starts[mixed] = self._numbers[at]
            lengths[mixed] = self._numbers[at + 1] - starts[mixed] - 1
        starts += self._starts[blocks]
        return Spans(starts, lengths)

    def equal(self, some: Spans, others: Spans) -> Mask:
        """Compare lines byte by byte, the first with the first and so on."""
        return are_equal(self._words, some, others)

    def texts(self, spans: Spans) -> list[bytes]:
        """Return lines as they stand there."""
        return [
            self._spool.read(start, length)
            for start, length in zip(spans.starts.tolist(), spans.lengths.tolist(), strict=True)
        ]
