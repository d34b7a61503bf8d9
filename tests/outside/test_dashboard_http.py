"""The pages of emulated vendors without a browser: who gets them, who may change what, and what is kept of a call."""

import io
import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from couponhub_cornershop.emulator import CornerShopEmulator
from werkzeug.test import Client, EnvironBuilder, TestResponse
from werkzeug.wrappers import Request, Response

from couponhub.cli.commands import emulate
from couponhub.cli.options import GlobalOptions
from couponhub.console.texts import all_texts
from couponhub.dashboard import opening
from couponhub.dashboard.fault_pages import FaultPages
from couponhub.dashboard.opening import Dashboard
from couponhub.testing import EmulatorContext
from couponhub.testing.emulation.app import EmulatorApp
from couponhub.testing.emulation.faults import FAULTS
from couponhub.testing.emulation.recorder import RequestRecorder
from couponhub.testing.emulation.vendor import ShowsTables

XSS = "<img src=x onerror=alert(1)>\"'{{7*7}}"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
HOST = "127.0.0.1:8800"


@attrs.frozen
class Emulated:
    """Corner shop, a stranger's vendor, with pages and without, asked without a socket."""

    app: EmulatorApp
    client: Client

    def get(self, path: str, **headers: str) -> TestResponse:
        """Ask for a page of the dashboard, as a browser does."""
        return self.client.get(f"/_emulator{path}", headers={**BROWSER, **headers}, base_url=f"http://{HOST}")

    def post(self, path: str, headers: Mapping[str, str] | None = None, /, **form: str) -> TestResponse:
        """Send a form of the dashboard's."""
        given = {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin", **(headers or {})}
        return self.client.post(f"/_emulator{path}", data=form, headers=given, base_url=f"http://{HOST}")


def emulated(*, pages: bool = True) -> Emulated:
    """Corner shop with the demo and a list whose name is markup."""
    world = EmulatorContext()
    vendor = CornerShopEmulator(world)
    vendor.seed_demo()
    vendor.seed({"lists": [{"name": XSS, "codes": ["ODD-1"]}]})
    app = EmulatorApp([vendor], world, pages=Dashboard if pages else None)
    return Emulated(app, Client(app))


def answers(shop: Emulated, headers: Mapping[str, str]) -> list[Any]:
    """What the control API answers a program, but for instants."""
    call = {"X-Shop-Key": "wrong", "User-Agent": "program"}
    shop.client.get("/cornershop/api/1/lists", headers=call, base_url=f"http://{HOST}")
    found = []
    for path in ("/", "/options", "/faults", "/requests", "/mails", "/cornershop/lists/1/codes", "/none"):
        answer = shop.client.get(f"/_emulator{path}", headers=headers, base_url=f"http://{HOST}")
        assert "application/json" == answer.mimetype
        decoded = json.loads(answer.text)
        for item in decoded.get("items", ()):
            item.pop("at", None)
        found.append((answer.status_code, decoded))
    return found


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/json, text/html;q=0.9"])
def test_programs_are_answered_as_without_pages(accept: str | None) -> None:
    """With pages attached the control API says the same, to the last key, whatever a program accepts."""
    headers = {} if accept is None else {"Accept": accept}
    assert answers(emulated(pages=False), headers) == answers(emulated(), headers)


def test_a_browser_gets_pages_with_their_guards() -> None:
    """HTML only for who likes it more, under the console's policy, kept by nobody; a stranger's tables stand there, escaped."""
    shop = emulated()
    for path in ("/", "/-/", "/-/vendors/cornershop", "/-/vendors/cornershop/lists", "/-/none"):
        answer = shop.get(path)
        assert (404 if path == "/-/none" else 200) == answer.status_code, answer.text
        assert "text/html" == answer.mimetype
        assert "default-src 'none'; script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert ("no-store", "nosniff", "DENY") == tuple(
            answer.headers[name] for name in ("Cache-Control", "X-Content-Type-Options", "X-Frame-Options")
        )
        assert "<img src=x" not in answer.text
        assert "style=" not in answer.text.replace("defaultSwapStyle=", "")
    page = shop.get("/-/vendors/cornershop/lists").text
    assert "&lt;img src=x onerror=alert(1)&gt;&#34;&#39;{{7*7}}" in page
    assert "Penny sweets" in page
    found = shop.get("/-/vendors/cornershop/codes?find=sweet-3").text
    assert "One row." in found
    assert "a.buyer@example.com" in found
    assert "It stands in no row." in shop.get(f"/-/vendors/cornershop/codes?find={'%00' * 9}").text
    assert "Penny sweets" in shop.get("/-/vendors/cornershop/lists?page=99999999").text
    for path in (
        "/-/vendors/nobody",
        "/-/vendors/cornershop/none",
        "/-/requests/7",
        "/-/mails/0",
        "/-/clock/set",
    ):
        assert shop.get(path).status_code in {404, 405}
    assert isinstance(shop.app.vendors["cornershop"], ShowsTables)


