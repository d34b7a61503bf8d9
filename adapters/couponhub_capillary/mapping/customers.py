"""Which identifiers Capillary's answer names for its customer (section 6.2)."""

import re
from collections.abc import Mapping

from couponhub.errors import UsageError
from couponhub.models import Customer, Identifier, Telephone
from couponhub_capillary.wire.values import word

# Fields "may be null, masked or missing". What is masked would find nobody, or somebody else, at another vendor.
_MASKED = re.compile(r"[*\u2022\u2026#]|x{3}", re.IGNORECASE)

# How Capillary spells "nothing": a pincode "NULL", a transaction number "0", an owner "-1".
_NOTHING = frozenset({"null", "0", "-1"})


def named_in(row: Mapping[str, object]) -> tuple[Customer, ...]:
    """The customer by each identifier that the row really holds; blank, masked and impossible ones are dropped."""
    return tuple(
        customer
        for kind in Identifier
        if (held := row.get(kind)) is not None and (customer := _customer(kind, word(held))) is not None
    )


def _customer(kind: Identifier, text: str | None) -> Customer | None:
    if text is None or text.strip().lower() in _NOTHING or _MASKED.search(text):
        return None
    if kind is Identifier.EMAIL and "@" not in text:
        return None
    try:
        customer = Customer(**{kind.value: text})
        if kind is Identifier.MOBILE:
            Telephone.read(text)
    except UsageError:
        return None
    return customer
