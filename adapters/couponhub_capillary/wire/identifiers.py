"""The texts under which Capillary may know a customer (C-28)."""

import unicodedata

from couponhub.errors import UsageError
from couponhub.models import Customer, Identifier

_LONGEST_NATIONAL_NUMBER = 10
_DECORATIONS = frozenset("()[].\N{MINUS SIGN}")
# Blanks, dashes, and what is invisible around a number that was pasted: zero-width and direction marks.
_DECORATIVE_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Pd", "Cf"})


def identifier_forms(customer: Customer, country_code: str | None) -> tuple[str, ...]:
    """The texts under which Capillary may know the customer, the given one first.

    A mobile loses a leading `+`, blanks, dashes, brackets and dots. Only a configured country code is added or
    taken away, and with it a 00 or a 0 in front is understood.

    Raises:
        UsageError: The identifier cannot be one of Capillary's; the text does not quote it.
    """
    value = customer.value
    if customer.identifier is Identifier.ID and not (value.isascii() and value.isdigit()):
        raise UsageError("a customer's id at Capillary is a whole number")
    if customer.identifier is not Identifier.MOBILE:
        return (value,)
    plain = "".join(char for char in value if not _is_decoration(char))
    digits = plain.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        raise UsageError(
            "the customer's mobile is no number",
            hint="give its digits; +, blanks, dashes, brackets and dots are allowed",
        )
    if country_code is None:
        return (digits,)
    others = _other_forms(digits, country_code, is_international=plain != digits)
    return tuple(dict.fromkeys((digits, *others)))


def _other_forms(digits: str, country_code: str, *, is_international: bool) -> list[str]:
    if digits.startswith("00") and not is_international:
        number = digits.removeprefix("00")
        return [number, *_other_forms(number, country_code, is_international=True)] if number else []
    if digits.startswith("0") and not is_international:
        national = digits.removeprefix("0")
        return [country_code + national, national] if national else []
    forms = []
    national = digits.removeprefix(country_code)
    if digits.startswith(country_code) and national:
        if national.startswith("0") and len(national) > 1:  # as in +44 (0)7700
            national = national.removeprefix("0")
            forms.append(country_code + national)
        forms.append(national)
    # 9123456789 may be a whole number in India, though it begins with 91; one given with + may not.
    is_whole = is_international or len(digits) > _LONGEST_NATIONAL_NUMBER
    if not (digits.startswith(country_code) and is_whole):
        forms.append(country_code + digits)
    return forms


def _is_decoration(char: str) -> bool:
    return char in _DECORATIONS or unicodedata.category(char) in _DECORATIVE_CATEGORIES
