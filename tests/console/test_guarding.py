"""The guards around the pages: whose session it is, which requests are from a page of ours, what a browser may do."""

import re
import time
from collections.abc import Mapping

import pytest
from werkzeug.test import Client

from couponhub.console.guarding import POLICY
from couponhub.console.opening import with_console
from couponhub.console.sessions import COOKIE, SECONDS, Sessions
from couponhub.errors import LocalError
from couponhub.server.app import make_app
from couponhub.server.auth import Access
from couponhub.server.metrics import Metrics
from couponhub.state import Scope
from tests.console.harness import KEY, ConsoleHarness, opened
from tests.kit.clock import FakeClock

PAGES = ("/", "/lists", "/connections", "/jobs")


def test_nothing_is_shown_to_strangers(console: ConsoleHarness) -> None:
    """Each page leads to the door, which leads nowhere else."""
    for path in (*PAGES, "/lists/new", "/uploads/new"):
        answer = console.client.get(path)
        back = "" if path == "/" else f"?to={path}"
        assert (303, f"/sign-in{back}") == (answer.status_code, answer.headers["Location"])
    door = console.client.get("/sign-in?next=https://evil.example")
    assert "evil" not in door.text


def test_a_session_is_a_cookie_of_this_host_alone(console: ConsoleHarness) -> None:
    """No script reads it, no other site sends it, and it ends after eight hours."""
    answer = console.client.post("/sign-in", data={"token": console.token(Scope.LOOKUP)})

    words = answer.headers["Set-Cookie"].split("; ")
    assert words[0].startswith(f"{COOKIE}=")
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict", "Max-Age=28800"} == set(words[1:])
    assert COOKIE.startswith("__Host-")


def test_a_session_ends_with_its_token(console: ConsoleHarness) -> None:
    """Whoever removes a token takes its sessions away."""
    console.sign_in(Scope.LOOKUP)
    assert console.client.get("/").status_code == 200
    (token,) = console.hub.state.tokens.all()
    console.hub.state.tokens.remove(token.id)

    assert console.client.get("/").status_code == 303


def test_a_session_ends_for_every_copy_of_its_cookie(console: ConsoleHarness) -> None:
    """Whoever signs out ends it in other processes as well, and nobody else's; the browser is told to keep no page of it."""
    token = console.sign_in(Scope.LOOKUP)
    copy, csrf = console.cookie(), console.csrf
    other = console.client.post("/sign-in", data={"token": token}).headers["Set-Cookie"].partition(";")[0]
    mine = {"Cookie": f"{COOKIE}={copy}"}
    here, elsewhere = (
        Client(one.app, use_cookies=False) for one in (console, opened(console.hub, console.controls))
    )
    assert [200, 200] == [client.get("/", headers=mine).status_code for client in (here, elsewhere)]

    answer = here.post("/sign-out", data={"csrf": csrf}, headers=mine)

    assert '"cache"' == answer.headers["Clear-Site-Data"]
    for client in (here, elsewhere):
        assert client.get("/", headers=mine).status_code == 303
        assert client.post("/", data={"csrf": csrf, "customer": "x"}, headers=mine).status_code == 403
        assert client.get("/", headers={"Cookie": other}).status_code == 200
    assert copy is not None
    assert not any(mark in copy for mark in console.hub.state.sign_outs.all())


