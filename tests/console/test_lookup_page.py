"""What the first page does beside answering: asks again, explains, prints, and says so in the reader's own way."""

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from couponhub import CouponHub, Customer
from couponhub.console.answer_view import view_of
from couponhub.errors import AuthRejected, RateLimited, VendorError, VendorUnavailable
from couponhub.models import Answer, LookupAnswer, Reason, Source, Verdict
from couponhub.state import Scope
from tests.console.browser import Visitor
from tests.console.harness import KEY, ConsoleHarness, opened, served

MOBILE = "919876543210"
HIDE = "Object.defineProperty(document, 'hidden', {configurable: true, get: () => %s})"


def ask(page: Page, about: str = MOBILE) -> None:
    """Look somebody up by keyboard."""
    page.locator("#customer").fill(about)
    page.keyboard.press("Enter")


def test_asks_again_by_itself_while_somebody_looks(console: ConsoleHarness, visitor: Visitor) -> None:
    """Nothing is asked while the page is hidden; what stays the same stays put; what is typed meanwhile is not asked for."""
    console.controls["capillary"].fail("* *", "status", 503)
    visitor.sign_in(console.token(Scope.LOOKUP))
    page = visitor.page
    page.clock.install()
    visitor.go("/")
    ask(page)
    expect(page.locator("#said")).to_contain_text("capillary could not be asked.")
    expect(page.locator("#again")).to_contain_text("Asked again in 5 seconds.")
    visitor.require_accessible()
    page.locator("#customer").fill("somebody else")
    page.evaluate("document.getElementById('said').isSame = true")
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.post_data or ""))

    page.evaluate(HIDE % "true")
    page.clock.run_for(30_000)
    assert [] == posts
    page.evaluate(HIDE % "false")
    with page.expect_response("**/"):
        page.clock.run_for(5_100)
    expect(page.locator("#again")).to_contain_text("Asked again in 10 seconds.")
    assert page.evaluate("document.getElementById('said').isSame")

    console.controls["capillary"].set_faults()
    for _ in range(4):  # until a probe has found it well
        if page.locator(".group.usable").count():
            break
        with page.expect_response("**/"):
            page.clock.run_for(61_000)
        page.wait_for_load_state("networkidle")
    expect(page.locator(".group.usable")).to_be_visible()
    expect(page.locator("#customer")).to_have_value("somebody else")
    asked_for = len(posts)
    page.clock.run_for(120_000)
    assert asked_for == len(posts) <= 5
    assert not any("somebody" in post for post in posts)


def test_asks_again_a_few_times_only() -> None:
    """Ever later, as late as the vendor wants; where that is too late, or nothing would change, not at all."""

    def pauses(error: VendorError, reason: Reason) -> list[int | None]:
        answer = Answer(connection="c", verdict=Verdict.UNKNOWN, reason=reason, error=error)
        view = view_of(LookupAnswer(customer=Customer(mobile=MOBILE), answers=(answer,)), key=KEY)
        return [view.again_in(tries) for tries in range(7)]

    away = VendorUnavailable("away")
    assert [5, 10, 20, 40, 60, None, None] == pauses(away, Reason.UNREACHABLE)
    spent = RateLimited("spent", retry_after=30)
    assert [30, 30, 30, 40, 60, None, None] == pauses(spent, Reason.RATE_LIMITED)
    assert [None] * 7 == pauses(RateLimited("spent", retry_after=3600), Reason.RATE_LIMITED)
    assert [None] * 7 == pauses(AuthRejected("no"), Reason.CREDENTIALS)


def test_says_when_nobody_knows_the_customer() -> None:
    """What was typed may be wrong then; a report proves what was given to a number, not that a customer has it."""
    stranger = Answer(connection="a", verdict=Verdict.NONE, reason=Reason.CUSTOMER_UNKNOWN)
    reported = Answer(
        connection="b", verdict=Verdict.NONE, reason=Reason.NO_COUPONS, source=Source.REPORT, coverage="all"
    )
    known = Answer(connection="b", verdict=Verdict.NONE, reason=Reason.NO_COUPONS)
    away = Answer(connection="b", verdict=Verdict.UNKNOWN, reason=Reason.TIMEOUT)

    def nobody(*answers: Answer) -> bool:
        return view_of(LookupAnswer(customer=Customer(mobile=MOBILE), answers=answers), key=KEY).nobody_knows

    assert (True, True, True) == (nobody(stranger), nobody(stranger, reported), nobody(stranger, away))
    assert (False, False, False) == (nobody(stranger, known), nobody(reported), nobody(away))


