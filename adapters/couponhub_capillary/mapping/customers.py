"""Which identifiers Capillary's answer names for its customer (section 6.2)."""

from collections.abc import Mapping

from couponhub.models import Customer, Identifier
from couponhub_capillary.wire.identifiers import named_by


def named_in(row: Mapping[str, object]) -> tuple[Customer, ...]:
    """The customer by each identifier that the row really holds; blank, masked and impossible ones are dropped."""
    return tuple(customer for kind in Identifier if (customer := named_by(row, kind)) is not None)
