"""Requests that no page of ours makes: odd addresses, odd forms, fields without end. Each is answered, and none is a fault of ours."""

import io
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from couponhub.console.asked_customer import read_customer
from couponhub.errors import LocalError, UsageError
from couponhub.state import Scope
from tests.console.harness import ConsoleHarness
from tests.console.test_jobs import held

ODD = (
    "%00",
    "%ff",
    "%ed%a0%80",
    "..%2f..%2fetc%2fpasswd",
    "a%0d%0aSet-Cookie:%20x=1",
    "%e2%80%ae",
    "x" * 3000,
    "%7B%7B7*7%7D%7D",
)
PLACES = (
    "/{}",
    "//{}",
    "/static/{}",
    "/jobs/{}",
    "/jobs?page={}&status={}",
    "/uploads/{}/check",
    "/uploads/new?connection={}&list={}&again={}",
    "/migrations/{}",
    "/lists/{}/x",
    "/lists/capillary/{}",
    "/lists/capillary/{}/usage-{}.csv",
    "/lists?connection={}&page={}",
    "/connections/{}",
    "/audit?who={}&connection={}&before={}",
    "/audit.csv?who={}",
    "/access/{}/remove",
    "/requests/{}",
    "/requests?before={}&operation={}",
    "/sign-in?to={}",
    "/?page={}&" + "a=1&" * 5000,
)
ELSEWHERE = (
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "https://evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "/%0d%0aLocation:%20https://evil.example",
    "/\r\nLocation: https://evil.example",
    "/%2f%2fevil.example",
    "/%5cevil.example",
    "/./\\evil.example",
    "@evil.example",
    " //evil.example",
    "\0//evil.example",
    "/\N{FULLWIDTH SOLIDUS}evil.example",
    "/" + "x" * 2000,
)


def test_no_address_breaks_a_page(console: ConsoleHarness, caplog: pytest.LogCaptureFixture) -> None:
    """Each part of each address, and what stands behind it, may be anything: it is not found, or refused, and is in no header."""
    console.sign_in(*Scope)
    caplog.set_level(logging.ERROR)
    for place in PLACES:
        for odd in ODD:
            answer = console.client.get(place.replace("{}", odd))
            assert answer.status_code in {200, 303, 400, 404, 501}, (place, odd)
            assert "x=1" not in answer.headers.get("Set-Cookie", "")
            assert "root:" not in answer.text
    assert console.client.get("/audit?until=9999-12-31&since=0001-01-01").status_code == 200
    assert [] == caplog.records


def test_no_form_breaks_a_page(console: ConsoleHarness, caplog: pytest.LogCaptureFixture) -> None:
    """Fields without end, fields that come twice, bodies that are none, a language that is long: nothing is a fault, and nobody waits."""
    console.sign_in(*Scope)
    caplog.set_level(logging.ERROR)
    form, word = "application/x-www-form-urlencoded", f"csrf={console.csrf}"
    for body, kind, status in (
        (f"{word}&{'&'.join(f'f{at}=' for at in range(9000))}&customer=x", form, 200),
        (f"{word}&" + "x" * 70_000, form, 413),
        (f"{word}&customer={'1' * 60_000}x", form, 400),
        (f"{word}&customer={'a' * 300}@example.com", form, 400),
        (f"{word}&customer=%00&kind=mobile", form, 400),
        (f"csrf=0&{word}&customer=x", form, 200),
        (f"{word}&csrf=0&customer=x", form, 403),
        ("\udcff", form, 403),
        (f'{{"csrf": "{console.csrf}"}}', "application/json", 415),
        (word, "text/plain", 415),
        ("--x\r\n" * 2000, "multipart/form-data; boundary=x", 415),
    ):
        answer = console.client.post("/", data=body.encode("utf-8", "replace"), content_type=kind)
        assert status == answer.status_code, body[:60]
    parts = "".join(f'--x\r\nContent-Disposition: form-data; name="f{at}"\r\n\r\n1\r\n' for at in range(200))
    for body, kind in (
        (f"{parts}--x--\r\n", "multipart/form-data; boundary=x"),
        ("--x\r\n" + "A: b\r\n" * 9000, "multipart/form-data; boundary=x"),
        ("", "multipart/form-data; boundary=x"),
        ("x", "multipart/form-data"),
        ("--\r\n", "multipart/form-data; boundary=" + "x" * 9000),
    ):
        answer = console.client.post(
            "/uploads/new", data=body, content_type=kind, headers={"X-CSRF": console.csrf}
        )
        assert answer.status_code < 500, body[:60]
        assert [] == list(console.hub.jobs.iterate())
    for language in ("de;q=nan," * 4000, "x" * 60_000, "\xe9\x00", "de;q=1e999", "*;q=0"):
        assert console.client.get("/", headers={"Accept-Language": language}).status_code == 200
    assert [] == caplog.records


