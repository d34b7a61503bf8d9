"""The look of codes once they are many; this says the same as `patterns` does of a few."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from couponhub.codes.patterns import NUMBERED, Patterns, letters_of
from couponhub.codes.sets.lines import LF, Mask, Positions, TextLines, bytes_of

_MOST_DIGITS = 18
_EXAMPLES = ("1", "A", "a", "Aa", "1-", "A-", "a-", "Aa-")
"""One code for each sum of the marks below."""
_CAPITAL, _SMALL, _SIGN = 1, 2, 4
_MARKS = np.zeros(256, np.uint8)
_MARKS[:128] = _SIGN
_MARKS[LF] = 0
_MARKS[ord("0") : ord("9") + 1] = 0
_MARKS[ord("A") : ord("Z") + 1] = _CAPITAL
_MARKS[ord("a") : ord("z") + 1] = _SMALL


class ManyPatterns(Patterns):
    """Takes codes as lines, many at once."""

    def __init__(self) -> None:
        super().__init__()
        self._numbered: dict[tuple[int, int], list[NDArray[np.bytes_]]] = {}

    def add_text(self, text: bytes) -> None:
        """Take further codes: UTF-8, each with its LF, none of them empty."""
        if not text.isascii():
            self.add(text.decode().removesuffix("\n").split("\n"))
            return
        lines = TextLines.of(text)
        data, starts = bytes_of(text), lines.starts
        self.lengths.update(_counted(lines.lengths))
        self.first.update({chr(char): count for char, count in _counted(data[starts]).items()})
        if lines.count > self._left:
            text = text[: lines.end_of(self._left)]
            lines = TextLines.of(text)
            data, starts = bytes_of(text), lines.starts
        if lines.count:
            self._left -= lines.count
            marks = _counted(np.bitwise_or.reduceat(_MARKS[data], starts))
            self._letters.update({letters_of(_EXAMPLES[mark]): count for mark, count in marks.items()})
            self._add_numbered(text, starts, lines.lengths)

    def _note_numbers(self, codes: Sequence[str]) -> None:
        kinds: dict[tuple[int, int], list[bytes]] = {}
        for code in codes:
            if numbered := NUMBERED.fullmatch(code):
                encoded = code.encode()
                kinds.setdefault((len(encoded), len(numbered[2])), []).append(encoded)
        for kind, found in kinds.items():
            self._numbered.setdefault(kind, []).append(np.array(found, f"S{kind[0]}"))

    def _followers(self) -> int:
        return sum(_followers(np.concatenate(found), kind[1]) for kind, found in self._numbered.items())

    def _add_numbered(self, text: bytes, starts: Positions, lengths: Positions) -> None:
        data = bytes_of(text)
        are_digits = (data >= ord("0")) & (data <= ord("9"))
        others = np.where(are_digits, -1, np.arange(len(data)))
        ends = starts + lengths - 1
        digits = np.minimum(ends - np.maximum.accumulate(others)[ends], np.minimum(lengths, _MOST_DIGITS))
        kinds = lengths * (_MOST_DIGITS + 1) + digits
        for kind in np.unique(kinds[digits > 0]).tolist():
            length, count = divmod(kind, _MOST_DIGITS + 1)
            are_of_it: Mask = kinds == kind
            windows: NDArray[np.bytes_] = np.ndarray(
                (len(data) - length + 1,), f"S{length}", text, strides=(1,)
            )
            self._numbered.setdefault((length, count), []).append(windows[starts[are_of_it]])


def _counted(values: NDArray[np.integer]) -> Counter[int]:
    found, counts = np.unique(values, return_counts=True)
    return Counter(dict(zip(found.tolist(), counts.tolist(), strict=True)))


def _followers(codes: NDArray[np.bytes_], digits: int) -> int:
    """Count the codes of one length, with so many digits at the end, that are one more than another with the same front."""
    rows = np.sort(codes).view(np.uint8).reshape(len(codes), -1)
    powers = 10 ** np.arange(digits - 1, -1, -1, dtype=np.int64)
    numbers = (rows[:, -digits:].astype(np.int64) - ord("0")) @ powers
    same_front = (rows[1:, :-digits] == rows[:-1, :-digits]).all(axis=1)
    return int(np.count_nonzero(same_front & (np.diff(numbers) == 1)))
