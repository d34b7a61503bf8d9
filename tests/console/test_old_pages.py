"""Pages that go on by themselves say when what they show is old, and leave a table where it was scrolled."""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Route, expect

from couponhub.connection.lists import Lists
from couponhub.models import CouponList
from couponhub.state import Scope
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness
from tests.console.test_jobs import held

OLD = "This could not be brought up to date"


@pytest.mark.parametrize("how", ["dead", "hangs"])
def test_every_page_that_polls_says_that_it_is_old(
    console: ConsoleHarness, visitor: Visitor, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Seen and heard, while the server is down or says nothing at all; and no longer once it answers again."""
    job, let = held(console, "old", f"OLD-{how.upper()}-1"), threading.Event()

    def waits(_: Lists, **__: object) -> Iterator[CouponList]:
        assert let.wait(60)
        return iter(())

    monkeypatch.setattr(Lists, "iterate", waits)
    visitor.sign_in(console.token(*Scope))
    page = visitor.page
    page.clock.install()
    paths = ("/jobs", "/lists?status=all", f"/jobs/{job}", f"/jobs/{job}/parts/1", "/connections")
    try:
        for path in paths if how == "dead" else paths[:1]:
            unanswered: list[Route] = []
            visitor.go(path)
            page.route("**/*", lambda route: route.abort() if how == "dead" else unanswered.append(route))  # noqa: B023
            page.clock.run_for(5_100)
            stale = page.locator("[data-is-stale]")
            expect(stale).to_have_count(1)
            said = stale.evaluate("one => [getComputedStyle(one, '::before').content, one.dataset.stale]")
            assert said[0] == "attr(data-stale)" or OLD in said[0], (path, said)
            assert OLD in said[1], path
            expect(page.locator("#told")).to_contain_text(OLD)
            page.unroute_all()
            page.clock.run_for(5_100)
            expect(stale).to_have_count(0)
    finally:
        let.set()
    visitor.odd = [one for one in visitor.odd if "htmx:" not in one and "load resource" not in one]


def test_a_table_stays_where_it_was_scrolled(console: ConsoleHarness, visitor: Visitor) -> None:
    """On a telephone somebody reads a column to the right, while another job comes into the table."""
    held(console, "first", "SCROLLED-1")
    visitor.sign_in(console.token(*Scope))
    page = visitor.page
    page.set_viewport_size({"width": 360, "height": 740})
    visitor.go("/jobs")
    table = page.locator("#jobs-table")
    table.evaluate("one => one.scrollTo(90, 0)")
    held(console, "comes later", "SCROLLED-2")
    expect(page.get_by_role("link", name="comes later")).to_be_visible()
    assert 90 == table.evaluate("one => one.scrollLeft")