def test_a_full_disk_is_told_as_one(
    console: ConsoleHarness, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that finds no room begins no upload; the log says where room is wanted, the page nothing of this machine."""
    console.sign_in(*Scope)
    monkeypatch.setattr(Path, "open", lambda *_: open("/dev/full", "w+b"))  # noqa: SIM115, PTH123 - whoever asks closes it
    file = (io.BytesIO(b"code\n" + b"A-1\n" * 5000), "codes.csv")
    answer = console.client.post("/uploads/new", data={"csrf": console.csrf, "file": file})
    assert "something on the server" in answer.text
    assert "/tmp" not in answer.text  # noqa: S108 - no file
    assert ["found no room" in one.getMessage() for one in caplog.records] == [True]


def test_a_customer_is_no_longer_than_identifiers_are() -> None:
    """What is long is refused before anything is looked for in it, and told without being quoted."""
    with pytest.raises(UsageError, match="at most 256 characters") as caught:
        read_customer({"customer": "1" * 60_000 + "x"})
    assert "111" not in str(caught.value)


@pytest.mark.parametrize("to", ELSEWHERE)
def test_nobody_is_led_elsewhere(console: ConsoleHarness, to: str) -> None:
    """Signing in leads on within this console alone, with a session and without one, also after one that ended."""
    token = console.token(Scope.LOOKUP)
    door = console.client.get("/sign-in", query_string={"to": to})
    assert 'value="/"' in door.text or urlsplit(urljoin("http://console/", to)).netloc == "console"
    for _ in range(2):  # the second time with a session
        answer = console.client.post("/sign-in", data={"token": token, "to": to})
        _require_here(answer.headers["Location"])
    _require_here(console.client.get("/sign-in", query_string={"to": to}).headers["Location"])
    again = console.client.post("/sign-in/again", data={"path": to, "token": token})
    assert again.status_code in {404, 200}
    assert again.status_code == 404 or "evil" not in again.text


def _require_here(location: str) -> None:
    assert location.startswith("/")
    assert "\r" not in location
    assert "\n" not in location
    for base in ("http://console/", "https://console/sign-in?to=x"):
        assert "console" == urlsplit(urljoin(base, location.replace("\\", "/"))).netloc


def test_pages_go_on_while_the_store_is_away(
    console: ConsoleHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is signed in stays so and looks customers up; what needs the store says so in one line, and is no fault of ours."""
    job = held(console, "away", "AWAY-0001")
    console.sign_in(*Scope)

    @contextmanager
    def away(*_: object) -> Iterator[None]:
        raise LocalError("the disk is gone: /secret/place")
        yield

    database = type(console.hub.state.database)  # type: ignore[attr-defined] # it is SQLite's
    with monkeypatch.context() as patched:
        patched.setattr(database, "reading", away)
        patched.setattr(database, "transaction", away)
        found = console.post("/", customer="919876543210")
        assert found.status_code == 200
        assert "***" in found.text
        for path in (
            "/",
            "/lists",
            "/jobs",
            f"/jobs/{job}",
            f"/uploads/{job}/check",
            "/connections",
            "/audit",
            "/audit.csv",
            "/access",
            "/requests",
            "/uploads/new",
            "/docs",
        ):
            answer = console.client.get(path)
            assert answer.status_code in {200, 400, 500, 503}, path
            assert "a fault of couponhub itself" not in answer.text, path
            assert "/secret" not in answer.text
            assert "/sign-in" not in answer.headers.get("Location", "")
            assert answer.status_code == 200 or "something on the server" in answer.text, path
        for path in (f"/uploads/{job}/send", f"/jobs/{job}/cancel", "/access"):
            answer = console.post(path, confirm="away", name="new")
            assert answer.status_code >= 400, path
            assert "something on the server" in answer.text, path
        revealed = re.search(r'name="reference" value="([^"]+)"', found.text)
        assert revealed is not None
        answer = console.post("/lookup/reveal", customer="919876543210", reference=revealed[1])
        assert answer.status_code >= 400  # what cannot be written down is not shown
        assert "<code" not in answer.text
        assert console.post("/sign-out").status_code == 303
