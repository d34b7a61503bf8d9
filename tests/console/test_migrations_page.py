"""The page of a migration: how it stands, what steers it, and what a comparison proves."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import attrs
import pytest
from playwright.sync_api import expect

from couponhub.clock import utc_now
from couponhub.console.migration_tasks import LongTask, LongTasks
from couponhub.errors import LocalError, UsageError, VendorUnavailable
from couponhub.migration.proofs import written_down
from couponhub.models import (
    CodeClass,
    CodeDifference,
    Evidence,
    MigrationEquation,
    MigrationPlan,
    MigrationProof,
)
from couponhub.state import JobWish, Scope
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness
from tests.console.test_jobs import OPERATOR, XSS, list_of
from tests.kit.eventually import eventually

_NEVER = LongTask(began_at=utc_now())


@pytest.fixture
def plan(console: ConsoleHarness, tmp_path: Path) -> Iterator[MigrationPlan]:
    """A migration that is written down, and of which nothing was done yet."""
    hub, made = console.hub, planned(console, tmp_path)
    yield made
    if not hub.jobs.get(made.id).status.ended:  # nobody else drives it while the vendors' folder goes
        hub.jobs.cancel(made.id)
        eventually(lambda: hub.jobs.drive(made.id).status.ended, "its end")


def planned(console: ConsoleHarness, folder: Path) -> MigrationPlan:
    """Write a migration down, as a process does that ends right then."""
    hub, file = console.hub, folder / "codes.csv"
    stem = folder.name[-12:].upper().replace("_", "-")
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
    visitor.go("/jobs")
    page.get_by_role("link", name="Partner codes").press("Enter")
    title = "Migration from capillary to moengage: Partner codes"
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
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
    expect(page.locator("[data-told]")).to_contain_text("All codes were handed over", timeout=60_000)
    page.get_by_role("button", name="Compare with the target now").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("The proof")
    expect(page.locator("[data-told]")).to_contain_text("alanced: ", timeout=60_000)
    visitor.require_accessible()
    page.get_by_role("link", name="Back to the migration").press("Enter")
    expect(page.locator(".checklist")).to_contain_text("Done: the target was compared with the plan")
    visitor.require_accessible()

    written_down(proof_of(plan, balanced=True), console.hub.state.migration_log)
    page.get_by_role("link", name="Have lookups ask the target first").press("Enter")
    visitor.require_accessible()
    page.get_by_label("To confirm, type the name").fill("another")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was done")
    visitor.require_accessible()
    page.get_by_label("The way back stays open for").select_option("one day")
    page.get_by_label("To confirm, type the name").fill(str(plan.target.name))
    page.keyboard.press("Enter")
    expect(page.locator("[data-told]")).to_contain_text("Lookups ask the target first")
    ends_at = console.hub.migrations.status(plan.id).window_ends_at
    assert ends_at is not None
    assert timedelta(hours=23) < ends_at - utc_now() < timedelta(hours=25)
    page.get_by_role("link", name="Lead back").press("Enter")
    page.get_by_label("To confirm, type the name").fill(str(plan.target.name))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Handed out since the cut-over")).to_be_visible(timeout=60_000)
    expect(page.locator("[data-told]")).to_contain_text("Lookups ask as they did before")
    visitor.require_accessible()


def proof_of(plan: MigrationPlan, *, balanced: bool, names: str | None = None) -> MigrationProof:
    """A proof of three codes, of which it may name one."""
    moved = 3 if balanced else 0
    fates = dict.fromkeys(("issued_elsewhere", "redeemed", "expired", "rejected", "skipped"), 0)
    named = CodeDifference(
        code=names or "", code_class=CodeClass.MISSING, because=XSS, evidence=Evidence.ASKED
    )
    return MigrationProof(
        id=plan.id,
        at=utc_now(),
        balanced=balanced,
        classes={CodeClass.THERE if balanced else CodeClass.MISSING: 3},
        equation=MigrationEquation(all=3, moved=moved, unknown=3 - moved, **fates),
        differences=() if names is None else (named,),
    )


def test_a_comparison_holds_no_request(
    console: ConsoleHarness, plan: MigrationPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is answered at once, goes on by itself, once at a time, and what it found can be looked into, masked; so can its fault."""
    begun, goes_on, made = threading.Event(), threading.Event(), list[MigrationProof | Exception]()

    def verify(_: str, *, sample: int) -> MigrationProof:
        assert sample
        begun.set()
        assert goes_on.wait(30)
        if isinstance(made[-1], Exception):
            raise made[-1]
        return made[-1]

    monkeypatch.setattr(console.hub.migrations, "verify", verify)
    made.append(proof_of(plan, balanced=False, names="CODE-OF-A-CUSTOMER"))
    console.sign_in(*OPERATOR)
    where = f"/migrations/{plan.id}"
    for _ in range(2):
        assert console.post(f"{where}/verify").headers["Location"] == f"{where}/proof"
    assert begun.wait(30)
    assert "Being compared since" in console.client.get(where).text
    waiting = console.client.get(f"{where}/proof").text
    assert 'hx-trigger="every 2s"' in waiting
    assert 'id="verify"' not in waiting
    goes_on.set()
    eventually(lambda: "1 of 3" in console.client.get(f"{where}/proof").text, "its end")
    shown = console.client.get(f"{where}/proof").text
    assert "CODE-OF-A-CUSTOMER" not in shown
    assert XSS not in shown
    assert "missing" in shown

    made.append(VendorUnavailable("the target is away", hint="come back"))
    console.post(f"{where}/verify")
    eventually(lambda: "The comparison broke off" in console.client.get(f"{where}/proof").text, "its fault")
    assert "the target is away" in console.client.get(f"{where}/proof").text
    assert 'id="verify"' in console.client.get(f"{where}/proof").text


