"""The customers of the emulated workspace, found by any of their identifiers."""

import itertools
from collections.abc import Iterator
from typing import NewType

import attrs

from couponhub.testing.emulation.vendor import ControlError, EmulatedCustomer

CustomerKey = NewType("CustomerKey", int)
"""Stays the same when what is known of a customer changes."""

Identifier = tuple[str, str]


class Customers:
    """Known customers. Not thread-safe: the workspace's lock guards it."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._known: dict[CustomerKey, EmulatedCustomer] = {}
        self._by_identifier: dict[Identifier, CustomerKey] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[EmulatedCustomer]:
        # The key of somebody whose place was taken stays known, for the codes that were handed to it.
        return (self._known[key] for key in dict.fromkeys(self._by_identifier.values()))

    def __getitem__(self, key: CustomerKey) -> EmulatedCustomer:
        return self._known[key]

    def add(self, customer: EmulatedCustomer) -> CustomerKey:
        """Make a customer known, in place of all who share an identifier with it.

        Raises:
            ControlError: The customer has no identifier.
        """
        identifiers = _identifiers(customer)
        if not identifiers:
            raise ControlError("a customer needs mobile, email, external_id or id")
        replaced = {self._by_identifier[each] for each in identifiers if each in self._by_identifier}
        for key in replaced:
            for each in _identifiers(self._known[key]):
                self._by_identifier.pop(each, None)
            self._known[key] = customer
        self._count += 1 - len(replaced)
        key = min(replaced) if replaced else CustomerKey(next(self._numbers))
        self._known[key] = customer
        self._by_identifier.update(dict.fromkeys(identifiers, key))
        return key

    def find_or_add(self, customer: EmulatedCustomer) -> CustomerKey:
        """The known customer that shares an identifier with this one, else this one, known from now on."""
        for each in _identifiers(customer):
            if each in self._by_identifier:
                return self._by_identifier[each]
        return self.add(customer)


def _identifiers(customer: EmulatedCustomer) -> list[Identifier]:
    return [(name, value) for name, value in attrs.asdict(customer).items() if value]
