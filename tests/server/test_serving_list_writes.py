"""Lists that are made and changed over HTTP."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from couponhub.models import NewCouponList
from couponhub.serialization import to_document
from couponhub.server.list_wishes import AlertsBody, ListChangeRequest, NewListRequest
from couponhub.server.request_models import RequestReader
from couponhub.state import Scope
from tests.kit.clock import vendors_today
from tests.server.harness import ServerHarness, problem

LISTS = "/v1/connections/moengage/lists"


@pytest.fixture
def token(harness: ServerHarness) -> str:
    """A token that may make and change lists, and nothing else."""
    return harness.token(Scope.LISTS_WRITE)


def made(harness: ServerHarness, token: str, name: str, **more: Any) -> TestResponse:
    """Make a list that ends in 30 days."""
    body = {"name": name, "expires": f"{vendors_today(30)}", "created_by": "a@example.com", **more}
    return harness.post(LISTS, body, token)


def test_a_list_is_made_changed_retired_and_brought_back(harness: ServerHarness, token: str) -> None:
    """Each answer is the list as the vendor then holds it."""
    answer = made(harness, token, "Over HTTP", alerts={"subscribers": ["b@example.com"], "shortage": 10})
    assert answer.status_code == 201, answer.text
    one = answer.json
    assert one is not None
    place = f"{LISTS}/{one['id']}"
    assert place == answer.headers["Location"]
    lists = harness.hub["moengage"].lists
    assert to_document(lists.get(one["id"])) == one
    assert ("Over HTTP", 10) == (one["name"], one["alerts"]["shortage"])

    changed = harness.post(place, {"name": "Renamed over HTTP", "alerts": {"shortage": 0}}, token).json
    assert changed is not None
    assert ("Renamed over HTTP", None) == (changed["name"], changed["alerts"]["shortage"])
    assert changed["expires_at"] == one["expires_at"]
    retired = harness.post(f"{place}/archive", None, token).json
    back = harness.post(f"{place}/activate", {"expires": f"{vendors_today(60)}"}, token).json
    assert retired is not None
    assert back is not None
    assert ("archived", "active") == (retired["status"], back["status"])
    assert back["expires_at"] > one["expires_at"]


def test_what_cannot_be_is_told_and_not_sent(harness: ServerHarness, token: str) -> None:
    """Fields by their names, the vendor's refusals by their kind, and what a vendor lacks with what to do instead."""
    before = len(harness.controls["moengage"].requests())
    for body, told in (
        ({"name": "x"}, "expires"),
        ({"name": "x", "expires": "2030-02-30"}, "expires: expected a day that there is"),
        ({"name": "x", "expires": "20300630"}, "expires: expected a day such as"),
        ({"name": "x", "expires": 20300630}, "expires: expected text"),
        ({"name": "x", "expires": "2030-06-30", "alerts": {"shortage": -1}}, "alerts.shortage"),
        ({"name": "x", "expires": "2030-06-30", "extra": {"a": 1}}, "extra"),
        ({"name": "x", "expires": "2030-06-30", "colour": "red"}, "colour"),
    ):
        assert told in problem(harness.post(LISTS, body, token), 400, "usage")["detail"]
    problem(harness.post(f"{LISTS}/x", {}, token), 400, "usage")
    assert before == len(harness.controls["moengage"].requests())

    assert 201 == made(harness, token, "Taken").status_code
    problem(made(harness, token, "Taken"), 409, "conflict")
    absent = f"{LISTS}/594c711ecfe4d2a0b45be0ff"
    problem(harness.post(f"{absent}/archive", None, token), 404, "not_found")
    series = next(iter(harness.hub["capillary"].lists.iterate())).id
    place = f"/v1/connections/capillary/lists/{series}/archive"
    lacking = problem(harness.post(place, None, token), 501, "unsupported")
    assert lacking["hint"]


def test_examples_and_defaults_are_read_as_the_models_have_them() -> None:
    """What is left out of a new list is the model's own default; what is left out of a change stays."""
    body = {"name": "Spring sale", "expires": "2030-06-30"}
    new = RequestReader().read(body, NewListRequest).new_list()
    assert NewCouponList(name="Spring sale", expires=new.expires) == new
    change = RequestReader().read({"name": "x", "alerts": {}}, ListChangeRequest).change()
    assert ("x", None, None) == (change.name, change.expires, change.alerts)
    assert {"shortage": None, "subscribers": ()} == AlertsBody(shortage=0, subscribers=()).change().named()
