"""Telephone numbers as people write them, reduced to their digits and to nothing less."""

import unicodedata
from typing import Self

import attrs

from couponhub.errors import UsageError

_LONGEST_NATIONAL_NUMBER = 10
_DECORATIONS = frozenset("()[].\N{MINUS SIGN}")
# Blanks, dashes, and what is invisible around a number that was pasted: zero-width and direction marks.
_DECORATIVE_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Pd", "Cf"})


@attrs.frozen(kw_only=True)
class Telephone:
    """A telephone number without its decoration; nothing is completed or guessed.

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

    def forms(self, country_code: str | None) -> tuple[str, ...]:
        """The digits under which a vendor may know the number, those given first.

        Only a configured country code is added or taken away, and with it a 00 or a 0 in front is understood; none
        is added to a number that was given with its own.
        """
        if country_code is None:
            return (self.digits,)
        others = _other_forms(self.digits, country_code, is_international=self.is_international)
        return tuple(dict.fromkeys((self.digits, *others)))


def _other_forms(digits: str, country_code: str, *, is_international: bool) -> list[str]:
    if digits.startswith("00") and not is_international:
        number = digits.removeprefix("00")
        return [number, *_other_forms(number, country_code, is_international=True)] if number else []
    if digits.startswith("0") and not is_international:
        national = digits.removeprefix("0")
        return [country_code + national, national] if national else []
    forms = []
    # 9123456789 may be a whole number in India, though it begins with 91; one given with + may not, nor may one of
    # another country: +65 8123 4567 with 91 in front would be somebody else's. It comes
    # before 23456789, which may be somebody else's too.
    has_country_code = digits.startswith(country_code) and len(digits) > _LONGEST_NATIONAL_NUMBER
    if not (is_international or has_country_code):
        forms.append(country_code + digits)
    national = digits.removeprefix(country_code)
    if digits.startswith(country_code) and national:
        if national.startswith("0") and len(national) > 1:  # as in +44 (0)7700
            national = national.removeprefix("0")
            forms.append(country_code + national)
        forms.append(national)
    return forms


def _is_decoration(char: str) -> bool:
    return char in _DECORATIONS or unicodedata.category(char) in _DECORATIVE_CATEGORIES
