"""The page of requests: what is kept of calls to vendors and of failures here, how it is found, and what is never in it."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import cast

import attrs
import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from couponhub import CouponHub, Customer, NewCouponList
from couponhub.clock import utc_now
from couponhub.console.call_recorder import CallRecorder
from couponhub.console.call_writer import CallWriter
from couponhub.console.sessions import COOKIE
from couponhub.errors import CouponhubError
from couponhub.server.metrics import Metrics
from couponhub.state import CallDecision, CallFilter, CallRecord, LeftOut, Scope, open_state
from couponhub.testing import EmulatedVendors
from couponhub.testing.state_conformance.samples import new_call
from couponhub.transport.auth import FETCH_TOKEN
from couponhub.transport.observing import VendorCall
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness, opened, served

DEMO = Customer(mobile="919876543210")


@attrs.define(kw_only=True)
class Watched:
    """A console that keeps what happens, and what writes it."""

    console: ConsoleHarness
    writer: CallWriter

    @property
    def hub(self) -> CouponHub:
        """Its hub."""
        return self.console.hub


@pytest.fixture
def watched(vendors: EmulatedVendors) -> Iterator[Watched]:
    """The console over both vendors as `serve --console` has it, with nothing kept yet."""
    writer = CallWriter(open_state(vendors.hub.config.store), seconds=3600)
    recorder = CallRecorder(Metrics(), writer)
    with CouponHub.from_config(vendors.config, observer=recorder) as hub:
        yield Watched(console=opened(hub, vendors.controls, recorder), writer=writer)
        for control in vendors.controls.values():
            control.set_faults()
        with hub.state.database.transaction() as database:  # type: ignore[attr-defined] # it is SQLite's
            for table in ("vendor_calls", "server_faults", "calls_left_out", "tokens"):
                database.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
    recorder.close()


def fail_in_two_ways(watched: Watched) -> None:
    """Have a vendor that is down, and up again, and a change whose answer is lost."""
    hub, controls = watched.hub, watched.console.controls
    controls["capillary"].fail("GET /v1.1/*", "status", 503, times=1)
    hub["capillary"].customers.coupons(DEMO)
    controls["moengage"].fail("POST /*", "drop_after", times=1)
    hub["moengage"].lists.create(new_list("answer lost"))
    watched.writer.flush()


def new_list(name: str) -> NewCouponList:
    """A list that is MoEngage's to make."""
    expires = utc_now().date() + timedelta(days=30)
    return NewCouponList(name=name, expires=expires, created_by="a@example.com")


def test_shows_calls_what_followed_and_why(watched: Watched, chromium: Chromium) -> None:
    """By keyboard, filtered in the address; a call's page says what was decided, and its command is copied without a secret."""
    fail_in_two_ways(watched)
    console = watched.console
    with served(console.app) as address, chromium.new_context() as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        visitor = Visitor(context.new_page(), address)
        visitor.sign_in(console.token(Scope.LOOKUP, Scope.ADMIN))
        page = visitor.page
        page.get_by_role("link", name="Requests").press("Enter")
        expect(page.get_by_role("heading", level=1, name="Requests")).to_be_visible()
        visitor.require_accessible()
        page.get_by_label("Outcome").select_option("failed")
        page.get_by_label("Operation").select_option("customer_coupons")
        page.get_by_role("button", name="Show").press("Enter")
        expect(page.locator("tbody tr")).to_have_count(1)
        assert "outcome=failed" in page.url
        expect(page.locator("tbody")).to_contain_text("repeated after a pause")
        page.locator("tbody a").first.press("Enter")
        expect(page.locator(".sentence")).to_contain_text("Such failures pass by themselves as a rule.")
        page.get_by_role("button", name="Copy as curl").press("Enter")
        expect(page.locator("#told")).to_have_text("Copied")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("curl --request GET")
        assert "format=json&mobile=CUSTOMER&limit=" in copied
        assert "&order_by=created_date&sort_order=desc'" in copied
        assert '"X-CAP-API-OAUTH-TOKEN: $CAPILLARY_TOKEN"' in copied
        page.set_viewport_size({"width": 360, "height": 740})
        page.emulate_media(color_scheme="dark")
        visitor.require_accessible()
        assert [] == visitor.too_wide()
        visitor.go("/requests?operation=create_list")
        expect(page.locator("tbody")).to_contain_text("looked for, not repeated")
        visitor.require_accessible()
        assert [] == visitor.too_wide()
        visitor.require_nothing_odd()