def test_a_proof_of_an_hour_ago_is_said_to_be_old(console: ConsoleHarness, plan: MigrationPlan) -> None:
    """Whoever decides reads that it has to be made anew, before the decision is refused."""
    console.sign_in(*OPERATOR)
    proof = proof_of(plan, balanced=True)
    for minutes, word in ((61, "Not yet"), (59, "Done")):
        old = attrs.evolve(proof, at=utc_now() - timedelta(minutes=minutes))
        written_down(old, console.hub.state.migration_log)
        assert f"{word}: the proof is no older" in console.client.get(f"/migrations/{plan.id}").text


def test_what_was_compared_elsewhere_since_is_shown(
    console: ConsoleHarness, plan: MigrationPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page of the proof tells the newest, wherever it was made, and not the last one of this process."""
    made = proof_of(plan, balanced=False)
    monkeypatch.setattr(console.hub.migrations, "verify", lambda *_, **__: made)
    console.sign_in(*OPERATOR)
    where = f"/migrations/{plan.id}"
    console.post(f"{where}/verify")
    eventually(lambda: "Not balanced" in console.client.get(f"{where}/proof").text, "its end")
    written_down(proof_of(plan, balanced=True), console.hub.state.migration_log)
    assert "Not balanced" not in console.client.get(f"{where}/proof").text


def test_few_comparisons_go_on_at_once_and_one_that_cannot_begin_blocks_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The third is refused with a hint; where the machine starts no thread, that is told, and it can be asked for again."""
    tasks, goes_on = LongTasks(), threading.Event()
    for name in ("a", "b", "a"):
        tasks.begin(name, "verify", lambda: goes_on.wait(30))
    with pytest.raises(UsageError, match="are being compared"):
        tasks.begin("c", "verify", lambda: None)
    goes_on.set()
    eventually(lambda: all((tasks.last(name, "verify") or _NEVER).ended_at for name in "ab"), "their end")

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        for _ in range(3):
            with pytest.raises(LocalError, match="no further thread"):
                tasks.begin("c", "verify", lambda: None)
    tasks.begin("c", "verify", lambda: 7)
    eventually(lambda: (tasks.last("c", "verify") or _NEVER).found, "its end")


def test_is_cancelled_by_its_name_alone(console: ConsoleHarness, plan: MigrationPlan) -> None:
    """Nothing is sent then; forms of others, odd throttles and odd ids are refused."""
    console.sign_in(*OPERATOR)
    where = f"/migrations/{plan.id}"
    assert console.client.post(f"{where}/throttle", data={"per_minute": "1"}).status_code == 403
    assert console.client.post(f"{where}/verify", data={"csrf": "0"}).status_code == 403
    assert console.post(f"{where}/throttle", per_minute="-1").status_code == 400
    assert console.client.get("/migrations/plan.json").status_code == 404
    for word in ("cutover", "rollback"):
        assert console.client.post(f"{where}/{word}", data={"confirm": "x"}).status_code == 403
        assert "Nothing was done" in console.post(f"{where}/{word}", confirm="another").text
    early = console.post(f"{where}/cutover", confirm=str(plan.target.name), window="7d")
    assert (400, True) == (early.status_code, "cannot be cut over" in early.text)
    assert console.post(f"{where}/cutover", confirm=str(plan.target.name), window="x").status_code == 400
    german = console.client.get(where, headers={"Accept-Language": "de"}).text
    assert 'aria-label="alle ' in german
    assert "codes in all" not in german
    assert console.client.get("/migrations/%2Fetc%2Fpasswd").status_code == 404

    assert "Nothing was done" in console.post(f"/jobs/{plan.id}/cancel", confirm="another").text
    assert console.post(f"/jobs/{plan.id}/cancel", confirm=plan.id).status_code == 303
    eventually(lambda: console.hub.jobs.get(plan.id).status == "cancelled", "its end")
    assert "Cancelled" in console.client.get(where).text
    console.post("/sign-out")
    console.sign_in(Scope.LOOKUP, Scope.LISTS_READ)
    assert console.post(f"{where}/throttle", per_minute="1").status_code == 403
    for word in ("cutover", "rollback"):
        assert console.client.get(f"{where}/{word}").status_code == 403
    assert 'id="throttle"' not in console.client.get(where).text


def test_a_wish_that_a_running_step_has_to_end_for_is_told(
    console: ConsoleHarness, plan: MigrationPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paused or cancelled while a file is on its way, the page says so, and offers no button that was just pressed."""
    console.sign_in(*OPERATOR)
    for wish, says, offers in (
        (JobWish.PAUSE, "It pauses as soon as", ("resume", "cancel")),
        (JobWish.CANCEL, "It was cancelled, and ends", ()),
    ):
        monkeypatch.setattr("couponhub.console.migration_pages.open_wish", lambda *_, wish=wish: wish)
        text = console.client.get(f"/migrations/{plan.id}").text
        assert says in text
        assert set(offers) == {one for one in ("pause", "resume", "cancel") if f'id="{one}"' in text}


def test_what_is_past_is_not_told_as_if_it_were_now(
    console: ConsoleHarness, plan: MigrationPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Led back twice by one form, the counts stay; cut over again, or compared elsewhere, the old outcome is gone."""
    hub, where, name = console.hub, f"/migrations/{plan.id}", str(plan.target.name)
    hub.jobs.proceed(plan.id)
    console.app.api.ground.driving.wake()  # type: ignore[attr-defined]
    eventually(lambda: hub.jobs.get(plan.id).status == "done", "its end")
    monkeypatch.setattr("couponhub.console.migration_pages.MigrationPages._asks", lambda *_: True)
    written_down(proof_of(plan, balanced=True), hub.state.migration_log)
    console.sign_in(*OPERATOR)

    def page() -> str:
        return console.client.get(where).text

    assert console.post(f"{where}/cutover", confirm=name).status_code == 303
    assert console.post(f"{where}/rollback", confirm=name).status_code == 303
    eventually(lambda: "Handed out since the cut-over" in page(), "the counts")
    assert console.post(f"{where}/rollback", confirm=name).status_code == 303
    assert "Handed out since the cut-over" in page()
    assert "cannot be led back" not in page()
    written_down(proof_of(plan, balanced=True), hub.state.migration_log)
    assert console.post(f"{where}/cutover", confirm=name).status_code == 303
    assert "Lookups ask the target first" in page()
    assert "Handed out since the cut-over" not in page()

    def breaks(*_: object, **__: object) -> MigrationProof:
        raise VendorUnavailable("the target is away", hint="come back")

    monkeypatch.setattr(hub.migrations, "verify", breaks)
    console.post(f"{where}/verify")
    eventually(lambda: "The comparison broke off" in page(), "its fault")
    written_down(proof_of(plan, balanced=True), hub.state.migration_log)
    for path in (where, f"{where}/proof"):
        assert "The comparison broke off" not in console.client.get(path).text
