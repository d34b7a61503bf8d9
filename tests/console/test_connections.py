"""The page of connections and health: abilities, quotas, checks, and what the service rests on."""

import threading
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from couponhub import CouponHub, Customer
from couponhub.console.connection_checks import ConnectionChecks
from couponhub.errors import UnknownConnection
from couponhub.state import Scope
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness, opened, served
from tests.kit.eventually import eventually


def test_checks_a_connection_by_keyboard_and_follows_what_moves(
    console: ConsoleHarness, visitor: Visitor
) -> None:
    """A check says what it proved, or what to do; quotas and breakers follow by themselves, and the focus stays."""
    visitor.page.clock.install()
    visitor.sign_in(console.token(Scope.LOOKUP, Scope.LISTS_READ))
    page = visitor.page
    page.get_by_role("link", name="Connections").press("Enter")
    expect(page.get_by_role("heading", level=2, name="moengage")).to_be_visible()
    page.get_by_role("button", name="Check moengage now").press("Enter")
    expect(page.locator("#check-2")).to_contain_text("It works.")
    console.controls["capillary"].fail("* *", "status", 401)
    button = page.get_by_role("button", name="Check capillary now")
    button.press("Enter")
    page.clock.run_for(1000)
    expect(page.locator("#check-1")).to_contain_text("It does not work:")
    visitor.require_accessible()

    before = console.hub["moengage"].quota_left()["fetch_lists_per_day"]
    list(console.hub["moengage"].lists.iterate())
    left = console.hub["moengage"].quota_left()["fetch_lists_per_day"]
    assert left < before
    console.hub.lookup(Customer(mobile="919876543210"))
    button.focus()
    page.clock.run_for(5100)
    expect(page.locator(f"#limits-2 data[value='{left}']")).to_have_text(f"{left:,}")
    expect(page.locator("#standing-1")).to_contain_text("Lookups ask it as usual.")
    expect(button).to_be_focused()
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark")
    visitor.require_accessible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_says_what_to_do_without_a_connection_and_where_parts_lie_to_an_admin(
    chromium: Chromium, tmp_path: Path
) -> None:
    """The store is shown all the same; its place is for those alone who may do all."""
    config = tmp_path / "couponhub.toml"
    config.write_text(f'[store]\nurl = "sqlite:///{tmp_path.as_posix()}/s.db"\n', encoding="utf-8")
    with CouponHub.from_config(config) as hub:
        console = opened(hub, {})
        console.sign_in(Scope.LOOKUP, Scope.LISTS_READ)
        assert "s.db" not in console.client.get("/connections").text
        with served(console.app) as address, chromium.new_context() as context:
            visitor = Visitor(context.new_page(), address)
            visitor.sign_in(console.token(Scope.LOOKUP, Scope.LISTS_READ, Scope.ADMIN))
            visitor.go("/connections")
            expect(visitor.page.locator(".sentence")).to_contain_text("No connection is configured")
            expect(visitor.page.locator("#parts")).to_contain_text("s.db")
            visitor.require_accessible()
            visitor.require_nothing_odd()


def test_a_check_without_scripts_is_a_page(console: ConsoleHarness) -> None:
    """A plain form does it as well; a connection that there is not is not found, and a form of others checks nothing."""
    console.sign_in(Scope.LOOKUP, Scope.LISTS_READ)
    assert "It works." in console.post("/connections/moengage/check").text
    assert 404 == console.post("/connections/nobody/check").status_code
    assert 403 == console.client.post("/connections/moengage/check").status_code


def test_one_check_at_a_time(console: ConsoleHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks meanwhile calls nobody; a fault of the adapter's own is told by its class alone."""
    gate, began, calls = threading.Event(), threading.Event(), []

    def held(**_: object) -> str:
        calls.append(1)
        began.set()
        gate.wait(60)
        raise RuntimeError("a secret")

    monkeypatch.setattr(console.hub["moengage"], "check", held)
    checks = ConnectionChecks(console.hub)
    thread = threading.Thread(target=checks.check, args=("moengage",))
    thread.start()
    assert began.wait(60)
    checks.check("moengage")
    assert (True, [1], None) == (checks.is_under_way("moengage"), calls, checks.last("moengage"))
    gate.set()
    checked = eventually(lambda: checks.last("moengage"))
    thread.join()
    assert checked.error is not None
    assert "RuntimeError" in checked.error.message
    assert "secret" not in str(checked.error)
    assert not checks.is_under_way("moengage")
    with pytest.raises(UnknownConnection):
        checks.check("nobody")
