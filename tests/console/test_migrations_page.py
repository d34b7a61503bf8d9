"""The page of a migration: how it stands, what steers it, and what a comparison proves."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from couponhub.models import MigrationPlan
from couponhub.state import Scope
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness
from tests.console.test_jobs import OPERATOR, XSS, list_of
from tests.kit.eventually import eventually


@pytest.fixture
def plan(console: ConsoleHarness, tmp_path: Path) -> MigrationPlan:
    """A migration that is written down, and of which nothing was done yet."""
    hub, file = console.hub, tmp_path / "codes.csv"
    stem = tmp_path.name[-12:].upper().replace("_", "-")
    file.write_text("code\n" + "".join(f"M{stem}-{n}\n" for n in range(6)), encoding="utf-8")
    hub["capillary"].uploads.send(list_of(hub), file, wait=True, timeout=60)
    made = hub.migrations.plan(
        *("capillary", list_of(hub), "moengage", file),
        create=True,
        changes={"created_by": "tests", "name": f"Winter {stem}", "label": f"L{stem}"},
        reason=XSS,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hub.migrations, "_drive", lambda *_: None)  # as a process that ended right then
        hub.migrations.apply(made, made.digest)
    return made


def test_is_steered_and_proven_on_its_page(
    console: ConsoleHarness, visitor: Visitor, plan: MigrationPlan
) -> None:
    """Paused, throttled, resumed and compared by keyboard; the equation is a picture with a table; nothing of it runs."""
    visitor.sign_in(console.token(*OPERATOR))
    page = visitor.page
    visitor.go(f"/jobs/{plan.id}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Migration from capillary to moengage")
    expect(page.get_by_role("img", name="all ")).to_be_visible()
    expect(page.locator("main")).to_contain_text(XSS)
    page.get_by_role("button", name="Pause").press("Enter")
    expect(page.locator("[data-told]")).to_contain_text("paused")
    page.get_by_label("Files a minute, at most").fill("7")
    page.keyboard.press("Enter")
    expect(page.locator("#migration")).to_contain_text("at most 7 files a minute")
    visitor.require_accessible()
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark")
    assert [] == visitor.too_wide()
    visitor.require_accessible()

    page.get_by_role("button", name="Resume").press("Enter")
    expect(page.locator("[data-told]")).to_contain_text("All codes were handed over", timeout=30_000)
    page.get_by_role("button", name="Compare with the target now").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("The proof")
    visitor.require_accessible()
    page.get_by_role("link", name="Back to the migration").press("Enter")
    expect(page.locator(".checklist")).to_contain_text("Done: the target was compared with the plan")
    visitor.require_accessible()


def test_is_cancelled_by_its_name_alone(console: ConsoleHarness, plan: MigrationPlan) -> None:
    """Nothing is sent then; forms of others, odd throttles and odd ids are refused."""
    console.sign_in(*OPERATOR)
    where = f"/migrations/{plan.id}"
    assert console.client.post(f"{where}/throttle", data={"per_minute": "1"}).status_code == 403
    assert console.client.post(f"{where}/verify", data={"csrf": "0"}).status_code == 403
    assert console.post(f"{where}/throttle", per_minute="-1").status_code == 400
    assert console.client.get("/migrations/plan.json").status_code == 404
    assert console.client.get("/migrations/%2Fetc%2Fpasswd").status_code == 404

    assert "Nothing was done" in console.post(f"/jobs/{plan.id}/cancel", confirm="another").text
    assert console.post(f"/jobs/{plan.id}/cancel", confirm=plan.id).status_code == 303
    eventually(lambda: console.hub.jobs.get(plan.id).status == "cancelled", "its end")
    assert "Cancelled" in console.client.get(where).text
    console.post("/sign-out")
    console.sign_in(Scope.LOOKUP, Scope.LISTS_READ)
    assert console.post(f"{where}/throttle", per_minute="1").status_code == 403
    assert 'id="throttle"' not in console.client.get(where).text
