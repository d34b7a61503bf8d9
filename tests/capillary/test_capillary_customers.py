"""Whom Capillary's answer names, and which forms of an identifier it was asked for."""

from collections.abc import Callable
from typing import Any

import pytest

from couponhub.models import CouponQuery, Customer, CustomerCoupons, Identifier
from couponhub.secret import Secret
from couponhub_capillary.adapter import CapillaryAdapter
from couponhub_capillary.mapping.customers import named_in
from couponhub_capillary.settings import CapillarySettings
from tests.capillary.conftest import ScriptedVendor
from tests.kit.scripted_server import says

COUPONS = "/v1.1/customer/coupons"
ROW = {
    "firstname": "Tom",
    "mobile": "9988776655",
    "email": "Tom.Sawyer@example.com",
    "external_id": "EXT-7",
    "id": "98662653",
}
ALL = (
    Customer(mobile="9988776655"),
    Customer(email="Tom.Sawyer@example.com"),
    Customer(external_id="EXT-7"),
    Customer(id="98662653"),
)


def test_all_four_are_named() -> None:
    """As they are spelled; an id that came as a number is its digits."""
    assert ALL == named_in(ROW)
    assert ALL == named_in({**ROW, "id": 98662653})
    assert () == named_in({})


@pytest.mark.parametrize("kind", Identifier)
@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "  ",
        "NULL",
        "null",
        "0",
        "-1",
        "99****6655",
        "XXXXXX6655",
        "xxx@example.com",
        "t\u2022\u2022m",
        [],
        {},
    ],
)
def test_what_is_none_is_dropped(kind: Identifier, value: object) -> None:
    """Null, blank, masked, and the words by which Capillary says nothing: each would find nobody, or somebody else."""
    named = named_in({**ROW, kind.value: value})
    assert tuple(one for one in ALL if one.identifier is not kind) == named


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("mobile", "call me"),
        ("email", "no address"),
        ("external_id", "a\x00b"),
        ("mobile", True),
        ("id", 1.5),
    ],
)
def test_what_cannot_be_one_is_dropped(kind: str, value: object) -> None:
    """It harms neither the others nor the coupons."""
    assert 3 == len(named_in({**ROW, kind: value}))


@pytest.fixture
def asks(vendor: ScriptedVendor) -> Callable[..., CustomerCoupons]:
    """Ask Capillary, which answers with these rows, one for each form."""

    def ask(customer: Customer, *rows: dict[str, Any] | None) -> CustomerCoupons:
        vendor.say(COUPONS, *(says(body=_answer(row)) for row in rows))
        settings = CapillarySettings(
            base_url=vendor.url, key="K", secret=Secret("S"), default_country_code="91"
        )
        adapter = CapillaryAdapter("loyalty", settings)
        try:
            return adapter.customer_coupons(customer, CouponQuery())
        finally:
            adapter.close()

    return ask


def _answer(row: dict[str, Any] | None) -> object:
    item = {"success": row is not None, "code": 701 if row is None else 1000, "message": ""}
    customer = {**(row or {"mobile": "9988776655", "external_id": "ECHO"}), "item_status": item}
    if row is not None:
        customer |= {"coupons": {"coupon": []}}
    return {
        "response": {
            "status": {"success": row is not None, "code": 500 if row is None else 200},
            "customers": {"customer": [customer]},
        }
    }


def test_what_was_given_is_not_named_again(asks: Callable[..., CustomerCoupons]) -> None:
    """Only further identifiers are; the same mobile in another form is one."""
    held = asks(Customer(email="Tom.Sawyer@example.com"), ROW)
    assert tuple(one for one in ALL if one.email is None) == held.also_known_as
    assert ("***om (22 characters)", "***om (22 characters)") == held.asked_as


def test_an_unknown_customer_is_not_named(asks: Callable[..., CustomerCoupons]) -> None:
    """What stands in such an answer is an echo of the question."""
    held = asks(Customer(mobile="9988776655"), None, None)
    assert (False, ()) == (held.customer_known, held.also_known_as)
    assert [12, 10, 11, 14] == [int(form.split()[1].strip("(")) for form in held.asked_as]


@pytest.mark.parametrize(
    ("names", "told", "warned"),
    [
        ({"firstname": "Tom", "lastname": "Sawyer"}, ("Tom", "Sawyer"), 0),
        ({"firstname": "T**", "lastname": ""}, ("T**", None), 0),
        ({"firstname": None}, (None, None), 0),
        ({"firstname": {"x": 1}, "lastname": 7}, (None, "7"), 2),
    ],
)
def test_names_are_told_as_they_come(
    asks: Callable[..., CustomerCoupons], names: dict[str, Any], told: tuple[str | None, ...], warned: int
) -> None:
    """Masked where the vendor masks them, None where there is none; nobody sees them in a repr."""
    row = {name: value for name, value in ROW.items() if name != "firstname"}
    held = asks(Customer(email="Tom.Sawyer@example.com"), {**row, **names})

    assert (told, warned) == ((held.first_name, held.last_name), len(held.warnings))
    assert not [name for name in told if name and name in repr(held)]


def test_two_forms_can_be_two_customers(asks: Callable[..., CustomerCoupons]) -> None:
    """Both are named then, so that nobody takes one for the other."""
    held = asks(Customer(mobile="9988776655"), ROW, {**ROW, "external_id": "EXT-8"})
    assert ["EXT-7", "EXT-8"] == [one.value for one in held.also_known_as if one.external_id]


def test_two_forms_of_one_customer_name_once(asks: Callable[..., CustomerCoupons]) -> None:
    """Known under both forms and without coupons under either."""
    held = asks(Customer(mobile="9988776655"), ROW, ROW)
    assert ALL[1:] == held.also_known_as