def test_tells_why_in_plain_words(console: ConsoleHarness, visitor: Visitor) -> None:
    """Who was asked for what, the calls that it took, and why each coupon stands so; no identifier and no whole code in it."""
    visitor.sign_in(console.token(Scope.LOOKUP))
    codes = {coupon.code for coupon in console.hub.lookup(Customer(mobile=MOBILE)).coupons}
    page = visitor.page
    ask(page)
    page.get_by_role("button", name="Why?").press("Enter")
    why = page.locator("#why")
    expect(why).to_contain_text("Why each coupon stands as it does")
    why.locator("summary").first.press("Enter")
    expect(why).to_contain_text("HTTP 200")
    expect(why).to_contain_text("digits)")
    text = why.inner_text()
    assert codes
    assert not [code for code in codes if code in text]
    assert MOBILE not in text
    assert MOBILE[2:] not in text
    visitor.require_accessible()
    assert [] == visitor.too_wide()


def test_prints_without_codes_and_buttons(console: ConsoleHarness, visitor: Visitor) -> None:
    """A code that is shown on the page is masked on paper; what can be pressed is not there."""
    visitor.sign_in(console.token(Scope.LOOKUP, Scope.CODES_REVEAL))
    page = visitor.page
    ask(page)
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.get_by_role("button", name="Show the code").first.press("Enter")
    shown = page.locator("code.shown")
    code = shown.inner_text()
    page.get_by_role("button", name="Copy").press("Enter")
    expect(page.locator("#told")).to_have_text(re.compile("copied"))

    page.emulate_media(media="print")
    expect(shown).to_be_hidden()
    expect(page.locator("code.printed")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("heading", name="Can be used now")).to_be_visible()
    assert code not in page.inner_text("body")
    assert page.pdf().startswith(b"%PDF")


def test_speaks_german_and_counts_as_the_reader_does(console: ConsoleHarness, chromium: Chromium) -> None:
    """Words by the browser's language; days and hours by its zone, numbers by its custom; what the core says stays English, and says so."""
    with (
        served(console.app) as address,
        chromium.new_context(locale="de-DE", timezone_id="Pacific/Auckland") as context,
    ):
        visitor = Visitor(context.new_page(), address)
        page = visitor.page
        visitor.go("/sign-in")
        page.get_by_label("Token").fill(console.token(Scope.LOOKUP, Scope.LISTS_READ))
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Welche Gutscheine hat dieser Kunde?")
        assert "de" == page.evaluate("document.documentElement.lang")
        ask(page)
        expect(page.locator("#said")).to_contain_text("Indien, +91 98765 43210")
        visitor.require_accessible()
        end = page.locator("time.day").first
        at = datetime.fromisoformat(end.get_attribute("datetime") or "").astimezone(
            ZoneInfo("Pacific/Auckland")
        )
        expect(end).to_have_text(f"{at:%d.%m.%Y}")
        visitor.go("/connections")
        left = page.locator("data.number[value='10000']").first
        expect(left).to_have_text("10.000")
        console.controls["capillary"].fail("* *", "status", 401)
        page.get_by_role("button", name="capillary jetzt prüfen").press("Enter")
        expect(page.locator("#check-1 [lang=en]").first).to_be_visible()
        visitor.require_accessible()
        visitor.require_nothing_odd()


def test_everything_works_without_scripts(console: ConsoleHarness, chromium: Chromium) -> None:
    """A code is shown, the reasons are told, and it is asked again, each on a page of its own; nothing is promised that takes a script."""
    console.hub.lookup(Customer(mobile=MOBILE))
    with served(console.app) as address, chromium.new_context(java_script_enabled=False) as context:
        visitor = Visitor(context.new_page(), address)
        visitor.sign_in(console.token(Scope.LOOKUP, Scope.CODES_REVEAL))
        page = visitor.page
        ask(page)
        expect(page.get_by_role("button", name="Print")).to_have_count(0)
        page.get_by_role("button", name="Why?").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Why the answer is as it is")
        page.get_by_role("button", name="Back to the answer").click()
        page.get_by_role("button", name="Show the code").first.click()
        expect(page.locator("code.shown")).to_be_visible()
        page.get_by_role("link", name="Look up somebody").click()
        console.controls["capillary"].fail("* *", "status", 503)
        ask(page, "919800000001")
        expect(page.locator("#again")).to_contain_text("Ask again in 5 seconds.")
        console.controls["capillary"].set_faults()
        page.get_by_role("button", name="Ask again now").click()
        expect(page.locator("#said")).not_to_contain_text("capillary could not be asked")
        visitor.require_nothing_odd()


def test_says_what_to_do_without_a_connection(tmp_path: Path) -> None:
    """Nobody can be asked then, and no form pretends it."""
    config = tmp_path / "couponhub.toml"
    config.write_text(f'[store]\nurl = "sqlite:///{tmp_path.as_posix()}/s.db"\n', encoding="utf-8")
    with CouponHub.from_config(config) as hub:
        console = opened(hub, {})
        console.sign_in(Scope.LOOKUP)
        for answer in (console.client.get("/"), console.post("/", customer=MOBILE)):
            assert "No connection is configured" in answer.text
            assert 'id="question"' not in answer.text