CHANGES = ("/-/clock/advance", "/-/clock/set", "/-/clock/real", "/-/reset", "/-/faults", "/-/faults/ready", "/-/faults/off", "/-/faults/none", "/-/vendors/cornershop/-/options")  # fmt: skip
FOREIGN: list[tuple[dict[str, str], int]] = [
    ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "http://127.0.0.1:8801"}, 403),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Host": "evil.example:8800"}, 421),
]


@pytest.mark.parametrize(("headers", "status"), FOREIGN)
def test_no_other_site_changes_anything(headers: dict[str, str], status: int) -> None:
    """Every form is refused to a page of another site, and to one whose name was bent to this machine."""
    shop = emulated()
    for path in CHANGES:
        answer = shop.post(path, headers, step="3600", sure="yes", ready="outage", fault="drop_before")
        assert status == answer.status_code, path
    assert not shop.app.world.clock.ahead
    assert () == shop.app.faults.standing()
    assert 2 == shop.app.vendors["cornershop"].tables()[0].count  # type: ignore[attr-defined]
    assert 303 == shop.post("/-/faults/ready", ready="outage").status_code
    assert 421 == shop.get("/", Host="evil.example:8800").status_code


@pytest.mark.parametrize(
    ("path", "form", "said"),
    [
        ("/-/clock/advance", {"step": "0"}, "step must be a whole number from 1"),
        ("/-/clock/advance", {"amount": "9" * 400, "unit": "days"}, "amount must be a whole number"),
        ("/-/clock/advance", {"amount": "1", "unit": "years"}, "unit must be one of minutes, hours, days"),
        ("/-/clock/set", {"now": "tomorrow"}, "such as 2030-01-31T10:00"),
        ("/-/clock/set", {"now": "9999-01-01T00:00"}, "years from 1971 to 8999"),
        ("/-/reset", {}, "say that everything may be forgotten"),
        ("/-/faults", {"fault": "none"}, "fault.fault must be one of status"),
        ("/-/faults", {"fault": "status", "value": "nan"}, "HTTP status from 200 to 599"),
        ("/-/faults", {"fault": "drop_before", "path": XSS}, "fault.match must be a METHOD"),
        ("/-/faults", {"fault": "drop_before", "vendor": XSS}, "fault.vendor must be one of"),
        ("/-/faults/ready", {"ready": XSS}, "ready must be one of outage"),
        ("/-/vendors/cornershop/-/options", {"option": XSS, "value": "1"}, "has no option"),
    ],
)
def test_what_cannot_be_is_said(path: str, form: dict[str, str], said: str) -> None:
    """A field that makes no sense changes nothing, and the same page says in words what it takes."""
    shop = emulated()
    answer = shop.post(path, None, **form)
    assert 400 == answer.status_code
    assert said in answer.text
    assert XSS not in answer.text
    assert () == shop.app.faults.standing()
    assert not shop.app.world.clock.ahead


def test_the_clock_ends_where_calendars_do() -> None:
    """Steps that add up past the last year are refused in words."""
    shop = emulated()
    shop.post("/-/clock/set", now="8999-12-31T00:00:00")
    answer = shop.post("/-/clock/advance", amount="999999", unit="days")
    assert (400, True) == (answer.status_code, "years from 1971 to 8999" in answer.text)


