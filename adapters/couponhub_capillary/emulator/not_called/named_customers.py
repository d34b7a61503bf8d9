"""Customers as the bodies of coupon operations name them, and as the answers of v2 print them back."""

from collections.abc import Mapping
from typing import Any

from couponhub_capillary.emulator.customers.coupons_v1 import find_customer
from couponhub_capillary.emulator.dates import iso
from couponhub_capillary.emulator.not_called.body_values import fields, text
from couponhub_capillary.emulator.organisation import Organisation
from couponhub_capillary.emulator.problems import CUSTOMER_UNKNOWN, CouponProblemError
from couponhub_capillary.emulator.records import Customer

_NAMES = {
    "id": "id",
    "external_id": "external_id",
    "externalId": "external_id",
    "external_Id": "external_id",
    "mobile": "mobile",
    "email": "email",
}
"""The spellings of the identifiers in v1.1 and v2 (C-55); the first one given wins (C-27)."""


def find_named(organisation: Organisation, named: object) -> Customer | None:
    """The customer of an object like {"mobile": ...}, or of a query; empty identifiers count as not given."""
    given = fields(named)
    for name, identifier in _NAMES.items():
        value = text(given.get(name))
        if value:
            return find_customer(organisation, identifier, value)
    return None


def customer_of(organisation: Organisation, named: object) -> Customer:
    """As `find_named`. Raises CouponProblemError (701) for an unknown one, and where none is named (inferred)."""
    customer = find_named(organisation, named)
    if customer is None:
        raise CouponProblemError(CUSTOMER_UNKNOWN)
    return customer


def names_somebody(named: object) -> bool:
    """Tell whether an identifier is given at all."""
    given = fields(named)
    return any(text(given.get(name)) for name in _NAMES)


def profile_object(organisation: Organisation, customer: Customer) -> dict[str, Any]:
    """A customer as answers of v2 print one; what the client may not see is left out (C-64)."""
    shown = not organisation.options.mask_people
    values: Mapping[str, str | None] = {
        "externalId": customer.external_id,
        "mobile": customer.mobile if shown else None,
        "email": customer.email if shown else None,
    }
    identifiers = [{"type": kind, "value": value} for kind, value in values.items() if value]
    profile: dict[str, Any] = {
        "firstName": customer.first_name if shown else None,
        "lastName": customer.last_name if shown else None,
        "fields": {},
        "allFields": {},
        "identifiers": identifiers,
        "commChannels": [],
        "userId": customer.id,
        "accountId": "",
        "autoUpdateTime": iso(organisation.clock.now(), organisation.options.server_zone),
        "identifiersAll": identifiers,
    }
    return {"id": customer.id, "profiles": [profile]}
