"""The page of all lists: filtered and sorted by its address, honest about what could not be read."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from couponhub import CouponHub
from couponhub.console.asked_lists import AskedLists, StockSort, read_question
from couponhub.console.list_stock import ListStock, Stock
from couponhub.console.stock_view import StockView
from couponhub.errors import UsageError, VendorUnavailable
from couponhub.models import CouponList, ListId, ListStatus, NewCouponList
from couponhub.state import Scope
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness, opened, served
from tests.kit.clock import FakeClock, vendors_today
from tests.kit.eventually import eventually

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
EVIL = "<img src=x onerror=alert(1)>"


def test_shows_and_filters_lists_by_keyboard_alone(console: ConsoleHarness, visitor: Visitor) -> None:
    """From the menu to a list that runs low; the address says what is asked for, and a vendor's name runs nothing."""
    new = NewCouponList(name=EVIL, expires=vendors_today(5), created_by="a@example.com")
    made = console.hub["moengage"].lists.create(new)
    visitor.sign_in(console.token(Scope.LOOKUP, Scope.LISTS_READ))
    page = visitor.page
    page.get_by_role("link", name="Lists and stock").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=EVIL)).to_be_visible()
    assert page.locator("meter").first.get_attribute("aria-label")
    visitor.require_accessible()

    page.get_by_label("Name contains").fill("SRC=X")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label("Name contains").fill("")
    page.get_by_label("Ends within days").fill("30")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("status").first).to_contain_text("One list.")
    assert "expiring=30" in page.url
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark")
    visitor.require_accessible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

    page.get_by_role("button", name="Read again").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert "expiring=30" in page.url
    console.hub["moengage"].lists.archive(made.id)


def test_tells_of_a_vendor_that_cannot_be_read(console: ConsoleHarness, visitor: Visitor) -> None:
    """Its name and the reason stand above the others' lists."""
    console.controls["capillary"].fail("GET *", "status", 503)
    visitor.sign_in(console.token(Scope.LOOKUP, Scope.LISTS_READ))
    visitor.go("/lists?sort=expires")

    expect(visitor.page.locator(".sentence")).to_contain_text("capillary: not all of its lists could be read")
    expect(visitor.page.get_by_role("link", name="Welcome offer")).to_be_visible()
    visitor.require_accessible()


