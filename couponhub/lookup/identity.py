"""Checks of a question's customer; refused is only what no vendor can know.

A mobile need not be in use, nor of a known pattern: vendors keep what tills once typed, and numbering plans
change faster than any library. So `is_possible_number` decides, never `is_valid_number`, and only where the
country is told; a number without one may be national, with or without the country's code, of any country.
"""

from couponhub.errors import UsageError
from couponhub.forking import loading
from couponhub.models import Customer, Identifier, Telephone

_SHORTEST_NATIONAL = 4
"""Digits of the shortest numbers that subscribers have: Niue's and Tokelau's."""
_LONGEST = 17
"""The 15 digits of E.164, behind the 00 of an international call."""


def check_identity(customer: Customer, *, asked: int) -> None:
    """Refuse a customer whom no vendor can know by that identifier; the text never quotes it.

    Args:
        customer: Whom it is about.
        asked: How many connections would be asked.

    Raises:
        UsageError: It cannot be, or is one vendor's own number while several would be asked.
    """
    match customer.identifier:
        case Identifier.ID if asked > 1:
            raise needs_one_connection()
        case Identifier.MOBILE:
            _check_mobile(Telephone.read(customer.plain))
        case Identifier.EMAIL:
            _ = customer.plain


def needs_one_connection() -> UsageError:
    """The error of a question that holds a vendor's own number, for several connections."""
    return UsageError(
        "id, list and store are a vendor's own numbers and need exactly one connection",
        hint="name it: in `connections`, or with --connection",
    )


def _check_mobile(number: Telephone) -> None:
    if not number.is_international:
        if not _SHORTEST_NATIONAL <= len(number.digits) <= _LONGEST:
            raise UsageError(
                f"the customer's mobile cannot be a telephone number: it has {len(number.digits)} digits",
                hint=f"give {_SHORTEST_NATIONAL} to {_LONGEST} digits, with or without the country code",
            )
        return
    if not _is_possible(number):
        raise UsageError(
            "the customer's mobile cannot be a telephone number of the country that its + names",
            hint="check country code and length, or leave the + out if it is no international number",
        )


def _is_possible(number: Telephone) -> bool:
    with loading:  # phonenumbers loads each country when it is first met
        import phonenumbers  # noqa: PLC0415 - 40 ms, and only numbers with a + need it

        try:
            return phonenumbers.is_possible_number(phonenumbers.parse(f"+{number.digits}"))
        except phonenumbers.NumberParseException:
            return False
