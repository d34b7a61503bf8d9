"""The lines of a source on which the rows of each block stand."""

import zlib
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs
import numpy as np

from couponhub.codes.row_record import pack_steps
from couponhub.codes.sets.lines import Mask
from couponhub.codes.sets.spool import Spool


@attrs.frozen
class Origin:
    """The lines on which the rows of a block stand.

    Attributes:
        first: The line of the first.
        steps: How far the others are apart; see `pack_steps`.
    """

    first: int
    steps: bytes = b""

    @classmethod
    def of(cls, lines: Sequence[int]) -> Self:
        """Tell it of lines, at least one."""
        return cls(lines[0], pack_steps(lines))

    @classmethod
    def among(cls, kept: Mask, first: int) -> Self:
        """Tell it of the marked ones of lines that follow each other from `first` on."""
        numbers = np.flatnonzero(kept)
        if not len(numbers):
            return cls(first)
        steps = np.diff(numbers).astype("<u4")
        if (steps == 1).all():
            return cls(first + int(numbers[0]))
        return cls(first + int(numbers[0]), zlib.compress(steps.tobytes(), 1))


class Origins:
    """The origins of all blocks, by the number of the first row of each. Steps wait in a file: they may be many.

    Args:
        folder: A private folder for it; whoever made it removes it.
    """

    def __init__(self, folder: Path) -> None:
        self._spool = Spool(folder / "origins")
        self._places: dict[int, tuple[int, int, int]] = {}
        self._is_sealed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()

    def add(self, base: int, origin: Origin) -> None:
        """Take that of the block whose first row has this number."""
        self._places[base] = (origin.first, self._spool.append(origin.steps), len(origin.steps))

    def seal(self) -> None:
        """End adding; from here on they may be read, by several threads."""
        if not self._is_sealed:
            self._spool.seal()
            self._is_sealed = True

    def of(self, base: int) -> Origin:
        """Return that of the block whose first row has this number."""
        first, start, size = self._places[base]
        return Origin(first, self._spool.read(start, size) if size else b"")
