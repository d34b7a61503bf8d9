"""The pages of the audit log and of access, what pages leave in the log, and where people come to who lack the first page."""

import csv
import io
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from playwright.sync_api import expect

from couponhub import Customer
from couponhub.console.audit_pages import read_asked
from couponhub.errors import LocalError, UsageError
from couponhub.state import AuditAction, AuditEvent, AuditOutcome, Scope, new_token
from couponhub.token_desk import TokenDesk
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness, opened

MOBILE = "919876543210"
LOOKUP: Mapping[str, Any] = {"scope:lookup": "1"}
XSS = "<img src=x onerror=alert(1)>"
NAME = f"till {XSS}"
_REFERENCE = re.compile(r'name="reference" value="([0-9a-f]{32})"')


def acts(console: ConsoleHarness, since: int = 0) -> list[AuditEvent]:
    """The audit log, the oldest event first, without so many of the first."""
    return [*console.hub.state.audit.page(at_most=1000).events[::-1]][since:]


def test_what_pages_do_is_written_down_once(console: ConsoleHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """A code that is shown, an upload that is checked and then sent, a token; by whoever signed in; looking writes nothing."""
    before = len(acts(console))
    token = console.sign_in(*Scope)
    (kept,) = console.hub.state.tokens.all()
    found = console.post("/", customer=MOBILE).text
    reference = (_REFERENCE.findall(found) or [""])[0]
    shown = console.post("/lookup/reveal", customer=MOBILE, reference=reference)
    assert any(coupon.code in shown.text for coupon in console.hub.lookup(_customer()).coupons)
    again = console.post("/lookup/reveal", customer=MOBILE, reference=reference)
    assert again.status_code == 200

    target = next(one for one in console.hub["capillary"].lists.iterate(status="active"))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "codes.csv"
        file.write_text("code\nAUDITED-0001\n", encoding="utf-8")
        with file.open("rb") as opened:
            sent = console.post(
                "/uploads/new", connection="capillary", list_id=target.id, file=(opened, "codes.csv")
            )
    assert sent.status_code == 303, sent.text
    upload_id = sent.headers["Location"].split("/")[2]
    assert console.post(f"/uploads/{upload_id}/send", confirm="another").status_code == 200
    assert console.post(f"/uploads/{upload_id}/send", confirm=target.name or target.id).status_code == 303
    assert console.post("/access", name="till", days="9", **LOOKUP).status_code == 200

    written = acts(console, before)
    assert [
        AuditAction.REVEAL_CODE,
        AuditAction.REVEAL_CODE,
        AuditAction.PREPARE_UPLOAD,
        AuditAction.SEND_UPLOAD,
        AuditAction.MAKE_TOKEN,
    ] == [one.action for one in written]
    assert {(kept.id, kept.name, AuditOutcome.DONE)} == {(one.who, one.name, one.outcome) for one in written}
    assert written[0].reference == written[1].reference != reference
    assert all(one.request_id for one in written)
    codes = {coupon.code for coupon in console.hub.lookup(_customer()).coupons}
    assert not any(text in repr(written) for text in (*codes, MOBILE, token))

    def broken(*_: object, **__: object) -> None:
        raise LocalError("the disk is full")

    monkeypatch.setattr(console.hub.state.audit, "begin", broken)
    refused = console.post("/lookup/reveal", customer=MOBILE, reference=reference)
    assert refused.status_code == 400, refused.text
    assert not any(code in refused.text for code in codes)


def test_the_log_is_read_in_pages_and_narrowed_in_the_address(
    console: ConsoleHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest first, each once; filters hold on the next page and in the table to keep; what cannot be meant is told."""
    console.sign_in(Scope.ADMIN)
    log = console.hub.state.audit
    for number in range(60):
        log.begin(
            AuditAction.SEND_UPLOAD,
            who="ab12",
            name="=pages",
            connection="capillary",
            reference=f"up_{number}x",
        )
    log.begin(AuditAction.ARCHIVE_LIST, who="oidc:anna", name=XSS, connection="moengage", list_id="L 1/ä")

    def references(path: str) -> list[str]:
        return re.findall(r'"/jobs/up_(\d+)x"', console.client.get(path).text)

    first = console.client.get("/audit?who=ab12&action=send_upload&connection=").text
    (older,) = re.findall(r'rel="next" href="([^"]+)"', first)
    pages = references("/audit?who=ab12"), references(older.replace("&amp;", "&"))
    assert [str(number) for number in range(59, -1, -1)] == [*pages[0], *pages[1]]
    assert "who=ab12" in older
    newest = console.client.get("/audit").text
    assert XSS not in newest
    assert "/lists/moengage/L%201%2F%C3%A4" in newest
    assert [] == references("/audit?action=archive_list") == references("/audit?until=2020-01-01")
    assert 50 == len(references("/audit?since=2020-01-01&connection=capillary"))
    asked = read_asked({"since": "2026-12-31", "until": "2026-12-31"}).question
    assert (datetime(2026, 12, 31, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)) == (
        asked.since,
        asked.until,
    )

    monkeypatch.setattr("couponhub.console.audit_pages._ROWS_AT_ONCE", 7)
    answer = console.client.get("/audit.csv?who=ab12")
    assert "text/csv" in answer.headers["Content-Type"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert ["'=pages"] * 60 == [row["name"] for row in rows]
    assert ("up_59x", "") == (rows[0]["reference"], rows[0]["outcome"])
    for wrong in ("action=nothing", "since=yesterday", "until=2026-02-30"):
        assert console.client.get(f"/audit?{wrong}").status_code == 400


def test_access_is_for_admins_who_give_no_more_than_they_have(console: ConsoleHarness) -> None:
    """Others see neither page; a right that the maker lacks is refused, also in a made-up form."""
    console.sign_in(Scope.LOOKUP, Scope.LISTS_READ, Scope.JOBS_WRITE)
    pages = ("/audit", "/audit.csv", "/access", "/access/0123456789/remove")
    assert {403} == {console.client.get(path).status_code for path in pages}
    assert console.post("/access", name="mine", **LOOKUP).status_code == 403
    assert "/access" not in console.client.get("/").text

    console.post("/sign-out")
    console.sign_in(Scope.ADMIN)
    before = len(console.hub.state.tokens.all())
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"name": "x", "scope:codes:reveal": "1"}, "what you lack: codes:reveal"),
        ({"name": "", "scope:lookup": "1"}, "name"),
        ({"name": "x"}, "without a scope"),
        ({"name": "x", "scope:lookup": "1", "days": "0"}, "days"),
        ({"name": "x", "scope:lookup": "1", "days": "99999"}, "days"),
    )
    for form, told in wrong:
        assert told in console.post("/access", **form).text
    assert before == len(console.hub.state.tokens.all())
    assert console.post("/access/nobody/remove", confirm="nobody").status_code == 404


def test_fixed_tokens_are_shown_and_stay(console: ConsoleHarness) -> None:
    """They stand in the config: there is nothing to press, and a made-up form finds none."""
    text, fixed = new_token([*Scope], name="of the config")
    console = opened(console.hub, console.controls, fixed=[fixed])
    assert 303 == console.client.post("/sign-in", data={"token": text}).status_code
    page = console.client.get("/access").text
    assert "of the config" in page
    assert f"/access/{fixed.id}/remove" not in page
    assert 404 == console.client.get(f"/access/{fixed.id}/remove").status_code


@pytest.mark.parametrize(
    ("scopes", "place"),
    [
        ((Scope.LISTS_READ,), "/lists"),
        ((Scope.UPLOADS_WRITE, Scope.JOBS_WRITE), "/uploads/new"),
        ((Scope.LOOKUP, Scope.LISTS_READ), None),
        ((Scope.ADMIN,), None),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else None,
)
def test_whoever_lacks_the_first_page_is_led_on(
    console: ConsoleHarness, scopes: tuple[Scope, ...], place: str | None
) -> None:
    """To the first page that their rights open, also from the mark in the corner."""
    console.sign_in(*scopes)
    answer = console.client.get("/")
    assert (place is not None, place) == (answer.status_code == 303, answer.headers.get("Location"))
    assert 200 == console.client.get("/", follow_redirects=True).status_code


def test_removing_a_fixed_token_says_where_it_stands(console: ConsoleHarness) -> None:
    """By name and by id; nothing was done, so nothing is written down."""
    _, token = new_token([Scope.LOOKUP], name="of the config")
    desk, before = TokenDesk(state=console.hub.state, fixed=[token]), len(acts(console))
    for name in (token.name, token.id):
        with pytest.raises(UsageError, match="stands in the config"):
            desk.remove(name)
    assert before == len(acts(console))


def test_whose_rights_open_no_page_is_told_what_to_ask_for(console: ConsoleHarness) -> None:
    """One page, with a way out; other pages stay closed."""
    console.sign_in(Scope.JOBS_WRITE)
    page = console.client.get("/")
    assert page.status_code == 200
    assert "no page here" in page.text
    assert "/sign-out" in page.text
    assert 403 == console.client.get("/jobs").status_code


def test_a_token_is_made_used_and_removed(console: ConsoleHarness, visitor: Visitor) -> None:
    """By keyboard: shown once, good at once, refused after its name was typed; each act stands in the log; all readable."""
    visitor.sign_in(console.token(*Scope))
    page = visitor.page
    page.get_by_role("link", name="Access", exact=True).click()
    page.get_by_label("Whose it is").fill(NAME)
    page.get_by_label("look customers up").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Make it").press("Enter")

    made = page.locator("#made")
    expect(made).to_contain_text(f"The token {NAME} was made.")
    text = made.locator("code").inner_text()
    assert text not in page.url + page.title()
    visitor.require_accessible()
    page.set_viewport_size({"width": 360, "height": 740})
    assert [] == visitor.too_wide()
    asked = {"customer": {"mobile": MOBILE}, "connections": ["capillary"]}
    headers = {"Authorization": f"Bearer {text}"}
    assert 200 == console.client.post("/v1/lookup", json=asked, headers=headers).status_code

    visitor.go("/access")
    assert text not in page.content()
    page.get_by_role("link", name=f"Remove {NAME}").click()
    confirm = page.get_by_label("type its name")
    confirm.fill("another")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("another name")
    visitor.require_accessible()
    confirm.fill(NAME)
    page.keyboard.press("Enter")
    page.wait_for_url("**/access")
    assert 401 == console.client.post("/v1/lookup", json=asked, headers=headers).status_code

    page.get_by_role("link", name="Who did what").click()
    rows = page.get_by_role("row").filter(has_text=NAME)
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Token removed")
    expect(rows.first).to_contain_text("done")
    visitor.require_accessible()
    page.get_by_label("Act", exact=True).select_option("Token made")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**action=make_token**")
    expect(page.get_by_role("row").filter(has_text="Token removed")).to_have_count(0)
    visitor.go("/audit?who=nobody+else")
    expect(page.get_by_role("status").first).to_contain_text("There is no such act")
    visitor.require_accessible()


def _customer() -> "Customer":
    return Customer(mobile=MOBILE)
