"""The pages of emulated vendors at a browser: with scripts and without, by keyboard, narrow and wide, light and dark."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import attrs
import pytest
import requests
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from couponhub.dashboard.opening import Dashboard
from couponhub.testing import EmulatorContext, EmulatorServer
from couponhub.testing.emulation.context import Mail
from couponhub.testing.vendors import emulators
from tests.console.browser import Visitor

XSS = "<img src=x onerror=alert(1)>\"'{{7*7}}"


@attrs.frozen
class Emulated:
    """Emulators with pages, holding the demo, a list and a mail that are markup."""

    server: EmulatorServer
    world: EmulatorContext

    def call(self, path: str = "/moengage/v1/coupon-lists") -> requests.Response:
        """Call a vendor as a program would, which signs in with a secret."""
        return requests.post(
            f"{self.server.url}{path}",
            json={"name": XSS, "client_secret": "s3cret"},
            auth=("user", "s3cret"),
            timeout=10,
        )


@pytest.fixture
def emulated() -> Iterator[Emulated]:
    """Serve both vendors with their pages."""
    world = EmulatorContext()
    vendors = emulators((), world)
    for vendor in vendors:
        vendor.seed_demo()
        vendor.seed({"lists": [{"name": XSS, "codes": ["ODD-1"]}]})
    attachments = {"report.csv": f"code\n{XSS}\n".encode(), "bytes.bin": b"\0\xff"}
    world.outbox.send(
        Mail(
            at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            vendor="moengage",
            to=("a@example.com",),
            subject=XSS,
            text=f"Hello,\n{XSS}",
            attachments=attachments,
        )
    )
    with EmulatorServer(vendors, world, pages=Dashboard) as server:
        yield Emulated(server, world)


def press(page: Page, button: str) -> None:
    """Press a button by keyboard."""
    page.get_by_role("button", name=button, exact=True).focus()
    page.keyboard.press("Enter")


def narrow_and_dark(visitor: Visitor) -> None:
    """Look at the page on a small telephone, at night, and come back."""
    visitor.page.set_viewport_size({"width": 360, "height": 740})
    visitor.page.emulate_media(color_scheme="dark")
    visitor.require_accessible()
    assert [] == visitor.too_wide()
    visitor.page.set_viewport_size({"width": 3840, "height": 1080})
    visitor.page.emulate_media(color_scheme="light")
    assert [] == visitor.too_wide()


def press_link(page: Page, name: str) -> None:
    """Follow a link by keyboard."""
    page.get_by_role("link", name=name).focus()
    page.keyboard.press("Enter")


def poll(page: Page, address: str) -> None:
    """Let two seconds pass, and with them a look of the page's own."""
    with page.expect_response(lambda answer: answer.url.endswith(address)):
        page.clock.run_for(2100)


def test_shows_and_steers_what_is_emulated(emulated: Emulated, chromium: Chromium) -> None:
    """Tables, clock, faults, requests, mails and the way back to the start, by keyboard; markup of vendors stays text, and what moves is told by itself."""
    with chromium.new_context() as context:
        visitor = Visitor(context.new_page(), f"{emulated.server.url}/_emulator/")
        visitor.page.clock.install()
        sees_calls_arrive(visitor, emulated)
        moves_the_clock(visitor, emulated)
        looks_into_tables(visitor)
        switches_faults(visitor, emulated)
        reads_requests(visitor)
        reads_mails(visitor)
        begins_anew(visitor, emulated)
        visitor.require_nothing_odd()


def sees_calls_arrive(visitor: Visitor, emulated: Emulated) -> None:
    """Calls count by themselves, but for nobody who does not look."""
    page = visitor.page
    visitor.go("")
    visitor.require_accessible()
    assert 200 != emulated.call().status_code
    poll(page, "/_emulator/-/")
    card = page.locator(".card").filter(has_text="Calls and mails")
    expect(card).to_contain_text("Requests1")
    page.evaluate("Object.defineProperty(document, 'hidden', {configurable: true, value: true})")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(6000)
    assert [] == asked
    page.evaluate("delete document.hidden")


def moves_the_clock(visitor: Visitor, emulated: Emulated) -> None:
    """Forward by a button, and to an instant."""
    page = visitor.page
    press(page, "A week later")
    expect(page.get_by_role("status").first).to_have_text("The clock was moved.")
    assert timedelta(days=6, hours=23) < emulated.world.clock.ahead < timedelta(days=7, hours=1)
    visitor.require_accessible()
    page.get_by_label("Day and hour, UTC").fill("2031-12-24T08:00:00")
    press(page, "Set the clock")
    expect(page.locator("#standing")).to_contain_text("2031-12-24 08:0")
    narrow_and_dark(visitor)


def looks_into_tables(visitor: Visitor) -> None:
    """Markup stays text; long tables have pages, and are searched."""
    page = visitor.page
    page.get_by_role("link", name="moengage", exact=True).first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("moengage")
    narrow_and_dark(visitor)
    page.locator("#holds").get_by_role("link", name="Coupon lists").click()
    row = page.get_by_role("row").filter(has_text=XSS)
    expect(row.get_by_role("rowheader")).to_have_text(XSS)
    expect(row).to_contain_text("EXPIRED")  # the clock is years ahead
    page.get_by_role("link", name="Coupons", exact=True).click()
    page.get_by_role("link", name="Next").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Page 2 of 3")).to_be_visible()
    visitor.require_accessible()
    page.get_by_label("Rows in which this stands").fill("odd-1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row")).to_have_count(2)
    narrow_and_dark(visitor)


