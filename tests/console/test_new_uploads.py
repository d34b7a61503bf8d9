"""A new upload: dropped, looked at, confirmed or dropped, by somebody who may be wrong at each step."""

import io
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from couponhub.models import ListId
from couponhub.state import Scope
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness, served
from tests.console.test_jobs import XSS, list_of
from tests.kit.eventually import eventually

MANAGER = (Scope.LOOKUP, Scope.LISTS_READ, Scope.UPLOADS_WRITE)


def name_of(console: ConsoleHarness) -> str:
    """What the list is called that codes go to."""
    return console.hub["capillary"].lists.get(list_of(console.hub)).name or ""


def send(console: ConsoleHarness, codes: str, file_name: str = "codes.csv", **fields: Any) -> Any:
    """Send the form as a browser does."""
    form = {"csrf": console.csrf, "connection": "capillary", "list_id": list_of(console.hub), **fields}
    return console.client.post("/uploads/new", data={**form, "file": (io.BytesIO(codes.encode()), file_name)})


def jobs(console: ConsoleHarness) -> int:
    """How many jobs there are."""
    return len(list(console.hub.jobs.iterate()))


def test_sends_what_was_looked_at_and_confirmed(
    console: ConsoleHarness, visitor: Visitor, tmp_path: Path
) -> None:
    """By keyboard: nothing leaves before the list's name is typed, and then all of it, once."""
    file = tmp_path / "codes.csv"
    file.write_text("code\nNEW-0001\nNEW-0002\nNEW-0001\n", encoding="utf-8")
    visitor.sign_in(console.token(*MANAGER))
    page = visitor.page
    visitor.go("/uploads/new")
    visitor.require_accessible()
    page.get_by_label("Where the codes go").select_option("capillary")
    page.get_by_role("button", name="Choose", exact=True).press("Enter")
    expect(page.get_by_label("List at capillary")).to_have_value("")
    visitor.go(f"/lists/capillary/{list_of(console.hub)}")
    page.get_by_role("link", name="New upload").press("Enter")
    expect(page.get_by_label("List at capillary")).to_have_value(list_of(console.hub))
    page.get_by_label("File with the codes").set_input_files(file)
    page.get_by_label("Name of the upload").fill(XSS)
    visitor.require_accessible()
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark")
    page.get_by_label("Name of the upload").press("Enter")

    page.wait_for_url("**/check")
    expect(page.get_by_role("heading", level=1)).to_contain_text(XSS)
    expect(page.locator("main")).to_contain_text("Nothing has been sent yet")
    expect(page.get_by_role("button", name="Send 2 codes")).to_be_visible()
    assert [] == visitor.too_wide()
    visitor.require_accessible()
    held = [row["code"] for row in console.controls["capillary"].codes(list_of(console.hub))]
    assert not {"NEW-0001", "NEW-0002"} & set(held)

    page.get_by_label("type the name of the list").fill("another")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was done")
    visitor.require_accessible()
    page.get_by_label("type the name of the list").fill(name_of(console))
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/up_*")
    expect(page.locator("#standing")).to_contain_text("Done", timeout=60_000)
    held = [row["code"] for row in console.controls["capillary"].codes(list_of(console.hub))]
    assert [1, 1] == [held.count("NEW-0001"), held.count("NEW-0002")]


def test_tells_the_faults_of_a_file_and_writes_nothing(
    console: ConsoleHarness, chromium: Chromium, tmp_path: Path
) -> None:
    """Line by line, without scripts too; what was typed is still there."""
    file = tmp_path / "faulty.csv"
    file.write_bytes(b"code\nGOOD-0001\nB\x01AD\nGOOD-0002\nWO\xe2\x80\x8bRSE\n")
    before = jobs(console)
    with served(console.app) as address, chromium.new_context(java_script_enabled=False) as context:
        visitor = Visitor(context.new_page(), address)
        visitor.sign_in(console.token(*MANAGER))
        visitor.go(f"/uploads/new?connection=capillary&list={list_of(console.hub)}")
        page = visitor.page
        page.get_by_label("File with the codes").set_input_files(file)
        page.get_by_label("Name of the upload").fill("Spring")
        page.get_by_role("button", name="Check the file").click()

        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("Nothing was sent")
        expect(alert.get_by_role("listitem")).to_have_count(2)
        expect(alert).to_contain_text("faulty.csv: 2 faulty rows")
        expect(alert).not_to_contain_text("/")
        expect(alert).to_contain_text("line 3")
        expect(alert).to_contain_text("line 5")
        expect(page.get_by_label("Name of the upload")).to_have_value("Spring")
        expect(page.get_by_label("List at capillary")).to_have_value(list_of(console.hub))
        visitor.require_nothing_odd()
    assert before == jobs(console)


