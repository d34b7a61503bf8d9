"""Capabilities of a connection, derived from what its adapter implements and never listed by hand."""

from collections.abc import Iterator, Mapping
from typing import TypeVar, cast

import attrs

from couponhub.errors import Unsupported
from couponhub.models import Customer, Identifier, Telephone
from couponhub.protocols import CAPABILITIES, Adapter, NarrowsIdentifiers, SpellsMobiles

P = TypeVar("P")

_EVERY_KIND = frozenset(Identifier)


@attrs.frozen(kw_only=True)
class Capabilities:
    """The capabilities of one connection, by the names in `couponhub.protocols.CAPABILITIES`.

    Attributes:
        supported: What the vendor can do.
        limits: Documented limits by flat name, overrides applied; 0 means none.
    """

    supported: frozenset[str]
    limits: Mapping[str, int]

    def __contains__(self, name: object) -> bool:
        return name in self.supported

    def __iter__(self) -> Iterator[str]:
        return (name for name in CAPABILITIES if name in self.supported)


def capabilities_of(adapter: Adapter) -> Capabilities:
    """Derive the capabilities from the protocols that the adapter fulfils."""
    return Capabilities(
        supported=frozenset(name for name, protocol in CAPABILITIES.items() if isinstance(adapter, protocol)),
        limits=dict(adapter.limits),
    )


def require(adapter: Adapter, connection: str, protocol: type[P]) -> P:
    """The adapter as that protocol.

    Raises:
        Unsupported: Its vendor cannot do that; the hint says what to do instead.
    """
    if isinstance(adapter, protocol):
        return cast("P", adapter)
    name = next(name for name, known in CAPABILITIES.items() if known is protocol)
    raise Unsupported(f"this vendor has no {_WORDS[name]}", hint=adapter.advice(name), connection=connection)


class Offered:
    """The offer of one connection's adapter; each capability is decided when it is first asked for.

    Whether a protocol is fulfilled takes Python longer to find out than all else that a lookup does here.
    """

    def __init__(self, adapter: Adapter, connection: str) -> None:
        self.adapter = adapter
        self._connection = connection
        self._fulfilled: set[type] = set()
        self._narrows = isinstance(adapter, NarrowsIdentifiers)
        self._spells = isinstance(adapter, SpellsMobiles)

    @property
    def identifiers(self) -> frozenset[Identifier]:
        """The kinds of identifier that the vendor's customers can be asked about by; every kind unless it narrows them."""
        return cast("NarrowsIdentifiers", self.adapter).identifiers if self._narrows else _EVERY_KIND

    def unified(self, customer: Customer) -> Customer:
        """The customer as `Customer.read`, a mobile that has several forms by the same one of them.

        Raises:
            UsageError: As of `Customer.plain`.
        """
        if not self._spells or customer.mobile is None:
            return customer.read()
        return Customer(mobile=Telephone.read(customer.plain).unified(self._country_code))

    def is_ambiguous(self, customer: Customer) -> bool:
        """Tell whether the vendor may know the customer under a form of the identifier that nobody can tell."""
        return self._spells and customer.mobile is not None and self._country_code is None

    @property
    def _country_code(self) -> str | None:
        return cast("SpellsMobiles", self.adapter).country_code

    def require(self, protocol: type[P]) -> P:
        """As the function `require`."""
        if protocol not in self._fulfilled:
            require(self.adapter, self._connection, protocol)
            self._fulfilled.add(protocol)
        return cast("P", self.adapter)


_WORDS: Mapping[str, str] = {
    "lists.read": "way to read coupon lists",
    "lists.write": "way to create and change coupon lists",
    "lists.activate": "way to bring a coupon list back",
    "lists.archive": "way to archive a coupon list",
    "uploads.files": "way to be sent a code file",
    "uploads.urls": "way to fetch a code file from a URL",
    "uploads.read": "way to ask how an upload stands",
    "uploads.delete": "way to take an upload back",
    "customers.coupons": "customer lookup",
    "coupons.find": "lookup by code",
    "usage.request": "usage report",
}
