"""The lines of a bucket that are equal to an earlier one."""

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from couponhub.codes.sets.hashing import Words
from couponhub.codes.sets.lines import Mask, Positions
from couponhub.codes.sets.proof import Places, Spans

_LINE_BITS = np.uint64((1 << 21) - 1)
_NONE = np.empty(0, np.int64)


@attrs.frozen(eq=False)
class Found:
    """The lines that a bucket holds twice.

    Attributes:
        duplicates: The numbers of our lines that come after an equal one of ours.
        sent: Of the first of ours that are equal to one that was sent before.
        twins: How many duplicates are spelled otherwise than the first of theirs.
    """

    duplicates: Positions
    sent: Positions
    twins: int


@attrs.frozen(eq=False)
class Bucket:
    """Searches buckets of one sieve.

    Attributes:
        bases: The number of each block's first line; -1 for blocks of lines that were sent before, which come first.
        keys: Where lines are found as they are compared.
        codes: Where, as they are spelled; None where all are spelled as they are compared.
    """

    bases: Positions
    keys: Places
    codes: Places | None

    def search(self, records: Words, sizes: Sequence[int]) -> Found:
        """Find what comes twice.

        Args:
            records: Those of one bucket, block after block.
            sizes: How many of them come from each block.
        """
        bits = max(1, (len(records) - 1).bit_length())
        mask = np.uint64((1 << bits) - 1)
        # Sorted by the hash, and by their order where that is the same.
        sorted_keys = records & ~(_LINE_BITS | mask)
        sorted_keys |= np.arange(len(records), dtype=np.uint64)
        sorted_keys.sort()
        same = np.flatnonzero((sorted_keys[1:] ^ sorted_keys[:-1]) <= mask)
        if not len(same):
            return Found(_NONE, _NONE, 0)
        earlier = (sorted_keys[same] & mask).astype(np.int64)
        later = (sorted_keys[same + 1] & mask).astype(np.int64)
        lines = _Lines(records, np.repeat(np.arange(len(sizes), dtype=np.int32), sizes))
        equal = self.keys.equal(lines.spans(self.keys, earlier), lines.spans(self.keys, later))
        if not equal.all():
            earlier, later = self._exactly(lines, sorted_keys[same] & ~mask, equal, earlier, later)
        return self._told(lines, earlier, later)

    def _exactly(
        self, lines: "_Lines", hashes: Words, equal: Mask, earlier: Positions, later: Positions
    ) -> tuple[Positions, Positions]:
        """Pair lines by their bytes where different ones have the same hash, which is rare."""
        odd = np.isin(hashes, hashes[~equal])
        spots = np.unique(np.concatenate((earlier[odd], later[odd])))
        seen: dict[bytes, int] = {}
        pairs = []
        for spot, text in zip(spots.tolist(), self.keys.texts(lines.spans(self.keys, spots)), strict=True):
            if text in seen:
                pairs.append((seen[text], spot))
            seen[text] = spot
        exact = np.array(pairs, np.int64).reshape(-1, 2)
        return np.concatenate((earlier[~odd], exact[:, 0])), np.concatenate((later[~odd], exact[:, 1]))

    def _told(self, lines: "_Lines", earlier: Positions, later: Positions) -> Found:
        bases = self.bases[lines.blocks[later]]
        are_ours = bases >= 0
        are_first = are_ours & (self.bases[lines.blocks[earlier]] < 0)
        rows = bases + lines.numbers(later)
        are_duplicates = are_ours & ~are_first
        twins = 0 if self.codes is None else self._twins(lines, earlier, later, are_duplicates)
        return Found(rows[are_duplicates], rows[are_first], twins)

    def _twins(self, lines: "_Lines", earlier: Positions, later: Positions, are_duplicates: Mask) -> int:
        """Count the duplicates that are spelled otherwise than the first of ours that is equal."""
        if self.codes is None or not are_duplicates.any():
            return 0
        before = earlier[are_duplicates]
        here = later[are_duplicates]
        first = np.arange(len(lines.blocks))
        # Each points to the one before it; doubling the leaps leads all of them to the first.
        first[here] = before
        while not np.array_equal(further := first[first], first):
            first = further
        same = self.codes.equal(lines.spans(self.codes, first[here]), lines.spans(self.codes, here))
        return int(np.count_nonzero(~same))


@attrs.frozen(eq=False)
class _Lines:
    """The lines of a bucket, by their place in it."""

    records: Words
    blocks: NDArray[np.int32]

    def numbers(self, spots: Positions) -> Positions:
        """Their numbers in their blocks."""
        return (self.records[spots] & _LINE_BITS).astype(np.int64)

    def spans(self, places: Places, spots: Positions) -> Spans:
        return places.find(self.blocks[spots], self.numbers(spots))
