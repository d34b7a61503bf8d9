"""Indexes of code sets, so that what was sent before is not read anew for every upload.

An index is a copy: eight bytes for each code, bits of its hash and where it stands, sorted. It says which codes of a
set may be those that are looked for; the set itself says whether they are. One that is missing, of another set or of
other rules is made anew, and where none can be kept the set is read.
"""

import os
import secrets
import struct
from pathlib import Path
from typing import Self

import attrs
import numpy as np

from couponhub.codes.dedupe import private
from couponhub.codes.sets.folding import Folding, composed
from couponhub.codes.sets.hashing import MultilinearHash, Words
from couponhub.codes.sets.lines import TextLines
from couponhub.state import TextCodeSet

LEAST = 1 << 20
"""Bytes of a set from which on an index is worth its file."""
HASHES = MultilinearHash.seeded(b"couponhub code set index")
_HEADER = struct.Struct("<8sIIQQq24x")
_MAGIC = b"chubidx1"
_CASE, _BLANKS, _SPELLED, _COMPOSED = 1, 2, 4, 8


@attrs.frozen(eq=False)
class Records:
    """Codes of a set, 64 bits each.

    Attributes:
        sorted: The hash in the high bits, in the low ones where the code stands.
        bits: So many are the low ones.
    """

    sorted: Words
    bits: np.uint64

    @classmethod
    def of(
        cls, keys: bytes, lines: TextLines, starts: "np.ndarray[tuple[int], np.dtype[np.int64]]", bits: int
    ) -> Self:
        """Make those of some lines.

        Args:
            keys: The codes as they are compared.
            lines: The lines of that.
            starts: Where these codes stand in the set.
            bits: As many as the positions take.
        """
        mask = np.uint64((1 << bits) - 1)
        return cls((HASHES(keys, lines) & ~mask) | starts.astype(np.uint64), np.uint64(bits))


@attrs.frozen(eq=False)
class SetIndex:
    """The index of a code set.

    Attributes:
        is_composed: True when every code in it has its accents composed.
    """

    records: Records
    is_composed: bool

    @classmethod
    def of(cls, code_set: TextCodeSet, folding: Folding, scratch: Path) -> Self | None:
        """Open the index of a set, or make it; None where that cannot be, or is not worth it.

        Args:
            code_set: The set.
            folding: How its codes are compared.
            scratch: A private folder, where it is made.

        Raises:
            LocalError: The set cannot be read.
        """
        path = code_set.index
        try:
            if path is None or (seen := code_set.path.stat()).st_size < LEAST:
                return None
            if (found := cls._opened(path, seen, folding)) is not None:
                return found
            made = scratch / f"{secrets.token_hex(8)}.index"
            try:
                _make(code_set, seen, folding, made)
                made.replace(path)
            finally:
                made.unlink(missing_ok=True)
            return cls._opened(path, seen, folding)
        except OSError:  # of the index; the set says itself what is wrong with it
            return None

    @classmethod
    def _opened(cls, path: Path, seen: os.stat_result, folding: Folding) -> Self | None:
        try:
            with path.open("rb") as file:
                header = file.read(_HEADER.size)
        except FileNotFoundError:
            return None
        if len(header) != _HEADER.size:
            return None
        magic, flags, bits, count, size, changed = _HEADER.unpack(header)
        if (magic, flags & (_CASE | _BLANKS)) != (_MAGIC, _flags(folding)):
            return None
        if (size, changed, _HEADER.size + 8 * count) != (seen.st_size, seen.st_mtime_ns, path.stat().st_size):
            return None
        records: Words = np.memmap(path, "<u8", "r", _HEADER.size, (count,))
        return cls(Records(records, np.uint64(bits)), bool(flags & _COMPOSED))


def _flags(folding: Folding) -> int:
    return _CASE * folding.ignores_case | _BLANKS * folding.ignores_blanks


def _make(code_set: TextCodeSet, seen: os.stat_result, folding: Folding, path: Path) -> None:
    bits = seen.st_size.bit_length()
    flags, count, start = _flags(folding) | _COMPOSED, 0, 0
    with open(path, "xb", opener=private) as file:
        file.write(bytes(_HEADER.size))
        for text in code_set.texts():
            keys = folding.keys(text)
            lines = TextLines.of(text)
            records = Records.of(
                keys, lines if keys is text else TextLines.of(keys), start + lines.starts, bits
            )
            file.write(records.sorted.data)
            if composed(keys) is not keys:
                flags &= ~_COMPOSED
            count += lines.count
            start += len(text)
    # In the file, so that it takes no memory of its own, however large the set is.
    whole: Words = np.memmap(path, "<u8", "r+", _HEADER.size, (count,))
    whole.sort()
    del whole
    with path.open("r+b") as file:
        file.write(_HEADER.pack(_MAGIC, flags, bits, count, seen.st_size, seen.st_mtime_ns))
        file.flush()
        os.fsync(file.fileno())
