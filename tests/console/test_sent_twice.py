"""What is sent twice is done, and told, once."""

import threading
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from couponhub.connection.lists import Lists
from couponhub.models import CouponList, NewCouponList
from couponhub.state import Scope
from tests.capillary.test_capillary_adapter import EXTRA
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness
from tests.kit.clock import vendors_today

_TWICE = """
() => {
  const button = document.querySelector("main form button");
  button.click();
  setTimeout(() => { button.click(); fetch("/clicked-twice"); }, 200);
}
"""


def test_a_list_is_made_once_by_two_clicks(console: ConsoleHarness, visitor: Visitor) -> None:
    """The second click, while the vendor is slow, sends nothing; so the list's page is shown, not that there is such a list."""
    visitor.sign_in(console.token(*Scope))
    visitor.go("/lists/new")
    page, sent = visitor.page, list[Route]()
    page.get_by_label("Connection").select_option("moengage")
    page.get_by_label("Name", exact=True).fill("Clicked twice")
    page.get_by_label("Last day").fill(f"{vendors_today(30)}")
    page.get_by_label("Made by").fill("a@example.com")
    page.route("**/lists/new", lambda route: sent.append(route))  # noqa: PLW0108 - a method of a list takes no mark

    def clicked(route: Route) -> None:
        route.fulfill(status=204)
        for one in sent:
            one.continue_()

    page.route("**/clicked-twice", clicked)
    page.evaluate(_TWICE)
    expect(page.get_by_role("heading", level=1)).to_have_text("Clicked twice")
    assert 1 == len(sent)


def test_two_forms_for_one_list_at_one_time_make_one(
    console: ConsoleHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both were sent before the vendor had made any: the second is told that there is one."""
    console.sign_in(*Scope)
    create, second, answers = Lists.create, threading.Event(), list[int]()
    form: dict[str, Any] = {
        "connection": "capillary",
        "name": "दीवाली",  # of which nothing can stand in a code of the vendor's own that it would hold but once
        "expires": f"{vendors_today(30)}",
        "extra": "\n".join(f"{key}={value}" for key, value in EXTRA.items()),
    }

    def send() -> None:
        answers.append(console.post("/lists/new", **form).status_code)

    other = threading.Thread(target=send)

    def slow(lists: Lists, new: NewCouponList) -> CouponList:
        if not second.is_set():
            second.set()
            other.start()
            other.join(1)  # as far as it comes
        return create(lists, new)

    monkeypatch.setattr(Lists, "create", slow)
    send()
    other.join(60)
    assert [303, 409] == sorted(answers)
    assert 1 == sum(one.name == form["name"] for one in console.hub["capillary"].lists.iterate())
