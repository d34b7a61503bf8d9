"""The options that name a customer, for commands beside `lookup`."""

from collections.abc import Callable, Mapping
from typing import Any

import click

from couponhub.models import Customer, Identifier


def names_customers(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command an option for each kind of identifier, as a keyword of the kind's word."""
    for kind in reversed(Identifier):
        about = "The vendor's own customer number." if kind is Identifier.ID else None
        option = click.option(f"--{kind.value.replace('_', '-')}", kind.value, metavar="V", help=about)
        function = option(function)
    return function


def customers(identifiers: Mapping[str, str | None]) -> list[Customer]:
    """A customer for each identifier that was given."""
    return [Customer(**{word: value}) for word, value in identifiers.items() if value is not None]