def test_drops_what_is_not_to_be_sent(console: ConsoleHarness) -> None:
    """It ends for good, and the same codes may be sent afterwards; a file's name is a name."""
    console.sign_in(*MANAGER)
    answer = send(console, "code\nDROP-0001\n", "../../<script>alert(1)</script>.csv")
    assert answer.status_code == 303, answer.text
    where = answer.headers["Location"]
    assert "<script>alert" not in console.client.get(where).text
    upload_id = where.split("/")[2]

    assert console.post(f"/uploads/{upload_id}/drop").status_code == 303
    eventually(lambda: console.hub.jobs.get(upload_id).status == "cancelled", "its end")
    late = console.post(f"/uploads/{upload_id}/send", confirm=name_of(console))
    assert late.status_code == 303
    assert console.hub.jobs.get(upload_id).status == "cancelled"
    assert send(console, "code\nDROP-0001\n").status_code == 303


def test_is_told_at_once_that_another_upload_has_the_list(
    console: ConsoleHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That one may take days: the page does not wait for it without a word, and nothing is written down."""
    monkeypatch.setattr("couponhub.console.upload_pages._BUSY_SECONDS", 0.05)
    console.sign_in(*MANAGER)
    before = jobs(console)
    with console.hub.state.ledger("capillary").list_lock(ListId(list_of(console.hub)), timeout=0):
        answer = send(console, "code\nBUSY-0001\n", key="busy")
    assert "another upload to this list is still being sent; nothing was sent" in answer.text
    assert "try again when that upload has ended" in answer.text
    assert before == jobs(console)
    assert send(console, "code\nBUSY-0001\n", key="busy").status_code == 303


def test_is_begun_once_however_often_the_form_is_sent(console: ConsoleHarness) -> None:
    """Clicked twice it is one upload; with another file the form is a new one."""
    console.sign_in(*MANAGER)
    first = send(console, "code\nTWICE-0001\n", key="a-form")
    second = send(console, "code\nTWICE-0001\n", key="a-form")
    other = send(console, "code\nTWICE-0002\n", key="a-form")

    assert first.headers["Location"] == second.headers["Location"]
    assert "choose the file again" in other.text


def test_refuses_forms_of_others(console: ConsoleHarness) -> None:
    """Another session's, another site's, and those of people without the right; nothing is written down."""
    console.sign_in(*MANAGER)
    before = jobs(console)
    data = {"connection": "capillary", "list_id": list_of(console.hub)}

    def sent(headers: Any = None, **more: Any) -> int:
        file = (io.BytesIO(b"code\nFORGED-1\n"), "codes.csv")
        return int(
            console.client.post(
                "/uploads/new", data={**data, **more, "file": file}, headers=headers
            ).status_code
        )

    assert sent() == 403
    assert sent(csrf="0" * 64) == 403
    assert sent({"Origin": "https://evil.example"}, csrf=console.csrf) == 403
    assert console.client.get("/uploads/up_none/check").status_code == 404
    console.post("/sign-out")
    console.sign_in(Scope.LOOKUP, Scope.LISTS_READ, Scope.JOBS_WRITE)
    assert sent(csrf=console.csrf) == 403
    assert console.client.get("/uploads/new").status_code == 403
    assert before == jobs(console)


def test_offers_the_form_while_the_vendor_is_away(console: ConsoleHarness) -> None:
    """The list is named by its id then; that it cannot be checked is told, and nothing is written down."""
    console.sign_in(*MANAGER)
    list_id, before = list_of(console.hub), jobs(console)
    console.controls["capillary"].fail("* *", "status", 503)

    form = console.client.get("/uploads/new?connection=capillary").text
    assert "cannot be shown now" in form
    sent = console.client.post(
        "/uploads/new",
        data={
            "csrf": console.csrf,
            "connection": "capillary",
            "list_id": list_id,
            "name": "kept words",
            "file": (io.BytesIO(b"code\nAWAY-1\n"), "codes.csv"),
        },
    )
    assert "Nothing was sent" in sent.text
    assert "kept words" in sent.text
    assert before == jobs(console)


@pytest.mark.parametrize(
    ("codes", "says"),
    [
        ("a,b\nX-0001,Y-0001\n", "column"),
        ("code\n1.23E+15\n", "line 2"),
        ("", "Nothing was sent"),
        ("\x00\x01", "Nothing was sent"),
    ],
)
def test_advises_nothing_that_the_page_has_not(console: ConsoleHarness, codes: str, says: str) -> None:
    """No option of the command line is named, and no place of this machine."""
    console.sign_in(*MANAGER)
    text = send(console, codes).text

    assert says in text
    assert "Nothing was sent" in text
    assert " --" not in text
    assert "couponhub-form" not in text
