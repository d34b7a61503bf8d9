"""Further identifiers of a customer, as the connections that know them name them during one lookup."""

from collections.abc import Collection, Iterable
from contextlib import suppress

import attrs

from couponhub.errors import UsageError
from couponhub.models import Customer, Identifier, Telephone
from couponhub.models.addresses import same_address

# The retailer's own number first: it is given once, whereas mobiles and addresses change hands. A vendor's own id
# is not among them, since it means nobody, or somebody else, at another connection.
_CARRIED = (Identifier.EXTERNAL_ID, Identifier.MOBILE, Identifier.EMAIL)


@attrs.frozen(kw_only=True)
class ResolvedIdentity:
    """The customer by a further identifier, and the connection that named it first."""

    customer: Customer
    connection: str


class IdentityResolver:
    """The identifiers that were named so far. Used by one thread."""

    def __init__(self) -> None:
        self._named: dict[Identifier, dict[str, list[ResolvedIdentity]]] = {}

    def note(self, connection: str, customers: Iterable[Customer]) -> None:
        """Take note of whom a connection's answer names."""
        for customer in customers:
            with suppress(UsageError):  # a mobile that is none can be asked for nowhere
                values = self._named.setdefault(customer.identifier, {})
                named = values.setdefault(_comparable(customer), [])
                named.append(ResolvedIdentity(customer=customer, connection=connection))

    def best(self, kinds: Collection[Identifier]) -> ResolvedIdentity | None:
        """The customer by one of these kinds; None while none was named, or several that differ."""
        for kind in _CARRIED:
            values = self._named.get(kind, {})
            if kind in kinds and len(values) == 1:
                (named,) = values.values()
                return named[0]
        return None

    def disputed(self, kinds: Collection[Identifier]) -> tuple[Identifier, tuple[str, ...]] | None:
        """A kind of these of which different values were named, and by whom; None when there is none."""
        for kind in _CARRIED:
            values = self._named.get(kind, {})
            if kind in kinds and len(values) > 1:
                by = sorted({revealed.connection for named in values.values() for revealed in named})
                return kind, tuple(by)
        return None


def _comparable(customer: Customer) -> str:
    match customer.identifier:
        case Identifier.EMAIL:
            return same_address(customer.plain)
        case Identifier.MOBILE:
            return Telephone.read(customer.plain).digits
        case _:
            return customer.plain
