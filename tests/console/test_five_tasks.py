"""The five tasks of the guide, done at a browser against `couponhub demo --console`, which ends and leaves nothing behind."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

import attrs
import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from couponhub.testing import Control
from tests.console.browser import Visitor
from tests.console.pictures import FOLDER, HEIGHT, LARGEST_BYTES, WIDTH, Pictures
from tests.kit.eventually import eventually
from tests.kit.processes import Command, started

GUIDE = FOLDER / "console.md"
README = FOLDER.parents[1] / "README.md"
CUSTOMER = "919876543210"
_LINE = re.compile(r"^([^\n:]+): +(http://\S+)$", re.MULTILINE)
_CODE = re.compile(r"^[A-Z]+-[A-Z]?\d+$")


@attrs.frozen
class Demo:
    """The demo while it runs.

    Attributes:
        addresses: That it has printed, by the words before them.
        temporary: Where its files lie.
    """

    command: Command
    addresses: dict[str, str]
    temporary: Path

    @property
    def capillary(self) -> Control:
        """The hands behind the emulated vendor."""
        return Control(self.addresses["capillary"].removesuffix("/_emulator/"), "capillary")

    @classmethod
    @contextmanager
    def begun(cls, folder: Path) -> Iterator["Demo"]:
        """Begin it, and wait until it has said all; whatever happens in the block, its server ends with it."""
        work, temporary = folder / "work", folder / "temporary"
        work.mkdir()
        temporary.mkdir()
        environment = {**os.environ, "TMPDIR": str(temporary)}
        words = ("demo", "--console", "--port", "0")
        command = started(*words, folder=work, environment=environment, has_children=True)
        with command:
            eventually(lambda: "moengage:" in command.out or not command.is_running, "the addresses")
            assert command.is_running, command.ended().stderr
            try:
                yield cls(command, dict(_LINE.findall(command.out)), temporary)
            finally:
                if command.is_running:
                    with suppress(ProcessLookupError):  # it ends by itself just now
                        command.send(signal.SIGTERM)
                    command.ended()

    @contextmanager
    def visited(self, chromium: Chromium, who: str) -> Iterator[Visitor]:
        """Somebody who has opened the printed address, and was signed in by it."""
        link = next(address for told, address in self.addresses.items() if who in told)
        with chromium.new_context(
            viewport={"width": WIDTH, "height": HEIGHT},
            locale="en-GB",
            timezone_id="UTC",
            accept_downloads=True,
        ) as context:
            address = link.partition("/#")[0]
            visitor = Visitor(context.new_page(), address)
            visitor.page.goto(link)
            expect(visitor.page.get_by_role("button", name="Sign out")).to_be_visible()
            assert "token" not in visitor.page.url
            yield visitor
            visitor.require_nothing_odd()


@pytest.mark.timeout(240)  # a demo, three people at a browser, and a machine that may be busy
def test_five_tasks(tmp_path: Path, chromium: Chromium) -> None:
    """Each is done as the guide says, by whoever has the rights for it; then Ctrl-C ends the demo with one line."""
    pictures = Pictures()
    with Demo.begun(tmp_path) as demo:
        _signs_in_without_a_browser(demo)
        with demo.visited(chromium, "support desk") as desk:
            _which_coupons(desk.page, pictures)
            demo.capillary.fail("GET *customer*", "drop_before")
            _what_may_be_said(desk.page, pictures)
            demo.capillary.set_faults()
        with demo.visited(chromium, "campaign manager") as campaigns:
            _which_list_runs_out(campaigns, pictures)
            _send_codes(campaigns, pictures)
        with demo.visited(chromium, "operator") as operator:
            _what_went_wrong(operator, pictures)
        demo.command.send(signal.SIGINT)
        ended = demo.command.ended()
    assert (130, "couponhub: interrupted\n") == (ended.returncode, ended.stderr)
    assert [] == list(demo.temporary.iterdir())
    assert re.findall(r"\((console-[\w-]+\.png)\)", GUIDE.read_text(encoding="utf-8")) == pictures.names
    assert pictures.names[0] in README.read_text(encoding="utf-8")
    for name in pictures.names:
        assert 1000 < (FOLDER / name).stat().st_size < LARGEST_BYTES, f"make pictures: {name}"


def _signs_in_without_a_browser(demo: Demo) -> None:
    """Prove that the token behind the # opens the door, and what comes of it the first page."""
    address, _, token = demo.addresses["everything, as an operator"].partition("/#token=")
    door = HTTPConnection(address.removeprefix("http://"), timeout=30)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    door.request("POST", "/sign-in", f"token={token}", kind)
    answer = door.getresponse()
    answer.read()
    assert 303 == answer.status
    door.request("GET", "/", headers={"Cookie": answer.headers["Set-Cookie"].partition(";")[0]})
    assert b"Sign out" in door.getresponse().read()
    door.close()


