"""`none` is said only when the vendor, reached and understood, said so; whatever else happens is `unknown`."""

from typing import Any
from urllib.parse import parse_qs

import pytest

from couponhub.models import Answer, Customer, Reason, Verdict
from couponhub.testing import Harness
from couponhub.testing.emulation.faults import FAULTS
from tests.promises.vendor_side import calls

KNOWN = {"mobile": "919876512345", "email": "known@example.com", "external_id": "KNOWN-1", "id": "98000077"}
HOLDER = {"mobile": "919876512346", "email": "holder@example.com"}
TOO_LONG = 5  # seconds, far beyond the patience of these lookups
JSON = {"Content-Type": "application/json"}
REFUSAL = {"errors": [{"status": False, "code": 4000, "message": "Not authorized. Access is denied!"}]}

# Every way in which a vendor can fail, with the reason that is given for it.
VENDOR_FAULTS: tuple[tuple[str, Any, Reason], ...] = (
    ("status", 400, Reason.UNSUPPORTED),
    ("status", 401, Reason.CREDENTIALS),
    ("status", 403, Reason.CREDENTIALS),
    ("status", {"status": 403, "headers": JSON, "body": REFUSAL}, Reason.CREDENTIALS),
    ("status", 404, Reason.UNREADABLE),
    ("status", {"status": 429, "headers": {"Retry-After": "3600"}}, Reason.RATE_LIMITED),
    ("status", {"status": 302, "headers": {"Location": "/elsewhere"}}, Reason.UNREADABLE),
    ("status", {"status": 204}, Reason.UNREADABLE),
    ("status", {"status": 200, "headers": JSON, "body": "{}"}, Reason.UNREADABLE),
    ("status", 500, Reason.UNREACHABLE),
    ("status", 502, Reason.UNREACHABLE),
    ("status", 503, Reason.UNREACHABLE),
    ("status", 504, Reason.TIMEOUT),
    ("latency", TOO_LONG, Reason.TIMEOUT),
    ("slow_body", TOO_LONG, Reason.TIMEOUT),
    ("drop_before", None, Reason.UNREACHABLE),
    ("drop_after", None, Reason.UNREACHABLE),
    ("garbage", "html", Reason.UNREADABLE),
    ("garbage", "half", Reason.UNREADABLE),
    ("garbage", "empty", Reason.UNREADABLE),
    ("garbage", "text", Reason.UNREADABLE),
    ("garbage", "nulls", Reason.UNREADABLE),
    ("garbage", "array", Reason.UNREADABLE),
    ("wrong_types", None, Reason.UNREADABLE),
    ("crossed", None, Reason.UNREADABLE),
)


def ask(harness: Harness, customer: Customer, *, deadline: float = 10.0) -> Answer:
    """What the one connection answers about a customer."""
    answer = harness.hub.lookup(customer, deadline=deadline)
    (one,) = answer.answers
    assert one.whole == answer.complete
    return one


def asked_about(harness: Harness, identifier: str) -> list[str]:
    """The values of an identifier that the vendor was asked about, in order."""
    return [
        value
        for call in calls(harness, "GET", "/v1.1/customer/coupons")
        for value in parse_qs(call["query"])[identifier]
    ]


@pytest.mark.parametrize("identifier", list(KNOWN))
def test_a_customer_without_coupons_holds_none(capillary: Harness, identifier: str) -> None:
    """The vendor knows the customer, and says so."""
    capillary.control.add_customer(**KNOWN)

    one = ask(capillary, Customer(**{identifier: KNOWN[identifier]}))

    assert (Verdict.NONE, Reason.NO_COUPONS, "1000") == (one.verdict, one.reason, one.vendor_code)


@pytest.mark.parametrize(
    ("mobile", "forms"),
    [
        ("9123456789", ["919123456789", "9123456789", "09123456789", "00919123456789"]),
        ("8765432109", ["918765432109", "8765432109", "08765432109", "00918765432109"]),
        ("+91 87654-32109", ["918765432109", "8765432109", "08765432109", "00918765432109"]),
        ("08765432109", ["918765432109", "8765432109", "08765432109", "00918765432109"]),
    ],
)
def test_an_unknown_mobile_is_none_after_every_form(
    capillary: Harness, mobile: str, forms: list[str]
) -> None:
    """The vendor is asked about the mobile in every form that it has, with and without the country code."""
    one = ask(capillary, Customer(mobile=mobile))

    assert (Verdict.NONE, Reason.CUSTOMER_UNKNOWN, "701") == (one.verdict, one.reason, one.vendor_code)
    assert forms == asked_about(capillary, "mobile")


@pytest.mark.parametrize("identifier", ["email", "external_id", "id"])
def test_an_unknown_customer_is_none(capillary: Harness, identifier: str) -> None:
    """Other identifiers have one form, and are asked about as they are."""
    one = ask(capillary, Customer(**{identifier: KNOWN[identifier]}))

    assert (Verdict.NONE, Reason.CUSTOMER_UNKNOWN, "701") == (one.verdict, one.reason, one.vendor_code)
    assert [KNOWN[identifier]] == asked_about(capillary, identifier)


def test_a_form_that_cannot_be_asked_about_proves_nothing(capillary: Harness) -> None:
    """The first form is unknown to the vendor, the second gets no answer: nobody may say "none"."""
    capillary.control.set_faults(
        {"match": "GET *", "fault": "latency", "value": 0, "times": 1},
        {"match": "GET *", "fault": "status", "value": 503},
    )

    one = ask(capillary, Customer(mobile="8765432109"), deadline=0.5)

    assert Verdict.UNKNOWN is one.verdict
    assert "8765432109" in asked_about(capillary, "mobile")


@pytest.mark.parametrize(("fault", "value", "reason"), VENDOR_FAULTS)
def test_a_fault_is_unknown(capillary: Harness, fault: str, value: object, reason: Reason) -> None:
    """Whatever the vendor does instead of answering, for a customer who holds coupons and one who holds none."""
    list_id = capillary.list_with("held", ["HELD-1", "HELD-2", "HELD-3"])
    for person in (KNOWN, HOLDER):
        capillary.control.add_customer(**person)
    capillary.control.issue(list_id, HOLDER, count=3)
    assert list(capillary.connection.lists.iterate())  # whose answer may come to another question
    capillary.control.fail("GET *", fault, value)

    for person in (KNOWN, HOLDER):
        one = ask(capillary, Customer(email=person["email"]), deadline=0.5)
        assert (Verdict.UNKNOWN, ()) == (one.verdict, one.coupons)
        assert one.reason in {reason, Reason.TIMEOUT}  # on a machine that is busy, patience may end first
        assert one.error is not None


@pytest.mark.parametrize(
    ("fault", "value"),
    [("status", 401), ("status", 500), ("drop_before", None), ("latency", TOO_LONG), ("garbage", "html")],
)
def test_a_fault_of_the_sign_in_is_unknown(capillary: Harness, fault: str, value: object) -> None:
    """Where no token is given, the customer could not even be asked about."""
    capillary.control.add_customer(**KNOWN)
    capillary.control.fail("POST *token*", fault, value)

    one = ask(capillary, Customer(email=KNOWN["email"]), deadline=0.5)

    assert Verdict.UNKNOWN is one.verdict


def test_every_kind_of_fault_is_there() -> None:
    """No fault that the emulators know is left out above."""
    assert set(FAULTS) == {fault for fault, _, _ in VENDOR_FAULTS}