def test_a_slow_vendor_holds_up_nobody(
    console: ConsoleHarness, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is there with the others' lists, says what is still being read, and shows it by itself once it is."""
    gate, lists = threading.Event(), console.hub["moengage"].lists
    read = lists.iterate

    def slow() -> object:
        gate.wait(30)
        return read()

    monkeypatch.setattr(lists, "iterate", slow)
    visitor.sign_in(console.token(Scope.LOOKUP, Scope.LISTS_READ))
    visitor.go("/lists")
    page = visitor.page
    expect(page.locator(".sentence")).to_contain_text("moengage: its lists are still being read")
    expect(page.get_by_role("link", name="Partner codes")).to_be_visible()
    visitor.require_accessible()
    gate.set()
    expect(page.get_by_role("link", name="Welcome offer")).to_be_visible()
    expect(page.locator(".sentence")).to_have_count(0)
    assert page.locator("#stock").get_attribute("hx-trigger") is None


def test_says_what_to_do_without_any_connection(chromium: Chromium, tmp_path: Path) -> None:
    """An empty page is a sentence."""
    config = tmp_path / "couponhub.toml"
    config.write_text(f'[store]\nurl = "sqlite:///{tmp_path.as_posix()}/s.db"\n', encoding="utf-8")
    with CouponHub.from_config(config) as hub:
        console = opened(hub, {})
        with served(console.app) as address, chromium.new_context() as context:
            visitor = Visitor(context.new_page(), address)
            visitor.sign_in(console.token(Scope.LOOKUP, Scope.LISTS_READ))
            visitor.go("/lists")
            expect(visitor.page.locator(".sentence")).to_contain_text("No connection is configured")
            visitor.require_accessible()
            visitor.require_nothing_odd()


def test_lists_take_the_right_to_read_them(console: ConsoleHarness) -> None:
    """Without it there is no entry in the menu, and no page."""
    console.sign_in(Scope.LOOKUP)
    assert "/lists" not in console.client.get("/").text
    assert 403 == console.client.get("/lists").status_code


def test_shows_ten_thousand_lists_a_hundred_at_a_time() -> None:
    """A page after the last is the last."""
    stock = Stock(connection="a", lists=tuple(map(_list, range(10_000))), read_at=NOW)
    shown = StockView.of([stock], AskedLists(sort=StockSort.AVAILABLE, page=2), NOW)
    assert (10_000, 100, 2) == (shown.count, shown.pages, shown.page)
    assert list(range(100, 200)) == [row.one.available for row in shown.rows]
    assert 100 == StockView.of([stock], AskedLists(page=9_999), NOW).page


def test_tells_of_how_many_lists_it_is_not_known_whether_they_are_meant() -> None:
    """They are counted for each connection; what ended is no part of them."""
    lists = (_list(1), _list(None), _list(None, status=ListStatus.EXPIRED))
    shown = StockView.of([Stock(connection="a", lists=lists, read_at=NOW)], AskedLists(below=5), NOW)
    assert (1, (("a", 1),)) == (shown.count, shown.untold)


@pytest.mark.parametrize(
    "query",
    [
        {"status": "gone"},
        {"expiring": "-1"},
        {"below": "9" * 10},
        {"sort": "x"},
        {"named": "x" * 201},
        {"connection": "b"},
    ],
)
def test_refuses_a_question_that_is_none(query: dict[str, str]) -> None:
    """The field is named."""
    with pytest.raises(UsageError, match=next(iter(query))):
        read_question(query, ["a"])


def test_an_address_says_the_question_again() -> None:
    """What is read from it is what it was made of."""
    asked = AskedLists(
        named="x", connection="a b", status="all", expiring=0, below=3, sort=StockSort.NAME, page=4
    )
    query = dict(part.split("=") for part in asked.address(page=4).partition("?")[2].split("&"))
    assert asked == read_question({**query, "connection": "a b"}, ["a b"])
    assert "/lists" == AskedLists().address()


def test_reads_once_for_all_who_look_and_keeps_what_it_knew(
    console: ConsoleHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vendor's calls are not spent by a page; when it fails later, what was known is still shown, with the error."""
    calls, gate = [], threading.Event()
    gate.set()
    lists = console.hub["moengage"].lists
    read = lists.iterate

    def counted() -> object:
        calls.append(1)
        gate.wait(60)
        if len(calls) > 1:
            raise VendorUnavailable("gone")
        return read()

    monkeypatch.setattr(lists, "iterate", counted)
    clock = FakeClock()
    stock = ListStock(console.hub, clock.clock)

    def read_once() -> Stock | None:
        return next((one for one in stock.look(["moengage"]) if not one.is_reading), None)

    first, second = eventually(read_once), eventually(read_once)
    assert first == second
    assert first.lists
    assert 1 == len(calls)
    assert stock.known("moengage", first.lists[0].id) == first.lists[0]

    clock.passed = 61
    assert stock.known("moengage", first.lists[0].id) is None
    gate.clear()
    (reading,) = stock.look(["moengage"])
    assert (reading.is_reading, reading.lists) == (True, first.lists)
    gate.set()
    failed = eventually(read_once)
    assert (failed.lists, failed.read_at) == (first.lists, first.read_at)
    assert failed.error is not None


def _list(number: int | None, status: ListStatus = ListStatus.ACTIVE) -> CouponList:
    return CouponList(
        connection="a", id=ListId(str(number)), name=f"List {number}", status=status, available=number
    )
