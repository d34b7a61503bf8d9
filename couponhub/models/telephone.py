"""Telephone numbers as people write them, reduced to their digits and to nothing less."""

import unicodedata
from typing import Self

import attrs

from couponhub.errors import UsageError

_DECORATIONS = frozenset("()[].\N{MINUS SIGN}")
# Blanks, dashes, and what is invisible around a number that was pasted: zero-width and direction marks.
_DECORATIVE_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Pd", "Cf"})


@attrs.frozen(kw_only=True)
class Telephone:
    """A telephone number without its decoration; nothing is added, completed or guessed.

    Attributes:
        digits: All of them, in ASCII, zeros in front included.
        is_international: Whether a + stood in front, so that the digits begin with a country code.
    """

    digits: str = attrs.field(repr=False)
    is_international: bool

    @classmethod
    def read(cls, text: str) -> Self:
        """Take away a leading +, blanks, dashes, brackets and dots.

        Raises:
            UsageError: Something else than digits is left, or nothing; the text does not quote it.
        """
        if text.isascii() and text.isdigit():
            return cls(digits=text, is_international=False)
        plain = "".join(char for char in text if not _is_decoration(char))
        digits = plain.removeprefix("+")
        if not (digits.isascii() and digits.isdigit()):
            raise UsageError(
                "the customer's mobile is no number",
                hint="give its digits; +, blanks, dashes, brackets and dots are allowed",
            )
        return cls(digits=digits, is_international=plain != digits)


def _is_decoration(char: str) -> bool:
    return char in _DECORATIONS or unicodedata.category(char) in _DECORATIVE_CATEGORIES