def _which_coupons(page: Page, pictures: Pictures) -> None:
    page.get_by_label("Mobile, e-mail address or customer number").fill(CUSTOMER)
    page.keyboard.press("Enter")
    expect(page.locator("#answer")).to_contain_text("Complete. This customer holds")
    expect(page.locator("#said")).to_contain_text(
        "handed out after its last usage report nothing is known here"
    )
    expect(page.locator("main")).to_contain_text("India, +91 98765 43210")
    card = page.get_by_role("article").first
    card.get_by_role("button", name="Show").click()
    expect(card.locator("code.shown")).to_have_text(_CODE)
    pictures.take(page, "console-coupons.png")


def _what_may_be_said(page: Page, pictures: Pictures) -> None:
    page.get_by_label("Mobile, e-mail address or customer number").fill("919876543211")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Not complete")
    pictures.take(page, "console-not-complete.png")


def _which_list_runs_out(visitor: Visitor, pictures: Pictures) -> None:
    page = visitor.page
    page.get_by_role("link", name="Lists and stock").click()
    page.get_by_label("Order").select_option("runs_out")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("row", name="Advent calendar")).to_contain_text("between")
    pictures.take(page, "console-stock.png")
    page.get_by_role("link", name="Advent calendar").click()
    expect(page.locator("#stock-history")).to_contain_text("Codes a day: 20")


def _send_codes(visitor: Visitor, pictures: Pictures) -> None:
    page = visitor.page
    page.get_by_role("link", name="New upload").click()
    codes = "code\nADVENT-0001\nADVENT-0002\nADVENT-0003\nADVENT-0002\n"
    page.locator("#file").set_input_files(
        {"name": "more.csv", "mimeType": "text/csv", "buffer": codes.encode()}
    )
    page.get_by_role("button", name="Check the file").click()
    page.wait_for_url("**/check")
    expect(page.locator("main")).to_contain_text("Nothing has been sent yet")
    pictures.take(page, "console-check.png")
    page.locator("#confirm").fill("Advent calendar")
    page.get_by_role("button", name=re.compile("^Send")).click()
    expect(page.get_by_role("heading", name="Upload: more.csv")).to_be_visible()


def _what_went_wrong(visitor: Visitor, pictures: Pictures) -> None:
    page = visitor.page
    page.get_by_role("link", name="Connections").click()
    page.get_by_role("button", name="Check capillary").click()
    expect(page.get_by_role("status").first).to_contain_text("It works.")
    page.get_by_role("link", name="See them").click()
    expect(page.locator("main")).to_contain_text("given up")
    pictures.take(page, "console-requests.png")
    page.get_by_role("link", name="Uploads and migrations").click()
    # The demo looks at the vendor once a minute.
    expect(page.get_by_role("row", name="vip.csv")).to_contain_text("Refused: 2", timeout=150_000)
    page.get_by_role("link", name="flash-sale.csv").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    page.get_by_role("link", name="Who did what").click()
    for who, did in (("desk", "code"), ("campaigns", "sent"), ("operator", "Paused")):
        expect(page.get_by_role("row", name=who).filter(has_text=did).first).to_be_visible()