def test_a_session_ends_here_where_nothing_can_be_written(
    console: ConsoleHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who signs out while the store is away is signed out, and told nothing else."""
    console.sign_in(Scope.LOOKUP)
    mine = {"Cookie": f"{COOKIE}={console.cookie()}"}

    def fails(*_: object) -> None:
        raise LocalError("the disk is full")

    monkeypatch.setattr(type(console.hub.state.sign_outs), "add", fails)
    assert console.post("/sign-out").status_code == 303
    assert Client(console.app, use_cookies=False).get("/", headers=mine).status_code == 303


def test_no_byte_of_a_cookie_can_be_another(console: ConsoleHarness) -> None:
    """Nor can one be left out, come twice, or be of another key, of another purpose, or of a time that is over."""
    console.sign_in(*Scope)
    held = console.cookie() or ""
    sessions = console.app.pages._sessions
    assert sessions.of(f"{COOKIE}={held}") is not None
    for at, char in enumerate(held):
        for other in ("", char * 2, "A" if char != "A" else "B", char.swapcase()):
            changed = f"{held[:at]}{other}{held[at + 1 :]}"
            assert changed == held or sessions.of(f"{COOKIE}={changed}") is None, at
    text = held.partition(".")[0]
    for forged in (
        sessions.signed("sign-in", text),
        Sessions(b"another", sessions._access).signed("session", text),
        f"{text}.",
        f".{held.partition('.')[2]}",
        "",
        ".",
        "a.b.c",
        "é.x",
    ):
        assert sessions.of(f"{COOKIE}={forged}") is None
    later = Sessions(KEY, sessions._access, now=lambda: time.time() + SECONDS + 1)
    assert later.of(f"{COOKIE}={held}") is None


def test_signing_in_takes_no_session_that_was_there(console: ConsoleHarness) -> None:
    """A cookie that somebody planted before is replaced, whosever it is, and two sessions of one token do not share a word."""
    console.sign_in(Scope.LOOKUP)
    planted, word = console.cookie(), console.csrf
    answer = console.client.post("/sign-in", data={"token": console.token(*Scope)})
    assert f"{COOKIE}={planted};" not in answer.headers["Set-Cookie"]
    assert word not in console.client.get("/lists").text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_other_sites_change_nothing(console: ConsoleHarness, headers: Mapping[str, str]) -> None:
    """A form of another site is refused, also with the right words in it, and at the door."""
    console.sign_in(Scope.LOOKUP)

    assert console.post("/", headers=headers, customer="919876543210").status_code == 403
    assert console.post("/sign-out", headers=headers).status_code == 403
    assert console.client.post("/sign-in", data={"token": "x"}, headers=headers).status_code == 403


def test_a_form_of_another_session_is_refused(console: ConsoleHarness) -> None:
    """Without the session's own word, or with that of an earlier one."""
    console.sign_in(Scope.LOOKUP)
    earlier = console.csrf
    console.post("/sign-out")
    console.sign_in(Scope.LOOKUP)

    for word in ("", earlier, "0" * 64):
        answer = console.client.post("/", data={"csrf": word, "customer": "919876543210"})
        assert answer.status_code == 403


def test_every_answer_is_guarded(console: ConsoleHarness) -> None:
    """Nothing written into a page runs, no other site frames it, and no shared computer keeps it."""
    console.sign_in(*Scope)
    for path in (*PAGES, "/nowhere"):
        answer = console.client.get(path)
        assert POLICY == answer.headers["Content-Security-Policy"]
        assert "unsafe" not in POLICY
        assert ["no-store"] == answer.headers.getlist("Cache-Control")
        assert "DENY" == answer.headers["X-Frame-Options"]
        assert "same-origin" == answer.headers["Referrer-Policy"]
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\bstyle=", answer.text)


def test_rights_decide_what_is_seen(console: ConsoleHarness) -> None:
    """Who may look customers up sees no lists, and the menu offers none; codes are shown to whoever may see them."""
    console.sign_in(Scope.LOOKUP)
    page = console.client.get("/")
    assert "/lists" not in page.text
    assert console.client.get("/lists").status_code == 403
    answer = console.post("/", customer="919876543210")
    assert "***" in answer.text
    assert "/lookup/reveal" not in answer.text
    assert console.post("/lookup/reveal", customer="919876543210", reference="x").status_code == 403


def test_no_line_of_the_log_names_a_customer(console: ConsoleHarness) -> None:
    """Routes are logged, never what was typed."""
    console.sign_in(Scope.LOOKUP)
    console.post("/", customer="919876543210")
    console.client.get("/static/0/../../etc/passwd")
    console.log.flush()

    lines = b"".join(console.lines)
    assert b'"route":"/"' in lines
    assert b"919876543210" not in lines


def test_pages_are_no_way_around_a_rate_limit(console: ConsoleHarness) -> None:
    """What a token may ask for in a second holds for all its sessions together; pages that are only looked at do not count."""
    token, clock = console.token(*Scope), FakeClock()
    access = Access(console.hub.state.tokens, rate_limit=4.0, clock=clock.clock)
    app = with_console(
        make_app(console.hub, access, console.hub.state.callbacks, metrics=Metrics(), log=console.log),
        key=KEY,
    )
    one, other = Client(app), Client(app)
    words = []
    for client in (one, other):  # each of which takes one of the four
        client.post("/sign-in", data={"token": token})
        found = re.search(r'"X-CSRF": "([0-9a-f]+)"', client.get("/").text)
        assert found is not None
        words.append(found[1])

    def ask(client: Client, word: str) -> int:
        return client.post("/", data={"csrf": word, "customer": "nobody-1"}).status_code

    assert [200, 200, 429] == [ask(one, words[0]), ask(other, words[1]), ask(one, words[0])]
    assert {200} == {one.get(path).status_code for path in PAGES * 2}
    clock.sleep(0.25)
    assert [200, 429] == [ask(other, words[1]), ask(other, words[1])]
    assert one.post("/sign-out", data={"csrf": words[0]}).status_code == 303
