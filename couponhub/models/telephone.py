"""Telephone numbers as people write them, reduced to their digits and to nothing less."""

import re
import unicodedata
from typing import Self

import attrs

from couponhub.errors import UsageError
from couponhub.models.damage import Damage
from couponhub.models.numbering import in_country, spellings
from couponhub.models.pasting import TAKE_AS_TEXT, half_width, unwrapped

MAY_BE_SPELLED_OTHERWISE = (
    "the mobile may be known with or without its country code, so that absence proves nothing: set"
    " default_country_code of the connection"
)
"""The warning of an answer about a mobile that was not found, where nobody said whose numbers lack a country code."""
_DECORATIONS = frozenset("()[].\N{MINUS SIGN}")
# Blanks, dashes, and what is invisible around a number that was pasted: zero-width and direction marks.
_DECORATIVE_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Pd", "Cf"})
_DOTTED = re.compile(r"\d[\d.,]*[.,][\d.,]*|[.,]\d[\d.,]*")
_GROUPS = re.compile(r"(?:\d{2,7})?\.\d{2,7}|\d{1,5}(?:\.\d{2,5}){2,}")
"""`98765.43210` and `1.800.555.0199`; in 919876543210.5 and 9.19876543210 the dot may end the whole of a measure."""
_MEASURED = re.compile(r".*[.,]0+")


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
        """Take away `tel:`, a leading +, blanks, dashes, brackets, and dots between groups of digits.

        Raises:
            UsageError: Something else than digits is left, or nothing, or a dot may be a decimal point. The text
                does not quote it.
        """
        digits = text.removeprefix("+")
        if digits.isascii() and digits.isdigit():
            return cls(digits=digits, is_international=digits != text)
        written = _written(text)
        check_dots(written)
        plain = "".join(char for char in written if not _is_decoration(char))
        digits = plain.removeprefix("+")
        if not (digits.isascii() and digits.isdigit()):
            raise UsageError(
                "the customer's mobile is no number",
                hint="an e-mail address is given as the email"
                if "@" in digits
                else "give its digits; +, blanks, dashes, brackets and dots are allowed",
            )
        return cls(digits=digits, is_international=plain != digits)

    @property
    def text(self) -> str:
        """The digits, behind a + where one was given."""
        return f"+{self.digits}" if self.is_international else self.digits

    def forms(self, country_code: str | None) -> tuple[str, ...]:
        """The digits under which a vendor may keep the number, likeliest first, and the same for all its spellings.

        Only a configured country code is added or taken away, and with it a 00 or a 0 in front is understood; none
        is added to a number that was given with its own.
        """
        if country_code is None:
            return (self.digits,)
        return spellings(self.digits, country_code, is_international=self.is_international)

    def unified(self, country_code: str | None) -> str:
        """One text for all spellings of the number that `forms` knows."""
        if country_code is None:
            return self.digits
        digits = in_country(self.digits, country_code, is_international=self.is_international)
        return self.text if digits is None else f"+{digits}"


def check_dots(text: str) -> None:
    """Refuse a number in which a dot may be a decimal point: 919876543210.0 without it is somebody else's.

    Raises:
        UsageError: There is such a dot; the text does not quote it.
    """
    for run in _DOTTED.findall(_written(text)):
        if _MEASURED.fullmatch(run):
            raise UsageError(
                f"the customer's mobile is {Damage.DECIMAL}",
                hint=TAKE_AS_TEXT,
            )
        if not _GROUPS.fullmatch(run):
            raise UsageError(
                "the customer's mobile holds a dot or comma that may be a decimal point",
                hint="give the digits of one number alone",
            )


def _written(text: str) -> str:
    written = half_width(unwrapped(text))
    if written[:4].lower() == "tel:":
        written = unwrapped(written[4:])
    return written.removesuffix(".")


def _is_decoration(char: str) -> bool:
    return char in _DECORATIONS or unicodedata.category(char) in _DECORATIVE_CATEGORIES
