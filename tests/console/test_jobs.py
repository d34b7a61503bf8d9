"""The pages of uploads: every job, one upload, what is done about it, and what is told while its vendor is away."""

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
import pytest
from playwright.sync_api import expect

from couponhub import CouponHub
from couponhub.config import load_config
from couponhub.models import ListId
from couponhub.secret import Secret
from couponhub.server.upload_wishes import UploadWish
from couponhub.state import Scope
from couponhub.testing import EmulatedVendors
from couponhub.webhooks import WebhookSettings
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness, opened
from tests.kit.eventually import eventually
from tests.kit.scripted_server import ScriptedServer, says

XSS = "<img src=x onerror=alert(1)>\"'{{7*7}}"
OPERATOR = (Scope.LOOKUP, Scope.LISTS_READ, Scope.JOBS_WRITE)


def list_of(hub: CouponHub) -> str:
    """A list that takes codes without customers."""
    return str(next(hub["capillary"].lists.iterate(status="active")).id)


def held(console: ConsoleHarness, name: str, *codes: str) -> str:
    """An upload that is written down, and of which nothing is sent; return its id."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "codes.csv"
        file.write_text("\n".join(("code", *codes)), encoding="utf-8")
        upload, _ = console.app.api.ground.uploads.send(  # type: ignore[attr-defined]
            "capillary",
            ListId(list_of(console.hub)),
            UploadWish(source=file, name=name, is_paused=True),
            whose="tests",
            idempotency_key=None,
        )
    return str(upload.id)


def test_tells_of_every_job_and_goes_on_by_itself(console: ConsoleHarness, visitor: Visitor) -> None:
    """A name that is markup stays a name; what is resumed elsewhere is told within two looks, with nothing loaded anew."""
    job_id = held(console, XSS, "JOBS-0001", "JOBS-0002", "JOBS-0003")
    visitor.sign_in(console.token(*OPERATOR))
    page = visitor.page
    page.get_by_role("link", name="Uploads and migrations").click()
    row = page.get_by_role("row").filter(has_text=XSS)
    expect(row).to_contain_text("paused")
    expect(row.get_by_role("progressbar")).to_be_visible()
    visitor.require_accessible()

    row.get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Upload: {XSS}")
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark")
    visitor.require_accessible()
    assert [] == visitor.too_wide()
    expect(page.get_by_role("button", name="Download")).to_have_count(0)

    page.get_by_label("Files a minute, at most").fill("7")
    page.get_by_role("button", name="Throttle").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Files a minute, at most")).to_have_value("7")
    assert console.hub.jobs.get(job_id).arguments["files_a_minute"] == "7"
    page.get_by_role("button", name="Resume").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#standing")).to_contain_text("Done", timeout=60_000)
    assert console.hub["capillary"].uploads.find(job_id).accepted == 3  # type: ignore[union-attr]
    visitor.require_accessible()


def test_nothing_flickers_while_it_polls(console: ConsoleHarness, visitor: Visitor) -> None:
    """What has not changed is the same element, with its focus; a look that fails leaves all as it is, and says so; a change is told."""
    job_id = held(console, "still", "STILL-0001")
    visitor.sign_in(console.token(*OPERATOR))
    page = visitor.page
    page.clock.install()
    visitor.go(f"/jobs/{job_id}")

    def poll() -> None:
        with page.expect_response(lambda answer: answer.url.endswith(f"/jobs/{job_id}?page=1")):
            page.clock.run_for(2100)

    poll()
    page.wait_for_load_state("networkidle")
    page.locator("#cancel").focus()
    page.evaluate("document.getElementById('standing').isSame = true")
    text = page.locator("#standing").inner_text()
    poll()
    poll()
    assert page.evaluate("document.getElementById('standing').isSame")
    assert "cancel" == page.evaluate("document.activeElement.id")
    assert text == page.locator("#standing").inner_text()

    page.route("**/jobs/*?page=1", lambda route: route.fulfill(status=200, body="<h1>no</h1>"))
    poll()
    expect(page.locator("#standing[data-is-stale]")).to_contain_text("Paused")
    page.unroute("**/jobs/*?page=1")

    console.hub.jobs.cancel(job_id)
    console.app.api.ground.driving.wake()  # type: ignore[attr-defined]
    eventually(lambda: console.hub.jobs.get(job_id).status == "cancelled", "its end")
    poll()
    expect(page.locator("#standing:not([data-is-stale])")).to_contain_text("Cancelled")
    expect(page.locator("#told")).to_contain_text("Cancelled")


def test_cancels_only_what_is_named(console: ConsoleHarness, visitor: Visitor) -> None:
    """Another name does nothing; the name ends it for good, and nothing was sent."""
    job_id = held(console, "Spring mail", "CANCEL-0001")
    visitor.sign_in(console.token(*OPERATOR))
    page = visitor.page
    visitor.go(f"/jobs/{job_id}")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_label("Type its name")).to_be_focused()
    visitor.require_accessible()
    page.keyboard.type("Summer mail")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was done")
    assert not console.hub.jobs.get(job_id).status.ended

    page.get_by_label("Type its name").fill("Spring mail")
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/up_*")
    eventually(lambda: console.hub.jobs.get(job_id).status == "cancelled", "its end")
    expect(page.locator("#standing")).to_contain_text("Cancelled", timeout=60_000)


def test_says_that_it_was_cancelled_while_a_step_runs(console: ConsoleHarness) -> None:
    """A limit may make the step wait for days: nothing looks as if nobody had cancelled it, and nothing more can be wished."""
    job_id = held(console, "Spring mail", "CANCEL-0002")
    console.sign_in(*OPERATOR)
    assert 'id="cancel"' in console.client.get(f"/jobs/{job_id}").text
    console.hub.jobs.cancel(job_id)  # and nobody has seen to its end yet
    text = console.client.get(f"/jobs/{job_id}").text
    assert "It was cancelled, and ends as soon as" in text
    assert not any(f'id="{wish}"' in text for wish in ("cancel", "pause", "resume"))


def test_tells_what_became_of_each_row(console: ConsoleHarness) -> None:
    """The file is for whoever may see codes and lists alone."""
    job_id = held(console, "rows", "ROWS-0001", "ROWS-0002", "ROWS-0001")
    console.sign_in(*OPERATOR)
    assert console.post(f"/jobs/{job_id}/resume").status_code == 303
    eventually(lambda: console.hub.jobs.get(job_id).status == "done", "its end")

    assert console.post(f"/jobs/{job_id}/rows").status_code == 403
    console.post("/sign-out")
    console.sign_in(Scope.LOOKUP, Scope.CODES_REVEAL)
    assert console.post(f"/jobs/{job_id}/rows").status_code == 403, "whoever may see no lists"
    console.post("/sign-out")
    console.sign_in(*OPERATOR, Scope.CODES_REVEAL)
    answer = console.post(f"/jobs/{job_id}/rows")

    assert answer.status_code == 200, answer.text
    assert f'attachment; filename="{job_id}.csv"' == answer.headers["Content-Disposition"]
    assert "no-store" == answer.headers["Cache-Control"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert ["accepted", "accepted", "duplicate"] == [row["outcome"] for row in rows]


def test_job_that_is_done_is_not_shown_so_where_its_vendor_took_nothing(console: ConsoleHarness) -> None:
    """It has done all it could; whoever reads the list of jobs wants to know what became of the codes."""
    hub = console.hub
    home = next(one.id for one in hub["moengage"].lists.iterate(status="active"))
    console.controls["moengage"].set_options(fail_next_files=1)
    upload = hub["moengage"].uploads.send(home, ["REFUSED-0001"], wait=True, timeout=60)
    assert ("failed", "done") == (upload.status, hub.jobs.get(upload.id).status)
    console.sign_in(*OPERATOR)

    assert '<span class="badge failed">failed</span>' in console.client.get("/jobs").text


def test_each_part_has_a_page(console: ConsoleHarness) -> None:
    """What was sent, what the vendor answered and what it fetched; its file's name is for whoever may see codes; others are not there."""
    job_id = held(console, XSS, "PART-0001", "PART-0002")
    console.sign_in(*OPERATOR)
    console.post(f"/jobs/{job_id}/resume")
    eventually(lambda: console.hub.jobs.get(job_id).status == "done", "its end")
    (part,) = console.hub["capillary"].uploads.find(job_id).parts  # type: ignore[union-attr]

    assert f'href="/jobs/{job_id}/parts/1"' in console.client.get(f"/jobs/{job_id}").text
    page = console.client.get(f"/jobs/{job_id}/parts/1").text
    assert f"<code>{part.id}</code>" in page
    assert f"the vendor has it as {part.id}" in page
    assert "The vendor fetches nothing of it from here." in page
    assert "PART-0001" not in page
    assert "/requests?connection=" not in page
    assert "<img" not in page.replace('<img src="/static', "")
    for odd in ("0", "2", "x", "9" * 30, "-1"):
        assert console.client.get(f"/jobs/{job_id}/parts/{odd}").status_code == 404


