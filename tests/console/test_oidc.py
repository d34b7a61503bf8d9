"""Signing in through a provider of OpenID Connect: the whole way, and everything that must not let anybody in."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response

from couponhub import CouponHub
from couponhub.config import OidcSettings, ServerSettings, load_config
from couponhub.console.sessions import COOKIE
from couponhub.secret import Secret
from couponhub.state import Scope
from couponhub.testing import EmulatedVendors
from tests.console.harness import ConsoleHarness, opened
from tests.kit.oidc_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    TestedProvider,
    oidc_provider,
    rsa_key,
    signed_by_a_stranger,
    signed_with_the_public_key,
    unsigned,
    words_of,
)


@pytest.fixture
def provider() -> Iterator[TestedProvider]:
    """A provider at which somebody of the desk is signed in."""
    with oidc_provider() as running:
        yield running


def settings(provider: TestedProvider, **more: Any) -> OidcSettings:
    """The settings of a console that signs people in there."""
    scopes = {"desk": (Scope.LOOKUP,), "boss": (Scope.ADMIN, Scope.LISTS_WRITE)}
    given = {"issuer": provider.issuer, "client_id": CLIENT_ID, "client_secret": Secret(CLIENT_SECRET)}
    return OidcSettings(**{**given, "scopes": scopes, "timeout": 3.0, "claim": "groups", **more})


@pytest.fixture
def door(
    vendors: EmulatedVendors, provider: TestedProvider, request: pytest.FixtureRequest
) -> Iterator[ConsoleHarness]:
    """The console with that provider, and nobody signed in."""
    more = getattr(request, "param", {})
    config = attrs.evolve(load_config(vendors.config), server=ServerSettings(oidc=settings(provider, **more)))
    with CouponHub(config) as hub:
        yield opened(hub, vendors.controls)


def way_back(door: ConsoleHarness, provider: TestedProvider, start: str = "/sign-in/oidc") -> str:
    """Go to the provider, and return the path and the words that it leads back to."""
    answer = door.client.get(start)
    assert answer.status_code == 303, answer.text
    back = provider.visit(answer.headers["Location"])
    assert back.startswith("http://localhost/sign-in/callback?")
    return back.removeprefix("http://localhost")


def test_groups_give_rights_for_an_hour(door: ConsoleHarness, provider: TestedProvider) -> None:
    """Whoever comes back goes on by a page of ours, with the rights of their groups alone, under an id that never changes hands."""
    assert "Sign in with localhost" in door.client.get("/sign-in").text
    answer = door.client.get(way_back(door, provider, "/sign-in/oidc?to=/connections"))

    assert (200, 'content="0; url=/connections"') == (answer.status_code, _refresh(answer.text))
    (cookie, ended) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith(f"{COOKIE}=")
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert ("sign-in-" in ended, "Max-Age=0" in ended) == (True, True)
    page = door.client.get("/")
    assert (200, True) == (page.status_code, "Asha Rao" in page.text)
    assert 403 == door.client.get("/lists").status_code
    door.log.flush()
    assert b'"token":"oidc:248289761001"' in b"".join(door.lines)
    assert ["post"] == provider.auth  # for the secret has characters that not all read alike in a header
    door.client.delete_cookie(COOKIE)
    assert 303 == door.client.get("/").status_code


def test_nothing_secret_is_logged(
    door: ConsoleHarness, provider: TestedProvider, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the client's secret, nor codes, nor tokens, at the finest level of any library."""
    with caplog.at_level(logging.DEBUG):
        path = way_back(door, provider)
        door.client.get(path)
        door.client.get(path)
    door.log.flush()
    ours = [
        one.getMessage() for one in caplog.records if one.name != "werkzeug"
    ]  # that is the provider's own log
    written = "\n".join(ours) + b"".join(door.lines).decode()
    assert "signed in" in written
    for word in (CLIENT_SECRET, words_of(path)["code"], words_of(path)["state"], "an-access-token", "eyJ"):
        assert word not in written


