"""The live run tells where a vendor's answers depart from the documented ones, reads alone, and prints no value."""

from collections.abc import Iterator
from typing import Any

import pytest

from couponhub.testing import EmulatedVendors, emulated_vendors
from tests.live.__main__ import CUSTOMER, DRIFTED, FAILED, MISUSED, main
from tests.live.asking import documented
from tests.live.drift import Form, drift, shape_of

MOBILE = "919876543210"

DOCUMENTED = shape_of(
    [
        {
            "data": [
                {"id": "1", "count": 1, "note": None},
                {"id": "2", "count": 2, "note": "so", "extra": {"at": "x"}},
            ]
        },
        {"data": [], "warnings": []},
    ]
)


@pytest.fixture
def vendors() -> Iterator[EmulatedVendors]:
    """Both emulated vendors with the demo's lists and customers."""
    with emulated_vendors() as serving:
        yield serving


def test_a_shape_is_paths_types_and_what_is_always_there() -> None:
    """Several examples make one shape; null says that a value can lack, and has no type."""
    assert {
        "$": "object",
        "$.data": "array",
        "$.data[]": "object",
        "$.data[].count": "number",
        "$.data[].extra": "object?",
        "$.data[].extra.at": "string",
        "$.data[].id": "string",
        "$.data[].note": "string",
        "$.warnings": "array?",
    } == {path: str(form) for path, form in DOCUMENTED.items()}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"data": [{"id": "9", "count": 0, "note": None}]}, []),
        ({"data": []}, []),
        ({"data": [{"id": 9, "count": 0, "note": ""}]}, ["$.data[].id is number, documented as string"]),
        ({"data": [{"count": 0, "note": ""}]}, ["$.data[].id is missing, documented as string"]),
        (
            {"data": [{"id": "1", "count": 0, "note": ""}, {"count": 0, "note": ""}]},
            ["$.data[].id is missing in some rows, documented as string"],
        ),
        (
            {"data": [], "more": {"deep": {"deeper": 1}}},
            ["$.more is documented nowhere (object)"],
        ),
        ({"data": {"id": "1"}}, ["$.data is object, documented as array"]),
        ([], ["$ is array, documented as object"]),
        ({"data": [], "warnings": "none"}, ["$.warnings is string, documented as array"]),
    ],
)
def test_each_departure_is_told_once(answer: object, told: list[str]) -> None:
    """New, missing and retyped fields; below a new one nothing more is told."""
    assert told == list(drift(DOCUMENTED, answer))


@pytest.mark.parametrize("key", ["PARTNER0002", "a.buyer@example.com", MOBILE, "Tom Sawyer", "x" * 99])
def test_keys_that_may_be_values_are_not_told(key: str) -> None:
    """A vendor that answers by code or address must not bring them into the report."""
    assert ["$.<key> is documented nowhere (string)"] == list(drift(DOCUMENTED, {"data": [], key: ""}))


def test_properties_of_the_customer_are_not_looked_into() -> None:
    """Their names are chosen by people."""
    assert {"$": Form(frozenset({"object"}), always=True)}.keys() | {"$.customPropertyMap"} == shape_of(
        [{"customPropertyMap": {"shelf": "3"}}]
    ).keys()


def test_what_is_documented_can_be_read_and_written() -> None:
    """The file beside this test holds forms as `str` writes them."""
    for questions in documented().values():
        for shape in questions.values():
            assert all(form == Form.read(str(form)) and form.types for form in shape.values())
            assert "$" in shape


def test_emulated_vendors_answer_as_documented(
    vendors: EmulatedVendors, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Over real HTTP, every question of both vendors is asked, with GET alone, and none of the answers drifts."""
    monkeypatch.setenv(CUSTOMER, f"mobile={MOBILE}")
    assert 0 == main([str(vendors.config)])
    lines = capsys.readouterr().out.splitlines()
    questions = [(vendor, question) for vendor, known in documented().items() for question in known]
    assert sorted(f"{vendor}: {question}: as documented" for vendor, question in questions) == sorted(lines)
    asked = [call for control in vendors.controls.values() for call in control.requests()]
    assert {"GET"} == {call["method"] for call in asked if "/oauth/" not in call["path"]}


def test_a_doctored_answer_drifts(
    vendors: EmulatedVendors, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A new field, a lost one and one of another type are told, with their paths; the values are not."""
    monkeypatch.setenv(CUSTOMER, f"mobile={MOBILE}")
    held: Any = vendors.hub["capillary"].call("GET", "/v1.1/customer/coupons", query={"mobile": MOBILE})
    customer = held["response"]["customers"]["customer"][0]
    customer["loyaltyTier"] = "gold-4711"
    for coupon in customer["coupons"]["coupon"]:
        coupon["id"] = int(coupon["id"])
        del coupon["valid_till"]
    answer = {"status": 200, "body": held}
    vendors.controls["capillary"].fail("GET /v1.1/customer/coupons", "status", answer)

    assert DRIFTED == main([str(vendors.config), "capillary"])
    told = capsys.readouterr().out
    coupon_path = "$.response.customers.customer[].coupons.coupon[]"
    expected = (
        "capillary: GET /v1.1/customer/coupons: drifts\n"
        f"    {coupon_path}.id is number, documented as string\n"
        "    $.response.customers.customer[].loyaltyTier is documented nowhere (string)\n"
        f"    {coupon_path}.valid_till is missing, documented as string\n"
    )
    assert expected in told
    codes = [coupon["code"] for coupon in customer["coupons"]["coupon"]]
    assert [] == [secret for secret in (MOBILE, "gold-4711", *codes) if secret in told]


def test_answers_of_other_types_drift(vendors: EmulatedVendors, capsys: pytest.CaptureFixture[str]) -> None:
    """MoEngage's lists with every leaf of another type are told field by field; what hangs on their ids fails."""
    vendors.controls["moengage"].fail("GET */coupon-list", "wrong_types")
    assert FAILED == main([str(vendors.config), "moengage"])
    assert "    $.data[].created_at is number, documented as string\n" in capsys.readouterr().out


def test_what_cannot_be_asked_is_told(vendors: EmulatedVendors, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a customer four questions are left out by name; that is no failure, and no proof either."""
    assert 0 == main([str(vendors.config), "capillary"])
    told = capsys.readouterr().out
    assert 4 == told.count("not asked, no customer was named")


def test_a_refusal_is_a_failure_by_its_kind(
    vendors: EmulatedVendors, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the vendor said in refusing is not printed."""
    body = {"error": {"code": "request-forbidden", "message": "secret words"}}
    vendors.controls["moengage"].fail("GET *", "status", {"status": 403, "body": body})
    assert FAILED == main([str(vendors.config), "moengage"])
    told = capsys.readouterr().out
    assert "moengage: GET /coupon-list: failed (permission)\n" in told
    assert "secret words" not in told


@pytest.mark.parametrize("customer", ["919876543210", "phone=919876543210"])
def test_a_customer_that_cannot_be_read_is_wrong_usage(
    customer: str,
    vendors: EmulatedVendors,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The text is not repeated: it is somebody's number."""
    monkeypatch.setenv(CUSTOMER, customer)
    assert MISUSED == main([str(vendors.config)])
    assert MOBILE not in "".join(capsys.readouterr())
