"""The texts under which Capillary may know a customer (C-28), and those by which its answers name one (C-75)."""

import re
from collections.abc import Mapping

from couponhub.errors import UsageError
from couponhub.models import Customer, Identifier, Telephone, address_forms
from couponhub.models.addresses import same_address
from couponhub_capillary.wire.values import word

# Fields "may be null, masked or missing". What is masked would find nobody, or somebody else, at another vendor.
_MASKED = re.compile(r"[*\u2022\u2026#]|x{3}", re.IGNORECASE)

# How Capillary spells "nothing": a pincode "NULL", a transaction number "0", an owner "-1".
_NOTHING = frozenset({"null", "0", "-1"})

_LONGEST_COUNTRY_CODE = 3


def identifier_forms(customer: Customer, country_code: str | None) -> tuple[str, ...]:
    """The texts under which Capillary may know the customer, in asking order.

    A mobile is reduced to its digits, and asked about with and without a configured country code; an address as
    given, then in lower case, for nobody documents which of them Capillary compares. All else has one form.

    Raises:
        UsageError: The identifier cannot be one of Capillary's; the text does not quote it.
    """
    plain = customer.plain
    match customer.identifier:
        case Identifier.MOBILE:
            return Telephone.read(plain).forms(country_code)
        case Identifier.EMAIL:
            return address_forms(plain)
        case Identifier.ID if not (plain.isascii() and plain.isdigit()):
            raise UsageError(
                "a customer's id at Capillary is a whole number",
                hint="give its digits, without sign and separators",
            )
        case _:
            return (plain,)


def same_customer(one: Customer, other: Customer, country_code: str | None) -> bool:
    """Tell whether two identifiers are spellings of one.

    Raises:
        UsageError: One of them cannot be one of Capillary's.
    """
    return one.identifier is other.identifier and not set(identifier_forms(one, country_code)).isdisjoint(
        identifier_forms(other, country_code)
    )


def named_by(row: Mapping[str, object], kind: Identifier) -> Customer | None:
    """The customer by that identifier, if the row really holds it: not blank, masked, or none that can be."""
    text = word(row.get(kind))
    if text is None or text.strip().lower() in _NOTHING or _MASKED.search(text):
        return None
    try:
        customer = Customer(**{kind.value: text})
        plain = customer.plain
    except UsageError:
        return None
    return None if kind is Identifier.ID and not plain.isdigit() else customer


def names_another(row: Mapping[str, object], kind: Identifier, form: str) -> bool:
    """Tell whether the row names, by the identifier that was asked by, somebody who was not asked about.

    Args:
        row: What an answer says about its customer, in v1.1's spelling or v2's.
        kind: By what was asked.
        form: The text that was asked for.
    """
    if kind is Identifier.EXTERNAL_ID and kind not in row:
        row = {kind: row.get("externalId")}  # v2 (C-55)
    named = named_by(row, kind)
    if named is None:
        return False
    if kind is Identifier.MOBILE:
        return not _is_one_number(Telephone.read(named.plain).digits, Telephone.read(form).digits)
    if kind is Identifier.ID:
        return named.plain.lstrip("0") != form.lstrip("0")
    if kind is Identifier.EMAIL:
        return same_address(named.plain) != same_address(form)
    return named.plain.casefold() != form.casefold()


def _is_one_number(one: str, other: str) -> bool:
    """Tell whether both can be one number: Capillary matches exact digits, or those with the country's in front (C-28)."""
    short, long = sorted((one.lstrip("0"), other.lstrip("0")), key=len)
    return bool(short) and long.endswith(short) and len(long) - len(short) <= _LONGEST_COUNTRY_CODE
