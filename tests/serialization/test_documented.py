"""Every public model has its document: the object that the command line and the HTTP endpoint give of it."""

import json
from datetime import date
from typing import Any

import attrs
import pytest

import couponhub
from couponhub import (
    Alerts,
    AlertsChange,
    Coupon,
    CouponQuery,
    Customer,
    ListChange,
    NewCouponList,
    UsageError,
    models,
)
from couponhub.erasure import Forgotten
from couponhub.explain import Explanation
from couponhub.models.connections import ServedConnection
from tests.serialization import test_golden as golden

HAVE_NONE = {
    "CodeFile": "a file on its way between couponhub and an adapter",
    "CodeFileRules": "how an adapter wants its files",
    "ExportForm": "how a vendor's exports are read",
    "FileUrl": "its address is a right in itself, and its password a secret",
    "MergeForm": "how a vendor's log of merged customers is read",
    "ReportForm": "how an adapter's reports are read",
    "Telephone": "a number that is being read",
}
PINNED: dict[str, Any] = {
    "lookup": golden.LOOKUP,
    "coupon": golden.COUPON,
    "list": golden.LIST,
    "upload": golden.UPLOAD,
    "import": golden.IMPORTED,
    "coverage": golden.COVERAGE,
    "forgotten": golden.FORGOTTEN,
    "explanation": golden.EXPLANATION,
}


def public_models() -> dict[str, type]:
    """Every attrs class that the packages name as theirs."""
    named = [
        getattr(package, name)
        for package in (couponhub, models)
        for name in package.__all__
        if isinstance(getattr(package, name), type)
    ]
    return {cls.__name__: cls for cls in (*named, Forgotten, Explanation, ServedConnection) if attrs.has(cls)}


def test_every_public_model_has_its_document() -> None:
    """But those of which none may or can be made, each with its reason."""
    without = {name for name, cls in public_models().items() if not hasattr(cls, "as_dict")}
    assert set(HAVE_NONE) == without
    assert without == {name for name, cls in public_models().items() if not hasattr(cls, "to_json")}


@pytest.mark.parametrize("name", PINNED)
def test_documents_are_those_of_the_command_line(name: str) -> None:
    """Letter for letter, as a dictionary and as text."""
    pinned = json.loads(golden.GOLDEN.read_text(encoding="utf-8"))[name]
    model = PINNED[name]
    assert json.dumps(pinned) == json.dumps(model.as_dict())
    assert json.dumps(pinned, indent=2, ensure_ascii=False) == model.to_json(indent=2)
    assert "\n" not in model.to_json()


def test_raw_comes_when_it_is_asked_for() -> None:
    """Never else: it may hold personal data."""
    assert "raw" not in golden.COUPON.as_dict()
    assert {"code": "000-é", "more": [1, None]} == golden.COUPON.as_dict(raw=True)["raw"]
    assert '"more"' in golden.COUPON.to_json(raw=True)


def test_orders_and_questions_say_all_that_they_hold() -> None:
    """Whom a new list mails stands nowhere else; what a change leaves as it is has no key."""
    new = NewCouponList(name="a", expires=date(2026, 1, 31), alerts=Alerts(subscribers=("a@b.example",)))
    assert ["a@b.example"] == new.as_dict()["alerts"]["subscribers"]
    change = ListChange(alerts=AlertsChange(subscribers=(), shortage=None))
    assert {"subscribers": [], "shortage": None} == change.as_dict()["alerts"]
    query = CouponQuery(status=["expired", "active"], since=date(2026, 1, 31))
    assert (["active", "expired"], "2026-01-31T00:00:00Z") == (
        query.as_dict()["status"],
        query.as_dict()["since"],
    )
    assert {str} == {
        type(word) for word in query.as_dict()["status"]
    }  # what writes YAML or MessagePack takes no enum
    assert '{"mobile": "1"}' == Customer(mobile="1").to_json()


def test_half_a_pair_can_be_written_down() -> None:
    """Text that no encoder takes, as vendors can send it, goes out as its escape; all else as it is."""
    odd = Coupon(connection="a", code="é\ud800")
    assert "\\ud800" in odd.to_json().encode().decode()
    assert "é" in Coupon(connection="a", code="é").to_json()
    assert odd.code == json.loads(odd.to_json())["code"]


@pytest.mark.parametrize("ask", [{"raw": 1}, {"indent": "2"}, {"indent": True}, {"indent": -1}])
def test_odd_forms_are_refused(ask: Any) -> None:
    """As every argument is."""
    with pytest.raises(UsageError, match=r"raw|indent"):
        Customer(mobile="1").to_json(**ask)
