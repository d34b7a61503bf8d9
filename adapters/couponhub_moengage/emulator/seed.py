"""The emulated workspace at its beginning: the demo, or a seed file's part for it."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import attrs

from couponhub.testing.emulation.vendor import ControlError, EmulatedCustomer
from couponhub_moengage.emulator.control import Control
from couponhub_moengage.emulator.http.bodies import NewList

CREATOR = "emulator@example.com"

# The same person as in the demo of the other vendors.
DEMO_CUSTOMER = EmulatedCustomer(
    mobile="919876543210", email="a.buyer@example.com", external_id="EXT-007", id="98662653"
)


def seed_demo(control: Control, today: date, now: datetime) -> None:
    """One customer, an active list that gave him codes, and an expired one that did so before."""
    control.add_customers([DEMO_CUSTOMER])
    control.seed_list(
        _new_list("Autumn sale", "autumn_sale", today - timedelta(days=10)),
        [f"AUTUMN-{number:04}" for number in range(1, 11)],
        created_at=now - timedelta(days=70),
        handouts=[(DEMO_CUSTOMER, "AUTUMN-0003", now - timedelta(days=40))],
    )
    control.seed_list(
        _new_list("Welcome offer", "welcome_offer", today + timedelta(days=60)),
        [f"WELCOME-{number:04}" for number in range(1, 51)],
        created_at=now - timedelta(days=42),
        handouts=[
            (DEMO_CUSTOMER, "WELCOME-0007", now - timedelta(days=20)),
            (DEMO_CUSTOMER, "WELCOME-0019", now - timedelta(days=3)),
        ],
    )


def seed(control: Control, content: Mapping[str, Any], today: date, now: datetime) -> list[str]:
    """Fill a workspace from {"customers": [...], "lists": [{"name", "codes", "label", "expires_at"}]}.

    Of a list only the name is required: the label is the name, and it expires in a year. All is read before
    anything is added.

    Returns:
        The ids of the lists, in their order.

    Raises:
        ControlError: Something else is in it, or a name is taken.
    """
    _only(content, {"customers", "lists"}, "a seed")
    customers = [_customer(each) for each in _objects(content, "customers")]
    lists = [_list(each, today) for each in _objects(content, "lists")]
    control.add_customers(customers)
    return [control.seed_list(new, codes, created_at=now) for new, codes in lists]


def _customer(described: Mapping[str, Any]) -> EmulatedCustomer:
    _only(described, set(attrs.fields_dict(EmulatedCustomer)), "a customer")
    if not all(value is None or isinstance(value, str) for value in described.values()):
        raise ControlError("the identifiers of a customer are text")
    return EmulatedCustomer(**described)


def _list(described: Mapping[str, Any], today: date) -> tuple[NewList, list[str]]:
    _only(described, {"name", "label", "codes", "expires_at"}, "a list")
    name, codes = described.get("name"), described.get("codes", [])
    label = described.get("label", name)
    if not (isinstance(name, str) and isinstance(label, str) and name and label):
        raise ControlError("a list needs a name; name and label are text")
    if not isinstance(codes, list) or not all(isinstance(code, str) and code for code in codes):
        raise ControlError("the codes of a list are a list of text")
    expires = today + timedelta(days=365)
    if "expires_at" in described:
        try:
            expires = date.fromisoformat(described["expires_at"])
        except (TypeError, ValueError):
            raise ControlError("expires_at of a list is a date, yyyy-mm-dd") from None
    return _new_list(name, label, expires), codes


def _new_list(name: str, label: str, expires: date) -> NewList:
    return NewList(name=name, label=label, expires=expires, created_by=CREATOR)


def _objects(content: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    objects = content.get(key, [])
    if not isinstance(objects, list) or not all(isinstance(each, Mapping) for each in objects):
        raise ControlError(f"{key} is a list of objects")
    return objects


def _only(described: Mapping[str, Any], known: set[str], what: str) -> None:
    if unknown := sorted(set(described) - known):
        raise ControlError(f"{what} has no {', '.join(unknown)}")
