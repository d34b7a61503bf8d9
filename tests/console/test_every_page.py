"""Every page at three widths, light and dark, and enlarged: one walk over all of them, to which new pages are added."""

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import expect

from couponhub.migration.proofs import written_down
from couponhub.state import Scope
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness
from tests.console.test_jobs import held, list_of
from tests.console.test_migrations_page import planned, proof_of

PAGES = (
    "/",
    "/lists?status=all",
    "/lists/new",
    "/jobs",
    "/uploads/new?connection=capillary",
    "/connections",
    "/audit",
    "/access",
    "/requests",
    "/nowhere",
)
"""Those that need nothing else to be there. A page of your own belongs here: a second for each, no variants."""
WIDTHS = (360, 640, 1280, 3840)
"""A telephone, a desk at 200 %, a desk, and the largest screens: as of the style sheet."""


def pages_with_state(console: ConsoleHarness, folder: Path) -> Iterator[str]:
    """Make what further pages show, and give their addresses."""
    one = f"/lists/capillary/{list_of(console.hub)}"
    yield from (one, f"{one}/change")
    job = held(console, "A name that is long enough to stand in the way on a telephone " * 2, "EVERY-0001")
    yield from (f"/jobs/{job}", f"/jobs/{job}/cancel", f"/jobs/{job}/parts/1", f"/uploads/{job}/check")
    plan = planned(console, folder)
    written_down(proof_of(plan, balanced=False, names="CODE-OF-A-CUSTOMER"), console.hub.state.migration_log)
    yield from (f"/migrations/{plan.id}", f"/migrations/{plan.id}/proof", f"/migrations/{plan.id}/cutover")


def test_every_page_can_be_read_everywhere(console: ConsoleHarness, visitor: Visitor, tmp_path: Path) -> None:
    """Nothing stands out of any window, light and dark have contrast, and axe finds nothing."""
    visitor.sign_in(console.token(*Scope))
    for path in (*PAGES, *pages_with_state(console, tmp_path)):
        visitor.go(path)
        _require_readable(visitor, path)
        visitor.odd = [one for one in visitor.odd if "404 (" not in one]  # what the browser says of /nowhere
    visitor.go("/")
    visitor.page.get_by_label("Mobile, e-mail").fill("919876543210")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("#said")).to_be_visible()
    visitor.page.get_by_role("button", name="Why?").click()
    expect(visitor.page.locator("#why h3").first).to_be_visible()
    _require_readable(visitor, "an answer")


def _require_readable(visitor: Visitor, what: str) -> None:
    page = visitor.page
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="dark")
    visitor.require_accessible()
    page.emulate_media(color_scheme="light")
    visitor.require_accessible("color-contrast")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert [] == visitor.too_wide(), f"{what} at {width} px"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{what} at {width} px"
