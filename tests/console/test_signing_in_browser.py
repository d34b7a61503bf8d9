"""Signing in through a provider in a browser, and going on after a session that ended, with scripts and without them."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, expect

from couponhub import CouponHub
from couponhub.config import OidcSettings, ServerSettings, load_config
from couponhub.console.sessions import COOKIE
from couponhub.secret import Secret
from couponhub.state import Scope
from couponhub.testing import EmulatedVendors
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness, opened, served
from tests.kit.oidc_provider import CLIENT_ID, CLIENT_SECRET, TestedProvider, oidc_provider

MOBILE = "919876543210"


@attrs.frozen
class _Place:
    console: ConsoleHarness
    provider: TestedProvider
    address: str


@pytest.fixture
def place(vendors: EmulatedVendors) -> Iterator[_Place]:
    """A console at 127.0.0.1 whose people sign in at localhost, which is another site for a browser."""
    with oidc_provider() as provider:
        oidc = OidcSettings(
            issuer=provider.issuer,
            client_id=CLIENT_ID,
            client_secret=Secret(CLIENT_SECRET),
            name="Shop Login",
            scopes={"desk": (Scope.LOOKUP, Scope.LISTS_READ, Scope.LISTS_WRITE, Scope.UPLOADS_WRITE)},
        )
        config = attrs.evolve(load_config(vendors.config), server=ServerSettings(oidc=oidc))
        with CouponHub(config) as hub:
            console = opened(hub, vendors.controls)
            with served(console.app) as address:
                yield _Place(console, provider, address)


def _visit(page: Page, place: _Place) -> Visitor:
    visitor = Visitor(page, place.address)
    visitor.hosts.add(urlsplit(place.provider.issuer).netloc)
    return visitor


def _end_session(context: BrowserContext) -> None:
    context.clear_cookies(name=COOKIE)


def test_the_whole_way_through_a_provider(place: _Place, chromium: Chromium, tmp_path: Path) -> None:
    """To the provider and back, with the session held.

    It ends while a customer, and then a file, is on its way, and somebody signs in again, in another tab and in the page:
    what was typed and chosen is still there, and is done then.
    """
    place.provider.is_signed_in = False
    with chromium.new_context() as context:
        visitor = _visit(context.new_page(), place)
        page = visitor.page
        visitor.go("/connections")
        expect(page).to_have_url(f"{place.address}/sign-in?to=/connections")
        visitor.require_accessible()
        page.get_by_role("link", name="Sign in with Shop Login").click()
        page.get_by_role("link", name="Continue as Asha").click()
        page.wait_for_url("**/connections")
        expect(page.get_by_text("Asha Rao")).to_be_visible()
        assert "code=" not in page.url
        page.go_back()
        assert "code=" not in page.url  # the address with the code is no entry of the history
        visitor.go("/")

        page.get_by_label("Mobile, e-mail").fill(MOBILE)
        _end_session(context)
        page.get_by_role("button", name="Look up").click()
        expect(page.get_by_text("Your session has ended.")).to_be_visible()
        expect(page.get_by_label("Mobile, e-mail")).to_have_value(MOBILE)
        visitor.require_accessible()
        with context.expect_page() as tab:
            page.get_by_role("link", name="Sign in with Shop Login").click()
        expect(tab.value.get_by_text("Go back to the tab")).to_be_visible()
        tab.value.close()
        page.get_by_role("button", name="I have signed in there").click()
        expect(page.get_by_text("Signed in as Asha Rao")).to_be_visible()
        page.get_by_role("button", name="Look up").click()
        expect(page.get_by_role("heading", name="Can be used now")).to_be_visible()

        codes = tmp_path / "codes.csv"
        codes.write_text("code\nLATE-1\n", encoding="utf-8")
        visitor.go("/uploads/new?connection=moengage")
        expect(page.get_by_text("A file cannot be kept when your session ends")).to_be_visible()
        page.get_by_label("List at moengage").select_option(index=1)
        page.get_by_label("File with the codes").set_input_files(codes)
        _end_session(context)
        page.get_by_role("button", name="Check the file").click()
        expect(page.get_by_text("Your session has ended.")).to_be_visible()
        page.get_by_label("Token").fill(place.console.token(Scope.UPLOADS_WRITE))
        page.keyboard.press("Enter")
        expect(page.get_by_text("Signed in as")).to_be_visible()
        page.get_by_role("button", name="Check the file").click()
        expect(page.get_by_text("Nothing has been sent yet")).to_be_visible()
        kept = page.evaluate("JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")
        assert not any(word in kept for word in (MOBILE, "LATE-1"))
        visitor.require_nothing_odd()


def test_nothing_typed_is_lost_without_scripts(place: _Place, chromium: Chromium) -> None:
    """The answer to a form without a session holds what was typed; signed in again it is seen once more, and sent."""
    with chromium.new_context(java_script_enabled=False) as context:
        visitor = _visit(context.new_page(), place)
        page = visitor.page
        visitor.go("/sign-in/oidc?to=/lists/new")
        page.wait_for_url("**/lists/new")
        page.get_by_label("Connection").select_option("moengage")
        page.get_by_label("Name").first.fill("Späti <b>& Co")
        page.get_by_label("Last day").fill("2031-01-31")
        page.get_by_label("vendor's own fields").fill("a = 1\n\nb = 2")
        _end_session(context)
        page.get_by_role("button", name="Make the list").click()
        expect(page.get_by_role("heading", name="Your session has ended.")).to_be_visible()
        expect(page.get_by_role("definition").filter(has_text="Späti <b>& Co")).to_be_visible()
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button", name="Sign in and go on").click()
        expect(page.get_by_role("alert")).to_contain_text("is not known")
        page.get_by_label("Token").fill(place.console.token(Scope.LISTS_WRITE))
        page.get_by_role("button", name="Sign in and go on").click()
        expect(page.get_by_role("heading", name="Go on where you were")).to_be_visible()
        with page.expect_request(lambda one: one.method == "POST" and one.url.endswith("/lists/new")) as sent:
            page.get_by_role("button", name="Send it now").click()
        form = sent.value.post_data_buffer or b""
        assert b"name=Sp%C3%A4ti+%3Cb%3E%26+Co" in form
        assert b"extra=a+%3D+1%0D%0A%0D%0Ab+%3D+2" in form
        # A page that is an answer to a form has a status, which browsers mention.
        visitor.odd = [one for one in visitor.odd if "with a status of 4" not in one]
        visitor.require_nothing_odd()


def test_nobody_goes_back_to_what_somebody_else_saw(console: ConsoleHarness, visitor: Visitor) -> None:
    """Who sits down at a browser after somebody signed out sees nothing by going back, in whichever tab, with a customer or a code on it."""
    visitor.sign_in(console.token(*Scope))
    page, other = visitor.page, visitor.page.context.new_page()
    page.locator("#customer").fill(MOBILE)
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_be_visible()
    page.get_by_role("button", name="Show").first.click()
    expect(page.locator(".shown").first).to_be_visible()
    other.goto(f"{visitor.address}/audit")
    visitor.go("/lists")
    page.get_by_role("button", name="Sign out").dblclick()  # whoever is in a hurry
    page.wait_for_url("**/sign-in")

    for _ in range(3):
        page.go_back(wait_until="load")
        if page.url == "about:blank":
            break
        expect(page.get_by_label("Token")).to_be_visible()
        assert MOBILE not in page.content()
    other.goto(f"{visitor.address}/jobs")
    other.go_back(wait_until="load")
    expect(other.get_by_label("Token")).to_be_visible()
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert kept in {"[{},{}]", '[{},{"htmx-current-path-for-history":"/sign-in"}]'}