def switches_faults(visitor: Visitor, emulated: Emulated) -> None:
    """One vendor goes wrong, and well again."""
    page = visitor.page
    page.get_by_role("link", name="Faults", exact=True).click()
    page.locator("#ready-vendor").select_option("moengage")
    press(page, "Answer 503 to everything")
    expect(page.get_by_role("status").first).to_have_text("The fault is switched on.")
    assert 503 == emulated.call().status_code
    assert 503 != emulated.call("/capillary/v2/coupon/series").status_code
    poll(page, "/faults")
    expect(page.locator("#in-force tbody tr td").nth(5)).to_have_text("1")
    narrow_and_dark(visitor)
    press(page, "Switch off status for * *")
    expect(page.locator("#in-force")).to_contain_text("All goes well")
    assert 503 != emulated.call().status_code
    visitor.require_accessible()


def reads_requests(visitor: Visitor) -> None:
    """With bodies, and without what was secret in them."""
    page = visitor.page
    page.get_by_role("link", name="Requests", exact=True).click()
    page.get_by_label("Calls in which this stands").fill("503")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row")).to_have_count(2)
    narrow_and_dark(visitor)
    page.get_by_role("link", name="POST /moengage/v1/coupon-lists").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/requests/*")
    expect(page.get_by_role("main")).to_contain_text("a fault rule of the emulator answers 503")
    expect(page.get_by_role("row").filter(has_text="Authorization")).to_contain_text("Basic ***")
    visitor.go("-/requests/1")
    expect(page.get_by_role("region", name="What was sent")).to_contain_text(XSS.replace('"', '\\"'))
    assert "s3cret" not in page.content()
    narrow_and_dark(visitor)


def reads_mails(visitor: Visitor) -> None:
    """One is opened and saved."""
    page = visitor.page
    page.get_by_role("link", name="Mails", exact=True).click()
    visitor.require_accessible()
    page.get_by_role("link", name=XSS).click()
    expect(page.get_by_role("region", name="Text")).to_have_text(f"Hello,\n{XSS}")
    expect(page.get_by_role("region", name="report.csv")).to_contain_text(XSS)
    with page.expect_download() as download:
        press_link(page, "Save as .eml")
    assert b"report.csv" in download.value.path().read_bytes()
    narrow_and_dark(visitor)


def begins_anew(visitor: Visitor, emulated: Emulated) -> None:
    """After one has said that all may be forgotten."""
    page = visitor.page
    page.get_by_role("link", name="Overview", exact=True).click()
    page.get_by_label("All of it may be forgotten").check()
    press(page, "Begin with the demo")
    expect(page.get_by_role("status").first).to_contain_text("They hold what the demo holds")
    expect(page.locator("#standing")).to_contain_text("It is real time.")
    assert () == emulated.server.app.recorder.requests()


def test_needs_no_scripts(emulated: Emulated, chromium: Chromium) -> None:
    """Forms alone steer them too; what cannot be is said, with everything typed still there."""
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{emulated.server.url}/_emulator/")
        page.get_by_label("How many").fill("3")
        page.get_by_label("Of what").select_option("days")
        page.get_by_role("button", name="Move forward").click()
        expect(page.get_by_text("It was moved.")).to_be_visible()
        page.get_by_role("button", name="Back to real time").click()
        expect(page.get_by_text("It is real time.")).to_be_visible()

        page.get_by_role("link", name="Faults", exact=True).click()
        page.get_by_label("What goes wrong").select_option("latency")
        page.get_by_label("Value").fill("soon")
        page.get_by_label("Path").fill("*/files")
        page.get_by_role("button", name="Switch it on").click()
        expect(page.get_by_role("alert")).to_contain_text("fault.value must be a number of seconds")
        expect(page.get_by_label("Path")).to_have_value("*/files")
        page.get_by_label("Value").fill("0.01")
        page.get_by_role("button", name="Switch it on").click()
        (standing,) = emulated.server.app.faults.standing()
        assert ("*", "*/files", "latency") == (standing.rule.method, standing.rule.path, standing.rule.name)
        page.get_by_role("button", name="Switch all off").click()
        assert () == emulated.server.app.faults.standing()

        page.get_by_role("link", name="capillary", exact=True).click()
        page.get_by_role("link", name="ttl").click()
        expect(page.get_by_label("New value")).to_have_value("300")
        page.get_by_label("New value").fill("soon")
        page.get_by_role("button", name="Change it").click()
        expect(page.get_by_role("alert")).to_contain_text("such as 300")
        page.get_by_label("New value").fill("5")
        page.get_by_role("button", name="Change it").click()
        expect(page.get_by_role("row").filter(has=page.get_by_role("link", name="ttl"))).to_contain_text("5")
        assert 5 == emulated.server.app.vendors["capillary"].options()["ttl"]

        page.get_by_role("link", name="Overview", exact=True).click()
        page.get_by_role("button", name="Begin empty").click()
        assert "done" not in page.url  # nobody said that it may be forgotten
        page.get_by_label("All of it may be forgotten").check()
        page.get_by_role("button", name="Begin empty").click()
        expect(page.get_by_text("They are empty")).to_be_visible()
        assert [0] * 5 == [table.count for table in emulated.server.app.vendors["capillary"].tables()]  # type: ignore[attr-defined]
