"""The customer that somebody types: one box takes any identifier, and the page says as which it was read."""

import re
from collections.abc import Mapping

import attrs

from couponhub.errors import UsageError
from couponhub.models import Customer, Identifier
from couponhub.models.given import word
from couponhub.server.bounds import LONGEST_TEXT

_LIKE_A_NUMBER = re.compile(r"[\s+()./\-\d]*\d[\s+()./\-\d]*")
_FEWEST_DIGITS, _MOST_DIGITS = 8, 15
"""Of a telephone number with its country code (E.164), and without it."""
KINDS = (Identifier.MOBILE, Identifier.EMAIL, Identifier.EXTERNAL_ID)
"""The kinds that every connection may be asked about."""


@attrs.frozen(kw_only=True)
class AskedCustomer:
    """A customer, and how what was typed was read.

    Attributes:
        text: As it was typed.
        kind: The kind that somebody chose; None when it was guessed.
        country: Of a mobile whose country is certain, as ISO 3166 has it; None else.
        number: A mobile as people write it, if it is one; else the identifier as vendors are asked for it.
    """

    text: str = attrs.field(repr=False)
    kind: Identifier | None
    customer: Customer = attrs.field(repr=False)
    country: str | None
    number: str = attrs.field(repr=False)

    @property
    def read_as(self) -> Identifier:
        """The kind that it was read as."""
        return self.customer.identifier


def read_customer(form: Mapping[str, str]) -> AskedCustomer:
    """Read a form's fields `customer` and `kind`.

    Raises:
        UsageError: There is none, or it cannot be one; the text does not quote it.
    """
    text = form.get("customer", "").strip()
    if not text:
        raise UsageError(
            "nobody was asked about", hint="type a mobile, an e-mail address or a customer number"
        )
    if len(text) > LONGEST_TEXT:
        raise UsageError(f"an identifier has at most {LONGEST_TEXT} characters")
    chosen = word(Identifier, form.get("kind", ""))
    kind = chosen or _guessed(text)
    customer = Customer(**{kind.value: text}).read()
    country, number = _as_written(customer.value) if kind is Identifier.MOBILE else (None, customer.value)
    return AskedCustomer(text=text, kind=chosen, customer=customer, country=country, number=number)


def _guessed(text: str) -> Identifier:
    if "@" in text:
        return Identifier.EMAIL
    digits = sum(char.isdigit() for char in text)
    # Counted first: for each digit the pattern goes over all of the text.
    if _FEWEST_DIGITS <= digits <= _MOST_DIGITS and _LIKE_A_NUMBER.fullmatch(text):
        return Identifier.MOBILE
    return Identifier.EXTERNAL_ID


def _as_written(mobile: str) -> tuple[str | None, str]:
    """Return country and form of a number that is valid with its country code; else None and its digits."""
    import phonenumbers  # noqa: PLC0415 - lookups of other identifiers need none of it

    try:
        number = phonenumbers.parse(f"+{mobile.removeprefix('+')}")
    except phonenumbers.NumberParseException:
        return None, mobile
    if not phonenumbers.is_valid_number(number):
        return None, mobile
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return phonenumbers.region_code_for_number(number), written