def test_every_fault_has_its_words() -> None:
    """Each kind of the kit, and each that one button switches on, is named and said in every language's words."""
    shop = emulated()
    page = shop.get("/-/faults").text
    texts = all_texts()["en"]
    for words in all_texts().values():
        for kind in FAULTS:
            assert words.has(f"emulator.faults.kind.{kind}")
            assert words.has(f"emulator.faults.meaning.{kind}")
    assert "Was schiefgehen kann" in shop.get("/-/faults", **{"Accept-Language": "de"}).text
    ready = [key.rpartition(".")[2] for key in texts.words if key.startswith("emulator.faults.ready.")]
    for name in ready:
        assert 303 == shop.post("/-/faults/ready", ready=name, vendor="cornershop").status_code
        assert f'value="{name}"' in page
    standing = shop.app.faults.standing()
    assert len(ready) == len(standing)
    shop.post("/-/faults/off", number=str(standing[0].number))
    assert standing[1:]
    assert len(standing) - 1 == len(shop.app.faults.standing())
    assert {route.method for route in FaultPages(shop.app).routes()} == {"GET", "POST"}


def test_bodies_are_kept_without_their_secrets() -> None:
    """What a vendor reads, it reads whole; the beginning is kept with secrets masked, of the last calls alone."""
    recorder = RequestRecorder(bodies=2)
    content = b"code\n" + b"C-1\n" * 10_000
    form = {"secret": "s3cret", "file": (io.BytesIO(content), "codes.csv")}
    bodies: list[dict[str, Any]] = [
        {"data": form},
        {"json": {"client_secret": 's3"cret', "name": XSS, "keys": {"apiKey": "s3cret"}}},
        {"data": {"name": "x", "access_token": "s3cret"}},
    ]
    seen = []
    for body in bodies:
        request = Request(EnvironBuilder(method="POST", **body).get_environ())
        recorded = recorder.record(request, vendor="acme", at=datetime.now(UTC))
        if "file" in request.files:
            assert content == request.files["file"].read()
            assert recorded.asked is not None
            assert not recorded.asked.is_whole
            assert 16 * 1024 == len(recorded.asked.beginning)
        request.close()
        recorder.note_answer(recorded, request, Response(json.dumps({"accessToken": "s3cret", "ok": True})))
        assert recorded.asked is not None
        assert request.content_length == recorded.asked.size  # also what the vendor left unread
        seen.append(recorded)
    assert seen[0].asked is None
    assert seen[0].answered is None
    texts = [body.text() for one in seen[1:] for body in (one.asked, one.answered) if body is not None]
    assert 4 == len(texts)
    assert "s3" not in "".join(texts)
    assert '{"client_secret": "***", "name": ' in texts[0]
    assert json.loads(texts[0])["name"] == XSS
    assert "name=x&access_token=***" == texts[2]


def test_without_the_extra_its_name_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says what to install; with it, the line says what is there."""
    assert opening.is_installed()
    monkeypatch.setattr(opening, "_NEEDED", ("jinja2", "no_such_module"))
    assert not opening.is_installed()
    emulate._announce(GlobalOptions(), "http://127.0.0.1:8800", [], has_pages=False)
    assert "pip install 'couponhub[console]'" in capsys.readouterr().out
    emulate._announce(GlobalOptions(), "http://127.0.0.1:8800", [], has_pages=True)
    told = capsys.readouterr().out
    assert "http://127.0.0.1:8800/_emulator/" in told
    assert "browser" in told
    assert "pip install" not in told
    # Without it a browser is answered as a program is.
    assert "application/json" == emulated(pages=False).get("/").mimetype


def test_nothing_of_the_pages_is_loaded_for_programs() -> None:
    """Emulators that no browser looks at load neither templates nor the console."""
    program = (
        "import sys, couponhub.cli.commands.emulate\n"
        "from couponhub.dashboard.opening import Dashboard\n"
        "from couponhub.testing.emulation.app import EmulatorApp\n"
        "from couponhub.testing.emulation.context import EmulatorContext\n"
        "from werkzeug.test import Client\n"
        "app = EmulatorApp([], EmulatorContext(), pages=Dashboard)\n"
        "assert Client(app).get('/_emulator/').status_code == 200\n"
        "print([name for name in sys.modules if name.startswith(('jinja2', 'couponhub.console'))])\n"
    )
    done = subprocess.run(  # noqa: S603 - a program of ours
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "[]" == done.stdout.strip()


def test_moving_the_clock_is_relative_to_where_it_stands() -> None:
    """Two steps add up, and back to real time is real time."""
    shop = emulated()
    for _ in range(2):
        assert "/_emulator/?done=clock" == shop.post("/-/clock/advance", step="86400").headers["Location"]
    assert timedelta(days=2, minutes=-1) < shop.app.world.clock.ahead < timedelta(days=2, minutes=1)
    shop.post("/-/clock/real")
    assert not shop.app.world.clock.ahead
