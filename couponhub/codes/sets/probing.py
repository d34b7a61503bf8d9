"""Looks some million codes up among any number that were sent before, which are neither kept nor sorted for it."""

import mmap
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import attrs
import numpy as np

from couponhub.codes.sets.folding import Folding, composed
from couponhub.codes.sets.hashing import Words
from couponhub.codes.sets.index import Records, SetIndex
from couponhub.codes.sets.lines import Mask, Positions, TextLines
from couponhub.errors import LocalError
from couponhub.state import TextCodeSet

MOST = 4_000_000
"""So many codes can be looked up, in 16 bytes each."""
_AT_ONCE = 200_000
_FEW = 64
"""An index with so many times the codes that are looked up is searched for each; else it is read once."""
_TABLE_BITS = (16, 25)
LineAt = Callable[[int], bytes]
"""Gives the line that stands there, as it is compared."""


@attrs.frozen(eq=False)
class Wanted:
    """Codes that are looked up, all of them different. Several threads may look for them.

    Attributes:
        hashes: Of each as `HASHES` has it, sorted.
        texts: Gives some of them, by their places in that order, each with its LF.
        table: Marks where a hash begins as one of theirs does.
        found: Marks those that were found.
    """

    hashes: Words
    texts: Callable[[Positions], Sequence[bytes]]
    table: Mask
    found: Mask
    _bits: np.uint64

    @classmethod
    def of(cls, hashes: Words, texts: Callable[[Positions], Sequence[bytes]]) -> "Wanted":
        """Begin with nothing found."""
        low, high = _TABLE_BITS
        size = min(high, max(low, len(hashes).bit_length() + 5))
        bits = np.uint64(64 - size)
        table = np.zeros(1 << size, bool)
        table[(hashes >> bits).astype(np.int64)] = True
        return cls(hashes, texts, table, np.zeros(len(hashes), bool), bits)

    def look(self, records: Records, line_at: LineAt, *, is_sorted: bool) -> None:
        """Look for them among some codes.

        Args:
            records: These codes.
            line_at: Gives such a code by where it stands.
            is_sorted: The records are, as those of an index.
        """
        hashes = self.hashes >> records.bits
        if is_sorted and len(self.hashes) * _FEW < len(records.sorted):
            likely = self._searched(records)
            for start in range(0, len(likely), _AT_ONCE):
                self._prove(likely[start : start + _AT_ONCE], hashes, records.bits, line_at)
            return
        for start in range(0, len(records.sorted), _AT_ONCE):
            some = records.sorted[start : start + _AT_ONCE]
            likely = some[self.table[(some >> self._bits).astype(np.int64)]]
            if len(likely):
                self._prove(likely, hashes, records.bits, line_at)

    def _searched(self, records: Records) -> Words:
        mask = (np.uint64(1) << records.bits) - np.uint64(1)
        first = np.searchsorted(records.sorted, self.hashes & ~mask, "left")
        end = np.searchsorted(records.sorted, self.hashes | mask, "right")
        return records.sorted[np.unique(_ranges(first, end))]

    def _prove(self, likely: Words, hashes: Words, bits: np.uint64, line_at: LineAt) -> None:
        """Compare the bytes of the codes whose hashes agree."""
        first = np.searchsorted(hashes, likely >> bits, "left")
        end = np.searchsorted(hashes, likely >> bits, "right")
        places = np.unique(_ranges(first, end))
        wanted = dict(zip(self.texts(places), places.tolist(), strict=True))
        starts = likely[end > first] & ((np.uint64(1) << bits) - np.uint64(1))
        for start in starts.tolist():
            place = wanted.get(line_at(start))
            if place is not None:
                self.found[place] = True


@attrs.frozen
class Prober:
    """Looks codes up in code sets.

    Attributes:
        folding: The comparison of codes.
    """

    folding: Folding

    def look(self, wanted: Wanted, code_set: TextCodeSet, index: SetIndex | None) -> None:
        """Look for codes in a set, by its index where it has one.

        Raises:
            LocalError: The set cannot be read.
        """
        if index is None:
            for text in code_set.texts():
                self.look_in_text(wanted, self.folding.keys(text))
            return
        with _mapped(code_set) as mapped:
            wanted.look(index.records, lambda start: self._line(mapped, start), is_sorted=True)

    def look_in_text(self, wanted: Wanted, keys: bytes) -> None:
        """Look for codes among lines, each with its LF, as they are compared."""
        lines = TextLines.of(keys)
        records = Records.of(keys, lines, lines.starts, len(keys).bit_length())
        wanted.look(records, lambda start: keys[start : keys.index(b"\n", start) + 1], is_sorted=False)

    def look_alikes(self, wanted: Wanted, code_set: TextCodeSet) -> None:
        """Look for codes that look like one of a set, whose accents are composed otherwise."""
        for text in code_set.texts():
            keys = self.folding.keys(text)
            if (looks := composed(keys)) is not keys:
                self.look_in_text(wanted, looks)

    def _line(self, text: mmap.mmap, start: int) -> bytes:
        if start and text[start - 1 : start] != b"\n":
            return b""  # of no code
        end = text.find(b"\n", start)
        return self.folding.keys(text[start:end] + b"\n" if end >= 0 else text[start:] + b"\n")


def _ranges(first: Positions, end: Positions) -> Positions:
    """All numbers from each first one to before its end."""
    sizes = end - first
    return np.repeat(first - np.cumsum(sizes) + sizes, sizes) + np.arange(int(sizes.sum()))


@contextmanager
def _mapped(code_set: TextCodeSet) -> Iterator[mmap.mmap]:
    with ExitStack() as opened:
        try:
            file = opened.enter_context(code_set.path.open("rb"))
            text = opened.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except OSError as error:
            raise LocalError(f"the codes in {code_set.path} cannot be read: {error.strerror}") from error
        yield text
