"""Leaves out what comes again and again in one block, so that a file of nothing but one code fills no bucket."""

import numpy as np
from numpy.typing import NDArray

from couponhub.codes.sets.hashing import PADDING, Words, view_of
from couponhub.codes.sets.lines import Mask, Positions, TextLines
from couponhub.codes.sets.proof import Spans, are_equal

_LEAST = 4096
_TIMES = 8


def repeated(text: bytes, lines: TextLines, hashes: Words, buckets: NDArray[np.uint8]) -> Mask | None:
    """Mark lines that are equal to an earlier one of the block, where a bucket has far more than its share; else None.

    Args:
        text: The block.
        lines: Its lines.
        hashes: Their hashes.
        buckets: The bucket of each.
    """
    sizes = np.bincount(buckets, minlength=1)
    heavy = np.flatnonzero(sizes > max(_LEAST, _TIMES * lines.count // 256))
    if not len(heavy):
        return None
    marks = np.zeros(lines.count, bool)
    for bucket in heavy.tolist():
        numbers = np.flatnonzero(buckets == bucket)
        order = numbers[np.argsort(hashes[numbers], kind="stable")]
        same = np.flatnonzero(hashes[order[1:]] == hashes[order[:-1]])
        earlier, later = order[same], order[same + 1]
        equal = are_equal(view_of(text + PADDING), _spans(lines, earlier), _spans(lines, later))
        # The neighbour of one that is another code with the same hash is left to the sieve.
        marks[later[equal]] = True
    return marks


def _spans(lines: TextLines, numbers: Positions) -> Spans:
    if lines.offsets is None:
        lengths = np.full(len(numbers), lines.longest)
        return Spans(numbers * (lines.longest + 1), lengths)
    return Spans(lines.offsets[numbers], lines.offsets[numbers + 1] - 1 - lines.offsets[numbers])
