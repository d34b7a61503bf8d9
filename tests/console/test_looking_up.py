"""The first page: a customer's coupons, found by mouse, by keyboard, and without scripts."""

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from couponhub import Customer
from couponhub.state import Scope
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness, served

MOBILE = "919876543210"


def test_finds_a_customers_coupons_by_keyboard_alone(console: ConsoleHarness, visitor: Visitor) -> None:
    """A sentence first, then the cards, and how the number was read; the address never names the customer.

    All that the browser was sent until then is little, with the page of the sign-in.
    """
    received: list[float] = []
    network = visitor.page.context.new_cdp_session(visitor.page)
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    visitor.sign_in(console.token(Scope.LOOKUP))
    visitor.page.wait_for_load_state("networkidle")
    assert 10_000 < sum(received) <= 100 * 1024
    visitor.require_accessible()
    page = visitor.page
    page.keyboard.type(MOBILE)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Can be used now")).to_be_visible()
    expect(page.locator(".sentence")).to_contain_text("Not complete. There may be more")
    expect(page.locator(".sentence")).to_contain_text("India, +91 98765 43210")
    assert MOBILE not in page.url + page.title()
    visitor.require_accessible()


def test_shows_a_code_to_whoever_may_see_it(console: ConsoleHarness, visitor: Visitor) -> None:
    """Masked at first, shown when asked for, and never in the page before; hidden later, and to be had again, all by keyboard."""
    visitor.sign_in(console.token(Scope.LOOKUP, Scope.CODES_REVEAL))
    codes = {coupon.code for coupon in console.hub.lookup(_customer()).coupons}
    page = visitor.page
    page.get_by_label("Mobile, e-mail").fill(MOBILE)
    page.get_by_role("button", name="Look up").click()
    show = page.get_by_role("button", name="Show the code").first
    show.wait_for()
    page.clock.install()
    assert not any(code in page.content() for code in codes)
    show.press("Enter")

    shown = page.locator("code.shown")
    expect(shown).to_have_count(1)
    assert shown.inner_text() in codes
    expect(page.get_by_role("button", name="Copy")).to_be_focused()
    visitor.require_accessible()
    page.clock.run_for(31_000)
    expect(shown).to_have_count(0)
    assert not any(code in page.content() for code in codes)
    expect(show).to_be_focused()
    page.keyboard.press("Enter")
    expect(shown).to_have_count(1)


def test_works_without_scripts(console: ConsoleHarness, chromium: Chromium) -> None:
    """A plain form does it as well."""
    with served(console.app) as address, chromium.new_context(java_script_enabled=False) as context:
        visitor = Visitor(context.new_page(), address)
        visitor.sign_in(console.token(Scope.LOOKUP))
        visitor.page.get_by_label("Mobile, e-mail").fill(MOBILE)
        visitor.page.get_by_role("button", name="Look up").click()

        expect(visitor.page.get_by_role("heading", name="Can be used now")).to_be_visible()
        visitor.require_nothing_odd()


def _customer() -> Customer:
    return Customer(mobile=MOBILE)
