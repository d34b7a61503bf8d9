"""Private files that are written once from front to back, and then read anywhere."""

import mmap
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from couponhub.codes.dedupe import private
from couponhub.codes.sets.hashing import PADDING, Words, view_of
from couponhub.codes.sets.lines import TextLines

_ALIGNED = 8


class Spool:
    """A file in a private folder; whoever made the folder removes it.

    Read through the page cache, so that it counts as no memory of the process.

    Raises:
        OSError: The disk is full.
    """

    def __init__(self, path: Path) -> None:
        self._file = open(path, "x+b", buffering=0, opener=private)  # noqa: SIM115 - closed by `close`
        self._map: mmap.mmap | None = None
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def append(self, data: bytes | NDArray[Any]) -> int:
        """Write what comes next; return where it begins, which for arrays is a multiple of 8."""
        if not isinstance(data, bytes):
            self._write(memoryview(bytes(-self.size % _ALIGNED)))
        start = self.size
        self._write(memoryview(data if isinstance(data, bytes) else data.data).cast("B"))
        return start

    def seal(self) -> None:
        """End writing; from here on it may be read, by several threads."""
        self._write(memoryview(PADDING + bytes(-self.size % _ALIGNED)))
        self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)

    def read(self, start: int, size: int) -> bytes:
        """Return a piece."""
        if hasattr(
            os, "pread"
        ):  # what is mapped counts as memory of the process while it is not needed elsewhere
            return os.pread(self._file.fileno(), size, start)
        return self._mapped[start : start + size]

    def words(self) -> Words:
        """Return all of it as words, one at each byte; not to be kept longer than the spool."""
        return view_of(self._mapped)

    def array(self, dtype: str) -> NDArray[Any]:
        """Return all of it as an array, not to be kept longer than the spool."""
        return np.frombuffer(self._mapped, dtype, len(self._mapped) // np.dtype(dtype).itemsize)

    def close(self) -> None:
        """Close it. What still reads keeps what it has."""
        if self._map is not None:
            with suppress(BufferError):  # arrays on it that an exception's traceback holds
                self._map.close()
        self._file.close()

    @property
    def _mapped(self) -> mmap.mmap:
        if self._map is None:
            raise ValueError("the spool is still written")
        return self._map

    def _write(self, data: memoryview) -> None:
        self.size += len(data)
        while data:
            data = data[self._file.write(data) :]


def lay(lines: TextLines, spool: Spool) -> int:
    """Write where the lines of a text stand to a spool, as 32-bit numbers; return the number of the first, -1 for lines of one length."""
    if lines.offsets is None:
        return -1
    return spool.append(lines.offsets.astype(np.uint32)) // 4
