"""Pages that follow what moves: they change nothing that stays, and ask nothing while nobody looks."""

from urllib.parse import urlsplit

from playwright.sync_api import expect

from couponhub.models import Customer
from couponhub.state import Scope
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness
from tests.console.test_jobs import held
from tests.console.test_lookup_page import HIDE

_WATCH = """
() => {
  window.changes = 0;
  window.raw = 0;
  new MutationObserver((records) => {
    window.changes += records.filter((one) => one.type === "childList" || one.attributeName !== "class").length;
    window.raw += document.querySelectorAll("time[datetime]:not([title])").length;
  }).observe(document.querySelector("main"), {subtree: true, childList: true, attributes: true, characterData: true});
}
"""
"""Counts what changes, but for the class that htmx sets while it asks; and times that somebody could see in no zone of his."""


def test_nothing_changes_that_stays_and_nobody_asks_for_nobody(
    console: ConsoleHarness, visitor: Visitor
) -> None:
    """Jobs, one job, connections: no element changes while nothing does; no request while the page is hidden, one when it is seen again."""
    job = held(console, "still", "POLL-0001")
    visitor.sign_in(console.token(*Scope))
    page = visitor.page
    page.clock.install()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))

    def poll() -> None:
        with page.expect_response(lambda answer: urlsplit(answer.url).path == urlsplit(page.url).path):
            page.clock.run_for(5_100)
        expect(page.locator(".htmx-request")).to_have_count(0)

    for path in ("/jobs", f"/jobs/{job}", "/connections"):
        visitor.go(path)
        poll()
        page.evaluate(_WATCH)
        poll()
        poll()
        assert 0 == page.evaluate("window.changes"), path
        page.evaluate(HIDE % "true")
        asked = len(requests)
        page.clock.run_for(60_000)
        expect(page.locator("h1")).to_be_visible()  # so that whatever was asked is noted here
        assert asked == len(requests), path
        page.evaluate(HIDE % "false")
        poll()

    console.hub.lookup(Customer(mobile="919876543210"))
    poll()
    expect(page.locator("#standing-1")).to_contain_text("Lookups ask it as usual.")
    visitor.go("/jobs")
    page.evaluate(_WATCH)
    held(console, "moves", "POLL-0002")
    poll()
    expect(page.get_by_role("link", name="moves")).to_be_visible()
    assert page.evaluate("window.changes")
    assert 0 == page.evaluate("window.raw")
