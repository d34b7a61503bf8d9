"""The lines of codes that are odd beside others: told of files that are read row by row."""

import unicodedata
from collections.abc import Callable, Iterable

from couponhub.codes.patterns import letters_of
from couponhub.codes.rows import SourceBatch

_SHOWN = 5


class Witness:
    """Sees the sound rows of a file in their order, and remembers the first lines of each kind.

    Attributes:
        duplicates: Of codes that stand in an earlier line.
        case_twins: Of codes that differ from an earlier one by case alone.
        blank_twins: By blanks around them alone.
        lookalikes: By how their accents are composed alone.
        lengths: Of codes with so many characters.
        letters: Of codes in a kind of letters.
    """

    def __init__(self) -> None:
        self.duplicates: list[int] = []
        self.case_twins: list[int] = []
        self.blank_twins: list[int] = []
        self.lookalikes: list[int] = []
        self.lengths: dict[int, list[int]] = {}
        self.letters: dict[str, list[int]] = {}
        self._codes: set[str] = set()
        self._folded: tuple[tuple[Callable[[str], str], list[int], set[str]], ...] = (
            (str.upper, self.case_twins, set()),
            (str.strip, self.blank_twins, set()),
            (_composed, self.lookalikes, set()),
        )

    def see(self, batch: SourceBatch) -> None:
        """Look at further rows."""
        for line, code in zip(batch.lines, batch.codes, strict=True):
            if code in self._codes:
                _note(self.duplicates, line)
                continue
            self._codes.add(code)
            for key_of, lines, keys in self._folded:
                key = key_of(code)
                if key in keys:
                    _note(lines, line)
                keys.add(key)
            _note(self.lengths.setdefault(len(code), []), line)
            _note(self.letters.setdefault(letters_of(code), []), line)

    def of_other_lengths(self, usual: int) -> list[int]:
        """Return the first lines of codes with another length."""
        return _first(lines for length, lines in self.lengths.items() if length != usual)

    def in_other_letters(self, usual: str, known: dict[str, int]) -> list[int]:
        """Return the first lines of codes in other kinds of letters, of those that are told apart."""
        return _first(lines for kind, lines in self.letters.items() if kind != usual and kind in known)


def _composed(code: str) -> str:
    return code if code.isascii() else unicodedata.normalize("NFC", code)


def _note(lines: list[int], line: int) -> None:
    if len(lines) < _SHOWN:
        lines.append(line)


def _first(kinds: Iterable[list[int]]) -> list[int]:
    return sorted(line for lines in kinds for line in lines)[:_SHOWN]
