"""Finds lines that came before, among any number of them, in their order and in bounded memory.

1. Blocks of lines go to one spool. Each line leaves 8 bytes in a scratch file: bits of its hash, and its number in its
   block. The lines of a block are dealt into buckets by other bits of the hash.
2. A few buckets at a time are sorted. Neighbours with the same bits may be equal; their bytes say whether they are.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs
import numpy as np
from numpy.typing import NDArray

from couponhub.codes.dedupe import DUPLICATE, SENT
from couponhub.codes.sets.crew import Crew
from couponhub.codes.sets.hashing import Hashes, MultilinearHash, Words
from couponhub.codes.sets.lines import Mask, Positions, TextLines
from couponhub.codes.sets.matching import Bucket, Found
from couponhub.codes.sets.proof import Placed, Places
from couponhub.codes.sets.spool import Spool, lay
from couponhub.codes.sets.thinning import repeated

MOST_LINES = 1 << 21
"""The most lines of a block."""
_BUCKETS = 256
_BUCKET_BITS = np.uint64(64 - 8)
_AT_ONCE = 400_000
"""About so many lines are sorted at a time."""

LINE_BITS = np.uint64(MOST_LINES - 1)
"""The bits of a record that say which line of its block it is."""


@attrs.frozen(eq=False)
class Dealt:
    """The lines of a text, ready for a sieve.

    Attributes:
        text: What is compared.
        records: Hash and number of each line, in the order of the buckets.
        bounds: Where each bucket begins in them, and the end.
        repeated: The lines that have none, because they are equal to an earlier one of the text, one bit each; None for none.
    """

    text: bytes = attrs.field(repr=False)
    lines: TextLines
    records: Words
    bounds: Positions
    repeated: NDArray[np.uint8] | None = None


@attrs.frozen(eq=False)
class Block:
    """A block in the sieve.

    Attributes:
        base: The number of its first line among all; -1 for lines that were sent before.
        rows: What is sent of it.
        codes: The codes in that.
        keys: The codes as they are compared.
        records: Where its records begin in the scratch file, in units of 8 bytes.
    """

    base: int
    lines: int
    rows: Placed
    codes: Placed
    keys: Placed
    records: int
    bounds: Positions
    repeated: NDArray[np.uint8] | None


@attrs.frozen(eq=False)
class Sifted:
    """The outcome for the lines.

    Attributes:
        fates: One byte a line, in order: KEPT, DUPLICATE or SENT.
        duplicates: TextLines that came before.
        skipped: Others that were sent before.
        twins: Those duplicates whose code is spelled otherwise than the first of theirs.
    """

    fates: NDArray[np.uint8]
    duplicates: int
    skipped: int
    twins: int


class Sieve:
    """Takes blocks of lines, then says which of them came before. One thread adds; several may deal.

    Args:
        folder: A private folder for two files; whoever made it removes it.
        hashes: Says which lines may be equal.
    """

    def __init__(self, folder: Path, hashes: Hashes | None = None) -> None:
        self._hashes = hashes or MultilinearHash.fresh()
        self._spool = Spool(folder / "spool")
        self._scratch = Spool(folder / "records")
        self.blocks: list[Block] = []
        self.rows = 0
        self._is_sealed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()
        self._scratch.close()

    @property
    def size(self) -> int:
        """The bytes of the lines taken so far."""
        return self._spool.size

    def deal(self, text: bytes, lines: TextLines | None = None, *, thins: bool = True) -> Dealt:
        """Hash the lines of a text of at most MOST_LINES, each with its LF, and deal them into buckets.

        Args:
            text: The text.
            lines: Its lines, where they are known.
            thins: Leave out what comes again and again. Not where lines that are equal may be spelled otherwise, in any block.
        """
        lines = lines or TextLines.of(text)
        hashes = self._hashes(text, lines)
        buckets = (hashes >> _BUCKET_BITS).astype(np.uint8)
        marks = repeated(text, lines, hashes, buckets) if thins else None
        hashes <<= np.uint64(8)
        hashes &= ~LINE_BITS
        hashes |= np.arange(lines.count, dtype=np.uint64)
        if marks is not None:
            hashes, buckets = hashes[~marks], buckets[~marks]
        order = np.argsort(buckets, kind="stable")
        bounds = np.zeros(_BUCKETS + 1, np.int64)
        np.cumsum(np.bincount(buckets, minlength=_BUCKETS), out=bounds[1:])
        return Dealt(text, lines, hashes[order], bounds, None if marks is None else np.packbits(marks))

    def add(self, keys: Dealt, *, codes: bytes | None = None, rows: bytes | None = None) -> None:
        """Take further lines, in their order.

        Args:
            keys: What is compared.
            codes: The codes as they are spelled; None where `keys` are these.
            rows: What is sent of them, a line each; None where the codes are.
        """
        placed = self._place(keys.text, keys.lines)
        spelled = placed if codes is None else self._place(codes, TextLines.of(codes))
        sent = spelled if rows is None else Placed(self._spool.append(rows), len(rows), 0, -1)
        self._note(keys, self.rows, sent, spelled, placed)
        self.rows += keys.lines.count

    def subtract(self, keys: Dealt) -> None:
        """Take lines that were sent before."""
        placed = self._place(keys.text, keys.lines)
        self._note(keys, -1, placed, placed, placed)

    def sift(self, crew: Crew) -> Sifted:
        """Compare everything taken so far. Nothing is taken any more."""
        self._seal()
        fates = np.zeros(self.rows, np.uint8)
        if not self.rows:
            return Sifted(fates, 0, 0, 0)
        # What was sent stands before all else, so that the first of ours shows that it was.
        ordered = sorted(self.blocks, key=lambda block: block.base >= 0)
        bucket = Bucket(
            bases=np.array([block.base for block in ordered], np.int64),
            keys=Places([block.keys for block in ordered], self._spool, self._scratch),
            codes=self._spelled_apart(ordered),
        )
        records: Words = self._scratch.array("<u8")
        counts = [0, 0, 0]

        def note(found: Found) -> None:
            fates[found.duplicates] = DUPLICATE
            fates[found.sent] = SENT
            for at, count in enumerate((len(found.duplicates), len(found.sent), found.twins)):
                counts[at] += count

        def search(first: int, end: int) -> Found:
            pieces = [
                records[block.records + block.bounds[first] : block.records + block.bounds[end]]
                for block in ordered
            ]
            return bucket.search(np.concatenate(pieces), list(map(len, pieces)))

        for block in ordered:
            if block.base >= 0 and block.repeated is not None:
                marks = np.unpackbits(block.repeated, count=block.lines)
                fates[block.base : block.base + block.lines] = marks * DUPLICATE
                counts[0] += int(np.count_nonzero(marks))
        for first, end in self._groups():
            crew.submit(search, first, end, then=note)
        crew.drain()
        return Sifted(fates, *counts)

    def hashed(self, hashes: Hashes, keep: Mask) -> tuple[Words, Positions]:
        """Return other hashes of the lines that are marked, and the numbers of these; once all is taken."""
        self._seal()
        found, numbers = [np.zeros(0, np.uint64)], np.flatnonzero(keep)
        for block in self.blocks:
            if block.base >= 0:
                text = self.read(block.keys)
                found.append(hashes(text, TextLines.of(text))[keep[block.base : block.base + block.lines]])
        return np.concatenate(found), numbers

    def texts(self, numbers: Positions) -> list[bytes]:
        """Return some lines by their numbers, as they are compared."""
        ours = [block for block in self.blocks if block.base >= 0]
        bases = np.array([block.base for block in ours], np.int64)
        blocks = (np.searchsorted(bases, numbers, "right") - 1).astype(np.int32)
        places = Places([block.keys for block in ours], self._spool, self._scratch)
        return places.texts(places.find(blocks, numbers - bases[blocks]))

    def read(self, placed: Placed) -> bytes:
        """Return the lines of a block, once all is taken."""
        self._seal()
        return self._spool.read(placed.start, placed.size)

    def _seal(self) -> None:
        if not self._is_sealed:
            self._spool.seal()
            self._scratch.seal()
            self._is_sealed = True

    def _place(self, text: bytes, lines: TextLines) -> Placed:
        step = 0 if lines.length is None else lines.length + 1
        return Placed(self._spool.append(text), len(text), step, lay(lines, self._scratch))

    def _note(self, keys: Dealt, base: int, rows: Placed, codes: Placed, placed: Placed) -> None:
        records = self._scratch.append(keys.records) // 8
        self.blocks.append(
            Block(base, keys.lines.count, rows, codes, placed, records, keys.bounds, keys.repeated)
        )

    def _spelled_apart(self, ordered: Sequence[Block]) -> Places | None:
        if all(block.codes is block.keys for block in ordered):
            return None
        return Places([block.codes for block in ordered], self._spool, self._scratch)

    def _groups(self) -> Iterator[tuple[int, int]]:
        """Neighbouring buckets with about as many lines as are sorted at a time."""
        sizes = np.zeros(_BUCKETS, np.int64)
        for block in self.blocks:
            sizes += np.diff(block.bounds)
        first = held = 0
        for number, size in enumerate(sizes.tolist()):
            if held and held + size > _AT_ONCE:
                yield first, number
                first, held = number, 0
            held += size
        yield first, _BUCKETS
