"""The texts under which Capillary may know a customer (C-28)."""

from couponhub.errors import UsageError
from couponhub.models import Customer, Identifier, Telephone


def identifier_forms(customer: Customer, country_code: str | None) -> tuple[str, ...]:
    """The texts under which Capillary may know the customer, the given one first.

    A mobile is reduced to its digits, and asked about with and without a configured country code.

    Raises:
        UsageError: The identifier cannot be one of Capillary's; the text does not quote it.
    """
    value = customer.value
    if customer.identifier is Identifier.ID and not (value.isascii() and value.isdigit()):
        raise UsageError("a customer's id at Capillary is a whole number")
    if customer.identifier is not Identifier.MOBILE:
        return (value,)
    return Telephone.read(value).forms(country_code)
