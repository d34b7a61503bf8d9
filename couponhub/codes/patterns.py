"""The look of many codes: their lengths, first characters and letters, and whether they follow one another."""

import re
from array import array
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from operator import itemgetter

_LOOKED_AT = 1_000_000
"""Codes of which the letters and the order are looked at; so many tell of any number."""
NUMBERED = re.compile(r"(.*?)(\d{1,18})", re.ASCII | re.DOTALL)
"""Codes with a number at the end."""
_FEW = 5
"""Numbers in a row that are no chance."""
_MANY_FIRST = 40
_first = itemgetter(slice(1))


class Patterns:
    """Takes codes, and tells what they look like together.

    Attributes:
        lengths: How many codes have so many characters.
        first: How many begin with a character.
    """

    def __init__(self) -> None:
        self.lengths: Counter[int] = Counter()
        self.first: Counter[str] = Counter()
        self._letters: Counter[str] = Counter()
        self._numbers: dict[tuple[str, int], array[int]] = {}
        self._left = _LOOKED_AT

    def add(self, codes: Sequence[str]) -> None:
        """Take further codes."""
        self.lengths.update(map(len, codes))
        self.first.update(map(_first, codes))
        looked_at = codes[: self._left]
        self._left -= len(looked_at)
        self._letters.update(map(letters_of, looked_at))
        self._note_numbers(looked_at)

    def _note_numbers(self, codes: Sequence[str]) -> None:
        for code in codes:
            if numbered := NUMBERED.fullmatch(code):
                front, number = numbered.groups()
                self._numbers.setdefault((front, len(code)), array("Q")).append(int(number))

    def _followers(self) -> int:
        """Count the codes that are one more than another one, where the rest is the same."""
        return sum(map(_followers, self._numbers.values()))

    @property
    def letters(self) -> dict[str, int]:
        """The kinds of letters that codes are written in, the most frequent first.

        One that has no letters, or no others than capitals, is of the kind that others of it are.
        """
        kinds = dict(self._letters)
        for poorer, richer in _POORER:
            if poorer in kinds and richer in kinds:
                kinds[richer] += kinds.pop(poorer)
        return dict(sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0])))

    @property
    def begins(self) -> dict[str, int]:
        """The numbers of codes that begin with a character: the most frequent ones, in the order of the characters."""
        return dict(sorted(self.first.most_common(_MANY_FIRST)))

    @property
    def following(self) -> int:
        """The codes that are one more than another one, where the rest is the same; 0 for a few of many, which chance makes."""
        followers = self._followers()
        looked_at = _LOOKED_AT - self._left
        return followers + 1 if followers + 1 >= _FEW and followers * 5 >= looked_at else 0

    @property
    def usual_length(self) -> int:
        """The length that most codes have."""
        return max(self.lengths, key=lambda length: (self.lengths[length], length), default=0)

    @property
    def usual_letters(self) -> str:
        """The letters that most codes are written in."""
        return next(iter(self.letters), "")


_DIGITS, _UPPER, _LOWER, _MIXED = "digits", "capitals", "small letters", "capitals and small letters"
_SIGNS, _OTHER = " with signs", " beyond ASCII"
_POORER = tuple(
    (poorer + more, richer + more)
    for more in ("", _SIGNS)
    for poorer, richer in ((_DIGITS, _UPPER), (_DIGITS, _LOWER), (_DIGITS, _MIXED))
)


def letters_of(code: str) -> str:
    """Name the kind of letters that a code is written in; digits may stand in any kind."""
    if code.isupper():
        kind = _UPPER
    elif code.islower():
        kind = _LOWER
    else:
        kind = _DIGITS if code.upper() == code.lower() else _MIXED
    if not code.isascii():
        return kind + _OTHER
    return kind if code.isalnum() else kind + _SIGNS


def _followers(numbers: "array[int]") -> int:
    return sum(later - earlier == 1 for earlier, later in pairwise(sorted(numbers)))