def test_no_verdict_is_told_of_a_sign_in(watched: Watched) -> None:
    """The call that needed it decides whether it is repeated, which a sign-in does not learn; another sort of trouble is told apart."""
    failed = attrs.evolve(
        new_call("call_01", outcome="unavailable"),
        operation="fetch_token", path="", status=503, decision=CallDecision.GIVEN_UP, because="final",
    )  # fmt: skip
    silent = attrs.evolve(failed, id="call_02", operation="read_list", path="/v2", status=None)
    watched.hub.state.vendor_calls.write([failed, silent])
    watched.console.sign_in(Scope.ADMIN)

    page = watched.console.client.get("/requests/call_01").text
    assert "A failure at the vendor (HTTP 503)." in page
    assert "The call that needed it was told so" in page
    assert "given up" not in page
    assert "No answer." in watched.console.client.get("/requests/call_02").text


def test_is_for_those_who_may_do_all_and_finds_what_is_asked(watched: Watched) -> None:
    """Filters are words of the form, pages follow each other, and what is not there is said; a call links to its siblings."""
    console, calls = watched.console, watched.hub.state.vendor_calls
    console.sign_in(Scope.LOOKUP, Scope.LISTS_READ, Scope.CODES_REVEAL)
    assert 403 == console.client.get("/requests").status_code
    console.client.delete_cookie(COOKIE)
    console.sign_in(Scope.ADMIN)
    assert "No call is kept yet." in console.client.get("/requests").text
    made = [
        attrs.evolve(new_call(f"call_{number:04x}"), request_id="ours", at=utc_now()) for number in range(120)
    ]
    calls.write([*made, attrs.evolve(new_call("call_ff", outcome="quota"), operation="create_list")])
    shown = console.client.get("/requests?outcome=ok&since=15m&connection=shop")
    assert 50 == shown.text.count('href="/requests/call_')
    assert "/requests?connection=shop&amp;outcome=ok&amp;since=15m&amp;before=call_0046" in shown.text
    last = console.client.get("/requests?outcome=ok&before=call_0014").text
    assert (20, False) == (last.count('href="/requests/call_'), "Older calls" in last)
    assert "No call that is kept is like that." in console.client.get("/requests?before=call_0000").text
    for wrong in ("connection=919876543210", "outcome=x", "since=2d", "before=919876543210"):
        refused = console.client.get(f"/requests?{wrong}")
        assert (400, False) == (refused.status_code, "919876543210" in refused.text), wrong
    one = console.client.get("/requests/call_0000").text
    assert one.count('href="/requests/call_') == 120
    assert 404 == console.client.get("/requests/call_gone").status_code
    assert 120 == console.post("/requests/find", request="ours").text.count('href="/requests/call_')
    assert "Nothing is kept" in console.post("/requests/find", request="of-another").text
    assert 400 == console.post("/requests/find", request="a b").status_code
    assert 403 == console.client.post("/requests/find", data={"request": "ours"}).status_code


