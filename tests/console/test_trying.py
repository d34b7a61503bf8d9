"""The API's reference for whoever is signed in: each operation can be tried, with the session's rights and as any request."""

import json
from datetime import date

import pytest
from playwright.sync_api import expect
from werkzeug.test import Client

from couponhub.clock import SYSTEM_CLOCK
from couponhub.console.try_pages import _readable
from couponhub.models import ListStatus, NewCouponList
from couponhub.server.app import App
from couponhub.server.inner_calls import InnerAnswer
from couponhub.server.token_bucket import TokenBucket
from couponhub.state import Scope
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness

MOBILE = "919876543210"
ASKED = json.dumps({"customer": {"mobile": MOBILE}})


def test_the_reference_is_as_it_was_without_a_session(console: ConsoleHarness) -> None:
    """From this machine or with a token it is the API's own page, without a form; nobody else is shown any."""
    page = Client(console.app).get("/docs")
    assert (401, True) == (page.status_code, page.content_type.startswith("application/problem"))
    token = console.token(Scope.ADMIN)
    plain = Client(console.app).get("/docs", headers={"Authorization": f"Bearer {token}"})
    assert (200, False) == (plain.status_code, "<form" in plain.text)
    assert "sha256-" in plain.headers["Content-Security-Policy"]
    browser = Client(console.app).get("/docs", headers={"Accept": "text/html,*/*"})
    assert (303, "/sign-in?to=/docs") == (browser.status_code, browser.headers["Location"])
    console.sign_in(Scope.LOOKUP)
    mine = console.client.get("/docs")
    assert (200, True) == (mine.status_code, 'action="/try/lookup"' in mine.text)
    assert "/try/docs" not in mine.text
    assert "/try/callback" not in mine.text  # its address is a right in itself
    assert 404 == console.post("/try/callback").status_code
    assert 'action="/try/archive_list"' not in mine.text  # the right is lacking, and the page says so
    assert "takes the scope lists:write" in mine.text


def test_an_answer_that_is_nested_too_deeply_is_shown_as_it_came() -> None:
    """Nobody is told of a fault of couponhub for what a vendor or a file has in it."""
    text = "[" * 200_000
    deep = InnerAnswer(status=200, headers={"content-type": "application/json"}, content=text.encode())
    assert text == _readable(deep)


def test_what_is_tried_is_a_request_like_any_other(console: ConsoleHarness) -> None:
    """With the session's rights: masked without `codes:reveal`, a line in the log of its own, problems as they are."""
    console.sign_in(Scope.LOOKUP)
    answer = console.post("/try/lookup", body=ASKED)
    assert (200, True) == (answer.status_code, "<strong>200</strong>" in answer.text)
    assert "***" in answer.text
    (token,) = console.hub.state.tokens.all()
    console.log.flush()
    lines = [json.loads(line) for line in b"".join(console.lines).splitlines()]
    assert {("/try/{operation}", token.id), ("/v1/lookup", token.id)} <= {
        (line["route"], line["token"]) for line in lines
    }
    assert MOBILE not in b"".join(console.lines).decode()
    for body, status in (("{", 400), ("{}", 400), ('{"customer": {"phone": "1"}}', 400)):
        assert f"<strong>{status}</strong>" in console.post("/try/lookup", body=body).text
    assert "<strong>403</strong>" in console.post("/try/connections").text
    assert 404 == console.post("/try/nothing").status_code
    assert 404 == console.post("/try/docs").status_code
    batch = console.post("/try/lookup_batch", body=json.dumps({"customers": [{"mobile": MOBILE}]}))
    assert "verdict" in batch.text


def test_what_changes_something_is_confirmed(console: ConsoleHarness) -> None:
    """By the operation's name; without it, or without the word of the session's forms, nothing is done."""
    console.sign_in(Scope.LISTS_WRITE)
    lists = console.hub["moengage"].lists
    made = lists.create(NewCouponList(name="Tried", expires=date(2031, 1, 31), created_by="a@example.com"))
    form = {"path.connection": "moengage", "path.list_id": str(made.id)}
    path = "/try/archive_list"
    for more in ({}, {"confirm": "archive"}):
        refused = console.client.post(path, data={"csrf": console.csrf, **form, **more})
        assert (400, True) == (refused.status_code, "nothing was done" in refused.text)
    right = {**form, "confirm": "archive_list"}
    assert 403 == console.client.post(path, data=right).status_code
    assert ListStatus.ACTIVE is lists.get(made.id).status
    done = console.client.post(path, data={"csrf": console.csrf, **right})
    assert "<strong>200</strong>" in done.text
    assert ListStatus.ARCHIVED is lists.get(made.id).status


@pytest.mark.parametrize("value", ["", "a/b", "..", "a\\b"])
def test_no_parameter_leads_to_another_operation(console: ConsoleHarness, value: str) -> None:
    """What is called is what was confirmed."""
    console.sign_in(Scope.LISTS_READ)
    form = {"csrf": console.csrf, "path.connection": "moengage", "path.list_id": value}
    answer = console.client.post("/try/list", data=form)
    assert (400, True) == (answer.status_code, "without slashes" in answer.text)


def test_nobody_pretends_to_come_from_within(console: ConsoleHarness) -> None:
    """No header is taken for the caller of a request of the process's own."""
    for name in ("couponhub.caller", "Couponhub.Caller", "X-Couponhub-Caller"):
        answer = Client(console.app).post("/v1/lookup", json=json.loads(ASKED), headers={name: "admin"})
        assert 401 == answer.status_code


def test_trying_counts(console: ConsoleHarness) -> None:
    """The limit of requests a second holds here too, for it is the same token's."""
    console.sign_in(Scope.LOOKUP)
    api = console.app.api
    assert isinstance(api, App)
    api.ground.access._pace = TokenBucket(1.0, SYSTEM_CLOCK)
    found = [console.post("/try/lookup", body=ASKED).text for _ in range(8)]
    assert any("<strong>429</strong>" in text for text in found)


def test_an_operation_is_tried_in_a_browser(console: ConsoleHarness, visitor: Visitor) -> None:
    """The example stands there; the answer comes below it, and the address names nobody."""
    visitor.sign_in(console.token(Scope.LOOKUP, Scope.LISTS_READ))
    visitor.go("/docs")
    page = visitor.page
    page.locator("#try-lookup > summary").click()
    field = page.locator("#lookup-body")
    assert "customer" in field.input_value()
    field.fill(ASKED)
    page.locator("#try-lookup").get_by_role("button", name="Send").click()
    expect(page.locator("#answer-lookup pre")).to_contain_text('"complete"')
    assert MOBILE not in page.url
    visitor.require_accessible()
