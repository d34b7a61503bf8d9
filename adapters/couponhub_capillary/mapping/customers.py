"""Identifiers and names of the customer in Capillary's answer (C-75)."""

from collections.abc import Mapping

from couponhub.models import Customer, Identifier
from couponhub_capillary.mapping.context import MappingContext
from couponhub_capillary.wire.identifiers import named_by


def named_in(row: Mapping[str, object]) -> tuple[Customer, ...]:
    """The customer by each identifier that the row really holds; blank, masked and impossible ones are dropped."""
    return tuple(customer for kind in Identifier if (customer := named_by(row, kind)) is not None)


def names_in(row: Mapping[str, object], reading: MappingContext) -> tuple[str | None, str | None]:
    """The customer's first and last name, as they stand there; either may be missing, or masked (C-64)."""
    return reading.text(row.get("firstname"), "first_name"), reading.text(row.get("lastname"), "last_name")