def test_tells_of_faults_of_its_own(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the API and of pages, by kind and place with their count, found by the id that whoever met one was shown."""

    def broken(*_: object, **__: object) -> None:
        raise KeyError("919876543210")

    monkeypatch.setattr(watched.hub, "lookup", broken)
    console = watched.console
    console.sign_in(Scope.LOOKUP, Scope.ADMIN)
    bearer = {"Authorization": f"Bearer {console.token(Scope.LOOKUP)}"}
    asked = {"customer": {"mobile": DEMO.mobile}}
    ids = [
        console.client.post("/v1/lookup", json=asked, headers=bearer).headers["X-Request-Id"]
        for _ in range(3)
    ]
    assert 500 == console.post("/", customer=DEMO.mobile).status_code
    assert 404 == console.client.get("/nowhere").status_code
    watched.writer.flush()
    groups = watched.hub.state.vendor_calls.faults()
    assert {("POST", "/v1/lookup", 3), ("POST", "/", 1)} == {
        (one.newest.method, one.newest.route, one.count) for one in groups
    }
    assert all(one.newest.place.startswith("KeyError, couponhub/") for one in groups)
    page = console.client.get("/requests").text
    assert ids[-1] in page
    assert "a fault of couponhub itself" in page
    assert "919876543210" not in page
    found = console.post("/requests/find", request=ids[0]).text
    assert "/v1/lookup" in found
    assert "Nothing is kept" not in found


def test_what_is_refused_as_it_must_be_is_no_fault(watched: Watched) -> None:
    """A vendor that cannot do what was asked for, and a caller who may not, are told so, and nobody has to look into it."""
    console = watched.console
    bearer = {"Authorization": f"Bearer {console.token(*Scope)}"}
    list_id = next(watched.hub["capillary"].lists.iterate()).id
    path = f"/v1/connections/capillary/lists/{list_id}/archive"
    assert 501 == console.client.post(path, headers=bearer).status_code
    assert 401 == console.client.post(path).status_code
    watched.writer.flush()
    assert () == watched.hub.state.vendor_calls.faults()


def test_a_call_is_known_by_the_request_that_it_was_made_for(watched: Watched) -> None:
    """Also where another thread asks the vendor; what a job or a library asks is nobody's request."""
    console = watched.console
    bearer = {"Authorization": f"Bearer {console.token(Scope.LOOKUP)}"}
    asked = {"customer": {"mobile": DEMO.mobile}}
    answer = console.client.post("/v1/lookup", json=asked, headers=bearer)
    watched.writer.flush()
    calls = watched.hub.state.vendor_calls
    of_request = calls.newest(CallFilter(request_id=answer.headers["X-Request-Id"]))
    assert "customer_coupons" in {one.operation for one in of_request}
    assert {CallDecision.DONE} == {one.decision for one in of_request}
    (asked_for,) = (one for one in of_request if one.operation == "customer_coupons")
    assert ("GET", "/v1.1/customer/coupons", 200) == (asked_for.method, asked_for.path, asked_for.status)
    assert asked_for.received is not None
    assert '"code": "text of' in asked_for.received


def test_of_many_alike_the_first_are_kept_and_all_are_counted(watched: Watched) -> None:
    """Reads that went well are kept at a pace; whatever fails has one of its own."""
    hub, control = watched.hub, watched.console.controls["capillary"]
    for _ in range(30):
        hub["capillary"].customers.coupons(DEMO)
    control.fail("GET /v1.1/*", "status", {"status": 400, "body": "{}"})
    for _ in range(5):
        with pytest.raises(CouponhubError):
            hub["capillary"].customers.coupons(DEMO)
    watched.writer.flush()
    calls = hub.state.vendor_calls
    kept = Counter(one.operation for one in calls.newest(CallFilter(outcome="ok"), most=200))
    assert 20 <= kept["customer_coupons"] < 30
    assert 60 - kept["customer_coupons"] - kept["customer_coupons_v2"] == calls.left_out()[LeftOut.PLAIN]
    assert 5 == len(calls.newest(CallFilter(operation="customer_coupons", outcome="failed")))
    watched.console.sign_in(Scope.ADMIN)
    assert "more reads that went well were counted" in watched.console.client.get("/requests").text


def test_a_long_rest_lets_no_more_through_than_at_the_start() -> None:
    """What was not used of the pace is lost: after a quiet night as many calls alike are kept at once as on the first day."""
    now, state = [0.0], Nowhere()
    recorder = CallRecorder(Metrics(), cast("CallWriter", state), clock=lambda: now[0])
    call = VendorCall(connection="shop", operation=FETCH_TOKEN, outcome="ok", seconds=0.1)
    for _ in range(2):
        for _ in range(30):
            recorder.began("shop", FETCH_TOKEN)(call)
        now[0] += 36_000
    assert (40, 20) == (state.kept, state.left_out)


class Nowhere:
    """Counts what it is to write."""

    def __init__(self) -> None:
        self.kept = self.left_out = 0

    def put(self, _: CallRecord) -> None:
        """As `CallWriter.put`."""
        self.kept += 1

    def leave_out(self, _: LeftOut) -> None:
        """As `CallWriter.leave_out`."""
        self.left_out += 1
