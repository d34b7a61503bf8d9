"""The rows of a source in their order, put together from the record of its rows and the codes of its parts."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import attrs

from couponhub.codes.dedupe import KEPT
from couponhub.codes.row_record import read_row_record
from couponhub.errors import LocalError
from couponhub.state import CodeSet

_RUNS = re.compile(rb"(.)\1*", re.DOTALL)


@attrs.frozen
class Stretch:
    """Rows of a source, one after the other, that are alike.

    Attributes:
        lines: The line of each.
        codes: The code of each.
        fate: What became of them when the upload was prepared; see `codes.row_record`.
        part: The number of the part that they are in; 0 for rows that were left out.
    """

    lines: Sequence[int]
    codes: Sequence[str] = attrs.field(repr=False)
    fate: int
    part: int = 0

    def cut(self, start: int, end: int) -> "Stretch":
        """Return some of them."""
        return attrs.evolve(self, lines=self.lines[start:end], codes=self.codes[start:end])


@attrs.frozen
class RowWalk:
    """The rows of an upload's source, as often as they are asked for, in bounded memory.

    Attributes:
        record: See `codes.row_record`.
        code_sets: The codes of each part, by its number and in their order.
    """

    record: Path
    code_sets: Mapping[int, CodeSet]

    def __iter__(self) -> Iterator[Stretch]:
        """Give all of them.

        Raises:
            LocalError: Something cannot be read, or the codes are not those that were sent.
        """
        kept = _KeptCodes(self.code_sets)
        for rows in read_row_record(self.record):
            left_out = 0
            for run in _RUNS.finditer(rows.fates):
                start, end = run.span()
                fate, lines = rows.fates[start], rows.lines[start:end]
                if fate == KEPT:
                    yield from kept.take(lines)
                    continue
                yield Stretch(lines, rows.codes[left_out : left_out + len(lines)], fate)
                left_out += len(lines)
        kept.require_end()


class _KeptCodes:
    """The codes of the parts, taken a few at a time."""

    def __init__(self, code_sets: Mapping[int, CodeSet]) -> None:
        self._batches = (
            (number, batch) for number, code_set in code_sets.items() for batch in code_set.batches()
        )
        self._part = 0
        self._codes: Sequence[str] = ()
        self._taken = 0

    def take(self, lines: Sequence[int]) -> Iterator[Stretch]:
        done = 0
        while done < len(lines):
            if self._taken == len(self._codes):
                self._next()
            count = min(len(lines) - done, len(self._codes) - self._taken)
            codes = self._codes[self._taken : self._taken + count]
            yield Stretch(lines[done : done + count], codes, KEPT, self._part)
            self._taken += count
            done += count

    def require_end(self) -> None:
        if self._taken < len(self._codes) or next(self._batches, None) is not None:
            raise mismatch()

    def _next(self) -> None:
        found = next(self._batches, None)
        if found is None:
            raise mismatch()
        self._part, self._codes = found
        self._taken = 0


def mismatch() -> LocalError:
    """Say that what is kept of an upload does not belong together."""
    return LocalError(
        "the codes that are kept of the upload are more or fewer than were sent: there is no telling which row is which",
        hint="restore the store and its folder codes/ from one backup, see `couponhub store check`",
    )