def test_nothing_of_the_environment_has_a_say(
    door: ConsoleHarness, provider: TestedProvider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither its proxies, nor credentials that lie about in a home."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine localhost login someone password else\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    start = door.client.get("/sign-in/oidc").headers["Location"]
    back = provider.visit(start).removeprefix("http://localhost")
    provider.authorizations.clear()
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert 200 == door.client.get(back).status_code
    assert {} == provider.authorizations


def _refresh(page: str) -> str:
    start = page.index('content="0; url=')
    return page[start : page.index('"', start + 9) + 1]


@pytest.mark.parametrize(
    "to", ["https://evil.example", "//evil.example", "/\\evil.example", "/a\nb", "evil", ""]
)
def test_nobody_is_led_elsewhere(door: ConsoleHarness, provider: TestedProvider, to: str) -> None:
    """The page to go on to is one of ours, whatever somebody puts into the address, by provider and by token."""
    start = door.client.get("/sign-in/oidc", query_string={"to": to}).headers["Location"]
    answer = door.client.get(provider.visit(start).removeprefix("http://localhost"))
    assert 'content="0; url=/"' == _refresh(answer.text)
    door.client.delete_cookie(COOKIE)
    by_token = door.client.post("/sign-in", data={"token": door.token(Scope.LOOKUP), "to": to})
    assert (303, "/") == (by_token.status_code, by_token.headers["Location"])


@pytest.mark.parametrize(
    ("twists", "why"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"iss": "https://evil.example"}, "iss"),
        ({"aud": "somebody-else"}, "aud"),
        ({"aud": [CLIENT_ID, "other"], "azp": "other"}, "azp"),
        ({"aud": [CLIENT_ID, "other"]}, "azp"),
        ({"exp": 1}, "expired"),
        ({"exp": None}, "exp"),
        ({"iat": time.time() // 1 + 9999}, "iat"),
        ({"sub": None}, "sub"),
        ({"sub": 7}, "sub"),
        ({"at_hash": "wrong"}, "at_hash"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_tokens_that_prove_nothing(
    door: ConsoleHarness, provider: TestedProvider, twists: dict[str, Any], why: str
) -> None:
    """Of another sign-in, another provider, for somebody else, past their time: nobody is signed in, and one line says why."""
    provider.twists = twists
    answer = door.client.get(way_back(door, provider))
    assert 403 == answer.status_code
    assert why in answer.text.split('id="fault">')[1].split("</p>")[0]
    assert door.cookie() is None


@pytest.mark.parametrize(
    "token", [unsigned, signed_with_the_public_key, signed_by_a_stranger, lambda _header, _claims: "a.b"]
)
def test_tokens_that_the_provider_did_not_sign(
    door: ConsoleHarness, provider: TestedProvider, token: Any
) -> None:
    """`alg` none, HS256 with the public key, another's key, and no token at all."""
    provider.token = token
    answer = door.client.get(way_back(door, provider))
    assert (403, None) == (answer.status_code, door.cookie())
    assert "does not prove who you are" in answer.text


def test_a_clock_may_be_a_little_wrong(door: ConsoleHarness, provider: TestedProvider) -> None:
    """Half a minute past its end, or made half a minute from now."""
    now = int(time.time())
    for twists in ({"exp": now - 30}, {"iat": now + 30}):
        provider.twists = twists
        assert 200 == door.client.get(way_back(door, provider)).status_code


def test_a_new_key_is_looked_for(door: ConsoleHarness, provider: TestedProvider) -> None:
    """Keys are asked for once, and anew when one is not known; the one that the provider took back holds no more."""
    for _ in range(2):
        assert 200 == door.client.get(way_back(door, provider)).status_code
    assert 1 == provider.seen.count("GET /keys")
    provider.published, provider.signs_with = [rsa_key("stranger")], rsa_key("stranger")
    assert 200 == door.client.get(way_back(door, provider)).status_code
    provider.signs_with = rsa_key("first")
    assert 403 == door.client.get(way_back(door, provider)).status_code


def test_a_sign_in_is_of_one_browser_and_once(door: ConsoleHarness, provider: TestedProvider) -> None:
    """Without its cookie, with another's state, a second time, with another provider's answer."""
    path = way_back(door, provider)
    state = words_of(path)["state"]
    assert 200 == door.client.get(path).status_code
    door.client.delete_cookie(COOKIE)
    assert 403 == door.client.get(path).status_code  # its cookie is gone

    path = way_back(door, provider)
    cookies = door.client.get_cookie(f"__Host-couponhub-sign-in-{words_of(path)['state'][:8]}")
    assert cookies is not None
    assert "Lax" == cookies.same_site
    for words in ({"state": state}, {"state": ""}, {"iss": "https://evil.example"}):
        assert (
            403 == door.client.get("/sign-in/callback", query_string={**words_of(path), **words}).status_code
        )
    assert door.cookie() is None

    path = way_back(door, provider)
    held = door.client.get_cookie(f"__Host-couponhub-sign-in-{words_of(path)['state'][:8]}")
    assert held is not None
    header = {"Cookie": f"{held.key}={held.value}"}
    stranger = Client(door.app, use_cookies=False)
    assert (
        403 == stranger.get(path).status_code
    )  # login CSRF: somebody's own sign-in, brought to another browser
    assert 200 == stranger.get(path, headers=header).status_code
    again = stranger.get(path, headers=header)
    assert (403, True) == (again.status_code, "no more" in again.text)  # the provider takes a code once


def test_a_sign_in_takes_ten_minutes_at_most(
    door: ConsoleHarness, provider: TestedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes back a second too late begins again, also where the browser still has the cookie."""
    path = way_back(door, provider)
    real = time.time
    monkeypatch.setattr(door.app.pages._sessions, "now", lambda: real() + 601)
    late = door.client.get(path)
    assert (403, True) == (late.status_code, "within the last ten minutes" in late.text)


def test_an_answer_must_say_whose_it_is(door: ConsoleHarness, provider: TestedProvider) -> None:
    """Of a provider that names itself in each answer, one without a name may be another's."""
    words = words_of(way_back(door, provider))
    del words["iss"]
    answer = door.client.get("/sign-in/callback", query_string=words)
    assert (403, True) == (answer.status_code, "of another provider" in answer.text)


def test_signing_in_makes_a_new_session(door: ConsoleHarness, provider: TestedProvider) -> None:
    """Nobody can be given a session beforehand: the cookie after it is another one, with another word for forms."""
    door.sign_in(Scope.LOOKUP)
    before, csrf = door.cookie(), door.csrf
    assert 200 == door.client.get(way_back(door, provider)).status_code
    assert before != door.cookie()
    assert csrf not in door.client.get("/").text


@pytest.mark.parametrize(
    ("door", "person", "status"),
    [
        ({}, {"groups": ["others"]}, 403),
        ({}, {"groups": None}, 403),
        ({}, {"groups": "desk"}, 200),
        ({}, {"groups": [{"name": "desk"}, 7]}, 403),
        ({"claim": "realm_access.roles"}, {"realm_access": {"roles": ["desk"]}}, 200),
        ({"claim": "https://x.example/groups"}, {"https://x.example/groups": ["desk"]}, 200),
        ({"claim": "email", "scopes": {"a@x.example": (Scope.LOOKUP,)}}, {"email": "a@x.example"}, 403),
        (
            {"claim": "email", "scopes": {"a@x.example": (Scope.LOOKUP,)}},
            {"email": "a@x.example", "email_verified": True},
            200,
        ),
        ({"scopes": {}}, {}, 403),
    ],
    indirect=["door"],
    ids=range(9),
)
def test_rights_come_of_the_mapping_alone(
    door: ConsoleHarness, provider: TestedProvider, person: dict[str, Any], status: int
) -> None:
    """Whoever is in no group that is named gets nothing, and reads who can change that."""
    provider.person |= person
    answer = door.client.get(way_back(door, provider))
    assert status == answer.status_code
    assert ("[server.oidc] scopes" in answer.text) is (status == 403)


@pytest.mark.parametrize(
    ("door", "verified", "status"),
    [({"person": "email"}, True, 200), ({"person": "email"}, False, 403), ({"person": "email"}, None, 403)],
    indirect=["door"],
)
def test_nobody_is_known_by_an_address_that_is_not_proven(
    door: ConsoleHarness, provider: TestedProvider, verified: object, status: int
) -> None:
    """Where people are told apart by e-mail, the provider must say that it has seen to whose that is."""
    provider.person |= {"email": "a@x.example", "email_verified": verified}
    answer = door.client.get(way_back(door, provider))
    assert status == answer.status_code
    assert ("does not say who you are" in answer.text) is (status == 403)


def test_groups_may_be_told_apart_from_the_token(door: ConsoleHarness, provider: TestedProvider) -> None:
    """They are asked for where the token has none, and counted when they are of the same person."""
    provider.person = {"sub": "7\n8"}
    provider.told_later = {"groups": ["desk", "boss"]}
    assert 200 == door.client.get(way_back(door, provider)).status_code
    door.log.flush()
    door.lines.clear()
    assert 200 == door.client.get("/lists").status_code  # as an admin may
    door.log.flush()
    assert b'"token":"oidc:sha256:' in b"".join(door.lines)
    provider.told_later = {"sub": "9", "groups": ["boss"]}
    assert 403 == door.client.get(way_back(door, provider)).status_code


def test_who_was_removed_is_soon_out(
    door: ConsoleHarness, provider: TestedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an hour the provider is asked again, in silence; who is not known there any more comes to the door."""
    assert 200 == door.client.get(way_back(door, provider)).status_code
    real = time.time
    sessions = door.app.pages._sessions
    monkeypatch.setattr(sessions, "now", lambda: real() + 3601)
    answer = door.client.get("/connections?a=b")
    assert (303, "/sign-in/oidc?silent=1&to=/connections%3Fa%3Db") == (
        answer.status_code, answer.headers["Location"],
    )  # fmt: skip
    assert "prompt=none" in door.client.get(answer.headers["Location"]).headers["Location"]
    monkeypatch.setattr(sessions, "now", real)
    provider.is_signed_in = False
    answer = door.client.get(way_back(door, provider, "/sign-in/oidc?silent=1&to=/connections"))
    assert (403, True) == (answer.status_code, 'name="to" value="/connections"' in answer.text)


def test_signing_out_tells_of_the_provider(door: ConsoleHarness, provider: TestedProvider) -> None:
    """The session is gone here; the way out there is a link, for a form would not be let go there."""
    door.client.get(way_back(door, provider))
    door.csrf = door.client.get("/").text.split('name="csrf" value="')[1].split('"')[0]
    answer = door.post("/sign-out")
    assert (303, "/sign-in?left=1") == (answer.status_code, answer.headers["Location"])
    assert (
        f"{provider.issuer}/logout?client_id=couponhub&amp;post_logout"
        in door.client.get("/sign-in?left=1").text
    )
    assert 303 == door.client.get("/").status_code
    door.sign_in(Scope.LOOKUP)
    assert "/sign-in" == door.post("/sign-out").headers["Location"]  # there is nowhere else to sign out of


@pytest.mark.parametrize(
    ("door", "answers", "says"),
    [
        ({"issuer": "http://localhost:9"}, {}, "could not be reached"),
        ({}, {"/.well-known/openid-configuration": Response("", 404)}, "is no provider of OpenID Connect"),
        ({}, {"/.well-known/openid-configuration": Response("<p>", 200)}, "answers no JSON object"),
        ({}, {"/.well-known/openid-configuration": Response("[]", 200)}, "answers no JSON object"),
        ({}, {"/.well-known/openid-configuration": Response("", 503)}, "answers 503"),
        (
            {},
            {"/.well-known/openid-configuration": Response("", 302, {"Location": "/authorize"})},
            "is not followed",
        ),
        (
            {},
            {"/.well-known/openid-configuration": Response('{"issuer": "https://o\\u0007"}')},
            "calls itself https://o",
        ),
        ({}, {"/.well-known/openid-configuration": Response(b"x" * (1 << 21))}, "larger than 1048576 bytes"),
    ],
    indirect=["door"],
    ids=range(8),
)
def test_a_provider_that_is_away_or_wrong(
    door: ConsoleHarness, provider: TestedProvider, answers: dict[str, Response], says: str
) -> None:
    """One line says what is wrong; whoever has a token is let in meanwhile."""
    provider.answers = answers
    answer = door.client.get("/sign-in/oidc")
    assert answer.status_code in {400, 502, 504}
    assert says in answer.text.split('id="fault">')[1].split("</p>")[0]
    assert 'name="token"' in answer.text
    door.sign_in(Scope.LOOKUP)
    assert 200 == door.client.get("/").status_code


@pytest.mark.parametrize(
    ("door", "answers", "status", "says"),
    [
        ({"client_secret": Secret("wrong")}, {}, 400, "client_id, client_secret"),
        ({}, {"/token": Response("{}", 200)}, 502, "no id_token"),
        ({}, {"/token": Response("", 307, {"Location": "/keys"})}, 400, "is not followed"),
        ({}, {"/token": Response('{"error": "<b>"}', 400)}, 502, "&lt;b&gt;"),
        ({}, {"/keys": Response('{"keys": []}', 200)}, 502, "no key"),
        ({}, {"/keys": Response('{"keys": [{"kty": "oct", "k": "AAAA"}]}', 200)}, 502, "no key"),
    ],
    indirect=["door"],
    ids=range(6),
)
def test_a_provider_that_fails_on_the_way_back(
    door: ConsoleHarness, provider: TestedProvider, answers: dict[str, Response], status: int, says: str
) -> None:
    """Nobody is signed in, and one line says why."""
    provider.answers = answers
    answer = door.client.get(way_back(door, provider))
    assert (status, None) == (answer.status_code, door.cookie())
    assert says in answer.text


@pytest.mark.parametrize("word", ["access_denied", "<script>"])
def test_who_is_refused_there_comes_to_the_door(
    door: ConsoleHarness, provider: TestedProvider, word: str
) -> None:
    """The provider's word is told where it is one."""
    words = {**words_of(way_back(door, provider)), "error": word, "error_description": "call 0800 EVIL"}
    answer = door.client.get("/sign-in/callback", query_string=words)
    assert 403 == answer.status_code
    assert ("access_denied" in answer.text) is (word == "access_denied")
    assert "EVIL" not in answer.text
    assert "<script>" not in answer.text.split("<main")[1]


@pytest.mark.parametrize("door", [{"public_url": "https://coupons.example.com/"}], indirect=True)
def test_a_console_elsewhere_says_where_it_is(door: ConsoleHarness) -> None:
    """The provider leads back to the address that is configured, whatever this request calls its host."""
    location = door.client.get("/sign-in/oidc", headers={"Host": "evil.example"}).headers["Location"]
    assert "https://coupons.example.com/sign-in/callback" == words_of(location)["redirect_uri"]


def test_a_host_that_only_a_request_names_is_none(door: ConsoleHarness) -> None:
    """Without `public_url` this machine alone signs people in, for anybody can name a host."""
    answer = door.client.get("/sign-in/oidc", headers={"Host": "evil.example"})
    assert (400, True) == (answer.status_code, "public_url is not set" in answer.text)
