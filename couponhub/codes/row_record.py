"""The record of what became of each row of a source: its line, and whether it was sent, came twice or was sent before.

The codes that are sent stand in the code sets of their parts; the record holds those of the other rows alone. Rows on
lines one after the other, all of them sent, take no space but for a few bytes for some ten thousand of them.
"""

import struct
import sys
import zlib
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import accumulate, chain, islice
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import attrs

from couponhub.codes.dedupe import DUPLICATE, KEPT, SENT, private
from couponhub.errors import LocalError

IN_DOUBT = 3
"""The fate of a row that was left out as SENT, and nobody can tell whether the list got its code."""
_MAGIC = b"couponhub rows 1\n"
_HEAD = struct.Struct("<QIIII")
"""The first line, rows, and the bytes of the steps, the fates and the codes that follow."""
_FAST = 1
_LEFT_OUT = bytes([DUPLICATE, SENT, IN_DOUBT])


def pack_steps(lines: Sequence[int]) -> bytes:
    """Return how far lines are apart, packed; b"" where each is the next."""
    if not lines or lines[-1] - lines[0] == len(lines) - 1:
        return b""
    steps = array("I", map(int.__sub__, lines[1:], lines))
    if sys.byteorder == "big":
        steps.byteswap()
    return zlib.compress(steps.tobytes(), _FAST)


def pack_fates(fates: bytes) -> bytes:
    """Return the fates of rows, packed; b"" where all are KEPT."""
    return zlib.compress(fates, _FAST) if any(fate in fates for fate in _LEFT_OUT) else b""


@attrs.frozen(kw_only=True)
class RowBlock:
    """Some rows of a source, one after the other, as a record holds them.

    Attributes:
        first: The line of the first.
        rows: How many.
        steps: See `pack_steps`.
        fates: See `pack_fates`.
        codes: Of those that are not KEPT, in their order: UTF-8, each with a LF.
    """

    first: int
    rows: int
    steps: bytes = b""
    fates: bytes = b""
    codes: bytes = attrs.field(default=b"", repr=False)


@attrs.frozen(kw_only=True)
class RecordedRows:
    """Some rows of a source, one after the other.

    Attributes:
        lines: The line of each.
        fates: What became of each, a byte: KEPT, DUPLICATE, SENT or IN_DOUBT.
        codes: Those of the rows that are not KEPT, in their order.
    """

    lines: Sequence[int]
    fates: bytes
    codes: Sequence[str] = attrs.field(repr=False)

    @classmethod
    def of(cls, block: RowBlock) -> Self:
        """Unpack a block.

        Raises:
            ValueError, zlib.error: It was changed since it was written.
        """
        lines: Sequence[int] = range(block.first, block.first + block.rows)
        if block.steps:
            steps = array("I", zlib.decompress(block.steps))
            if sys.byteorder == "big":
                steps.byteswap()
            lines = list(accumulate(steps, initial=block.first))
        fates = zlib.decompress(block.fates) if block.fates else bytes([KEPT]) * block.rows
        codes = block.codes.decode().split("\n")[:-1]
        if not len(lines) == len(fates) == block.rows or len(codes) != block.rows - fates.count(KEPT):
            raise ValueError("its lists differ in length")
        return cls(lines=lines, fates=fates, codes=codes)


class RowRecordWriter:
    """Writes the record of one source to a new private file, which is not there if anything fails.

    Raises:
        OSError: The disk is full.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = open(path, "xb", opener=private)  # noqa: SIM115 - closed by __exit__
        self._file.write(_MAGIC)
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._file.write(_HEAD.pack(self._rows, 0, 0, 0, 0))
            self._file.close()
        except OSError:
            self._path.unlink(missing_ok=True)
            raise
        finally:
            if error is not None:
                with suppress(OSError):
                    self._path.unlink(missing_ok=True)

    def write(self, block: RowBlock) -> None:
        """Add the next rows."""
        if block.rows:
            parts = (block.steps, block.fates, block.codes)
            self._file.write(_HEAD.pack(block.first, block.rows, *map(len, parts)))
            self._file.writelines(parts)
            self._rows += block.rows


def read_row_record(path: Path) -> Iterator[RecordedRows]:
    """Give the rows of a record, in their order and in bounded memory.

    Raises:
        LocalError: It cannot be read, or is not whole.
    """
    return (rows for _, rows in _read(path))


def _read(path: Path) -> Iterator[tuple[RowBlock, RecordedRows]]:
    try:
        with path.open("rb") as file:
            yield from _read_file(file)
    except OSError as error:
        raise LocalError(f"the record of rows {path} cannot be read: {error.strerror}") from error
    except (ValueError, zlib.error):
        raise LocalError(
            f"the record of rows {path} is damaged", hint="restore it from a backup of the store"
        ) from None


def _read_file(file: BinaryIO) -> Iterator[tuple[RowBlock, RecordedRows]]:
    if file.read(len(_MAGIC)) != _MAGIC:
        raise ValueError("it is another file")
    total = 0
    while (block := _next_block(file)).rows:
        total += block.rows
        yield block, RecordedRows.of(block)
    if block.first != total:
        raise ValueError("it has more or fewer rows than were written")


def _next_block(file: BinaryIO) -> RowBlock:
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise ValueError("it is cut off")
    first, rows, *sizes = _HEAD.unpack(head)
    steps, fates, codes = parts = [file.read(size) for size in sizes]
    if list(map(len, parts)) != sizes:
        raise ValueError("it is cut off")
    return RowBlock(first=first, rows=rows, steps=steps, fates=fates, codes=codes)


def note_doubts(record: Path, proven: Path, target: Path) -> None:
    """Write a record anew in which rows are IN_DOUBT that are SENT there, and not in the record of what is proven.

    Args:
        record: Of all that may have been sent before.
        proven: Of the same source, and of that alone of which the vendor's counts prove that the list got it.
        target: The new one.

    Raises:
        LocalError: One of them cannot be read.
        OSError: The disk is full.
    """
    # The two may be recorded in other pieces.
    others = chain.from_iterable(rows.fates for rows in read_row_record(proven))
    with RowRecordWriter(target) as written:
        for block, rows in _read(record):
            fates, proofs = rows.fates, bytes(islice(others, block.rows))
            if SENT in fates:
                fates = bytes(
                    IN_DOUBT if fate == SENT != proof else fate
                    for fate, proof in zip(fates, proofs, strict=True)
                )
            written.write(attrs.evolve(block, fates=pack_fates(fates)))