def test_shows_what_the_vendor_fetched(console: ConsoleHarness) -> None:
    """Of a vendor that comes for its files each fetch is told, with its size, and the whole of them on the list of parts."""
    hub = console.hub
    home = next(one.id for one in hub["moengage"].lists.iterate(status="active"))
    upload = hub["moengage"].uploads.send(home, ["FETCH-0001"], wait=True, timeout=60)
    console.sign_in(*OPERATOR)
    page = console.client.get(f"/jobs/{upload.id}/parts/1").text

    fetches = upload.parts[0].fetches
    assert fetches
    assert page.count("all of it") == sum(one.range is None for one in fetches)
    assert f'<data class="number" value="{fetches[0].bytes}">' in page
    assert "Fetched once:" in console.client.get(f"/jobs/{upload.id}").text


def test_tells_who_was_told(vendors: EmulatedVendors) -> None:
    """The page of a job that has ended says which receivers know, which do not yet, and why; it looks again while one does not."""
    with ScriptedServer() as receiver:
        receiver.plays(says(500))
        settings = {
            name: WebhookSettings(url=Secret(f"{receiver.url}/hook"), secret=Secret(f"whsec_{'QUJD' * 8}"))
            for name in ("erp", "crm")
        }
        config = attrs.evolve(load_config(vendors.config), webhooks=settings)
        with CouponHub(config) as hub:
            console = opened(hub, vendors.controls)
            job_id = held(console, "told", "TOLD-0001")
            console.sign_in(*OPERATOR)
            assert 'id="deliveries"' not in console.client.get(f"/jobs/{job_id}").text
            console.post(f"/jobs/{job_id}/resume")
            eventually(lambda: len(receiver.seen) == 2, "both messages")

            def page() -> str:
                return str(console.client.get(f"/jobs/{job_id}").text)

            eventually(lambda: page().count("at attempt 1") == 2, "their outcomes")
            told = page()
            assert ": not told yet (" in told
            assert "HTTP 500, at attempt 1 of 10" in told
            assert "HTTP 200, at attempt 1 of 10" in told
            assert "Again at" in told
            assert 'hx-trigger="every 10s"' in told
            assert receiver.url not in told
            assert f"wh_{job_id}" not in console.client.get("/jobs").text
            console.app.api.ground.driving.stop()  # type: ignore[attr-defined]


