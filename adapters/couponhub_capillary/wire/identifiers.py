"""The texts under which Capillary may know a customer (C-28)."""

from couponhub.errors import UsageError
from couponhub.models import Customer, Identifier, Telephone

_LONGEST_NATIONAL_NUMBER = 10


def identifier_forms(customer: Customer, country_code: str | None) -> tuple[str, ...]:
    """The texts under which Capillary may know the customer, the given one first.

    A mobile is reduced to its digits. Only a configured country code is added or taken away, and with it a 00 or
    a 0 in front is understood; none is added to a number that was given with its own.

    Raises:
        UsageError: The identifier cannot be one of Capillary's; the text does not quote it.
    """
    value = customer.value
    if customer.identifier is Identifier.ID and not (value.isascii() and value.isdigit()):
        raise UsageError("a customer's id at Capillary is a whole number")
    if customer.identifier is not Identifier.MOBILE:
        return (value,)
    number = Telephone.read(value)
    if country_code is None:
        return (number.digits,)
    others = _other_forms(number.digits, country_code, is_international=number.is_international)
    return tuple(dict.fromkeys((number.digits, *others)))


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
