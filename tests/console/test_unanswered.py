"""What the first page says when no answer comes, another than was hoped for, or a late one: never what was said of somebody else."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from couponhub.state import Scope
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness
from tests.console.test_lookup_page import MOBILE, ask

OTHER = "919876543211"


@pytest.fixture
def page(console: ConsoleHarness, visitor: Visitor) -> Page:
    """Somebody has just been told of a customer."""
    visitor.sign_in(console.token(Scope.LOOKUP, Scope.CODES_REVEAL))
    ask(visitor.page)
    expect(visitor.page.get_by_role("article").first).to_be_visible()
    return visitor.page


def test_a_fault_is_told_where_an_answer_was_hoped_for(page: Page) -> None:
    """What cannot be asked is said in words, not by an empty page; why? and a code of what is gone, too."""
    page.locator("#kind").select_option("mobile")
    ask(page, "12")
    expect(page.locator("#answer")).to_contain_text("it has 2 digits")
    expect(page.locator("#answer")).to_contain_text("give 4 to 17 digits")

    ask(page)
    expect(page.get_by_role("article").first).to_be_visible()
    for button, place in (("Why?", "#why"), ("Show", ".code")):
        page.evaluate("document.querySelector('#asked [name=customer]').value = '12'")
        page.get_by_role("button", name=button).first.click()
        expect(page.locator(place).first).to_contain_text("it has 2 digits")


def test_while_somebody_is_asked_about_nobody_else_is_told_of(page: Page, visitor: Visitor) -> None:
    """The cards of the one before are gone at once, and so is the word that it is asked, when an answer or none has come."""
    held: list[Route] = []
    page.route("**/", lambda route: held.append(route))  # noqa: PLW0108 - a method of a list takes no mark
    ask(page, OTHER)
    expect(page.locator("#answer")).to_have_text(re.compile("Asking the vendors. Nothing is known"))
    visitor.require_accessible()
    _one(page, held).continue_()
    expect(page.locator("#said")).to_contain_text("98765 43211")
    expect(page.get_by_text("Asking the vendors")).to_have_count(0)

    ask(page, OTHER)
    expect(page.get_by_text("Asking the vendors")).to_be_visible()
    _one(page, held).fulfill(status=204, headers={"HX-Trigger": '{"session-ended": {"asked": true}}'})
    expect(page.locator("#ended")).to_contain_text("Repeat what you were doing")
    expect(page.locator("#answer")).to_have_text("")
    page.unroute("**/")


def _one(page: Page, held: list[Route]) -> Route:
    while not held:
        page.wait_for_timeout(10)
    return held.pop()


@pytest.mark.parametrize("how", ["dead", "balancer"])
def test_no_answer_is_said_and_asked_for_anew(page: Page, visitor: Visitor, how: str) -> None:
    """A dead server, or a balancer's own page, leaves neither the last customer's coupons nor a button that does nothing."""

    def refuses(route: Route) -> None:
        route.abort() if how == "dead" else route.fulfill(status=502, body="<h1>Bad Gateway</h1>")

    for path in ("**/", "**/lookup/why", "**/lookup/reveal"):
        page.route(path, refuses)
    for button in ("Show", "Why?"):
        page.get_by_role("button", name=button).first.click()
        expect(page.get_by_role("alert")).to_contain_text("No answer came")
    ask(page, OTHER)
    expect(page.locator("#answer")).to_have_text(re.compile("^No answer came"))
    visitor.require_accessible()
    for path in ("**/", "**/lookup/why", "**/lookup/reveal"):
        page.unroute(path)
    ask(page)
    expect(page.locator("#said")).to_contain_text("98765 43210")
    expect(page.get_by_role("alert")).to_have_count(0)
    visitor.odd = [
        one
        for one in visitor.odd
        if "htmx:" not in one and "load resource" not in one and "Response Status" not in one
    ]
    assert MOBILE not in page.url