def test_stands_while_the_vendor_is_away(console: ConsoleHarness) -> None:
    """What is known is shown; only who has it asked is told that it does not answer."""
    job_id = held(console, "away", "AWAY-0001")
    console.sign_in(*OPERATOR)
    console.post(f"/jobs/{job_id}/resume")
    eventually(lambda: console.hub.jobs.get(job_id).status == "done", "its end")
    console.controls["capillary"].fail("* *", "status", 503)

    assert "Done" in console.client.get(f"/jobs/{job_id}").text
    assert "away" in console.client.get("/jobs").text
    asked = console.post(f"/jobs/{job_id}/look")
    assert 502 == asked.status_code
    assert "That did not work" in asked.text


@pytest.mark.parametrize("what", ["pause", "resume", "cancel", "rows", "look"])
def test_takes_no_form_of_another_session(console: ConsoleHarness, what: str) -> None:
    """Nor one of another site, nor one of somebody without the right; and an id that is none is an answer."""
    job_id = held(console, "forms", f"FORM-{what}-1")
    console.sign_in(*OPERATOR, Scope.CODES_REVEAL)
    form = {"confirm": "forms"}

    assert console.client.post(f"/jobs/{job_id}/{what}", data={**form, "csrf": "0" * 64}).status_code == 403
    assert console.client.post(f"/jobs/{job_id}/{what}", data=form).status_code == 403
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    answer = console.post(f"/jobs/{job_id}/{what}", headers=elsewhere, confirm="forms")
    assert answer.status_code == 403
    assert console.post(f"/jobs/up_none/{what}", confirm="forms").status_code == 404
    assert console.hub.jobs.get(job_id).status == "paused"


def test_pages_what_is_long(console: ConsoleHarness) -> None:
    """Any page that is asked for is one that there is, whatever the address says."""
    console.sign_in(*OPERATOR)
    for number in range(27):
        held(console, f"many {number}", f"MANY-{number:04}")

    first = console.client.get("/jobs?status=paused").text
    second = console.client.get("/jobs?status=paused&page=2").text
    assert "many 26" in first
    assert "many 0" not in first
    assert "many 0" in second
    for odd in ("0", "-1", "x", "9" * 30, "<script>"):
        answer = console.client.get(f"/jobs?page={odd}&status={odd}")
        assert answer.status_code == 200
        assert "<script>" not in answer.text.replace('<script src="', "")
