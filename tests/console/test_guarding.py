"""The guards around the pages: whose session it is, which requests are from a page of ours, what a browser may do."""

import re
from collections.abc import Mapping

import pytest

from couponhub.console.guarding import POLICY
from couponhub.console.sessions import COOKIE
from couponhub.state import Scope
from tests.console.harness import ConsoleHarness

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


@pytest.mark.parametrize("change", ["mac", "content", "none of ours"])
def test_a_cookie_that_was_altered_is_none(console: ConsoleHarness, change: str) -> None:
    """Nobody makes a session of their own, nor a longer one."""
    console.sign_in(Scope.LOOKUP)
    cookie = console.cookie()
    assert cookie is not None
    content, _, mac = cookie.partition(".")
    other = {
        "mac": f"{content}.{mac[:-1]}{'0' if mac[-1] != '0' else '1'}",
        "content": f"{content[:-2]}AA.{mac}",
        "none of ours": "é.x",
    }[change]
    answer = console.client.get("/", headers={"Cookie": f"{COOKIE}={other}"})
    console.client.delete_cookie(COOKIE)
    alone = console.client.get("/", headers={"Cookie": f"{COOKIE}={other}"})

    assert 303 == alone.status_code
    assert answer.status_code in {200, 303}


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
