"""Tokens are fetched through requests-oauthlib, and never in the clear over a network."""

import os
import time
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
import requests
from oauthlib.oauth2 import InsecureTransportError, OAuth2Error

from couponhub.transport import TransportSettings
from couponhub.transport.oauth import TokenSession
from couponhub.transport.session import ReplyTooLarge
from tests.kit.scripted_server import Script, ScriptedServer, is_silent, says, sends

TOKEN = b'{"access_token": "t0k3n", "token_type": "bearer", "expires_in": 60}'
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def session() -> Iterator[TokenSession]:
    """A session of the client "us"."""
    with TokenSession("us", TransportSettings(timeout=0.3, connect_timeout=0.3)) as session:
        yield session


@pytest.fixture(autouse=True)
def _untouched_switch(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The switch that allows plain HTTP to everybody is off, and is left alone."""
    monkeypatch.delenv("OAUTHLIB_INSECURE_TRANSPORT", raising=False)
    yield
    assert "OAUTHLIB_INSECURE_TRANSPORT" not in os.environ


def test_loopback_may_be_plain(server: ScriptedServer, session: TokenSession) -> None:
    """An emulator needs no certificate."""
    server.plays(says(body=TOKEN, headers=JSON))

    token = session.fetch_token(f"{server.url}/token", client_secret="s3cret", include_client_id=True)

    assert "t0k3n" == token["access_token"]
    seen = server.seen[0]
    assert ("POST", "/token") == (seen.method, seen.target)
    assert {
        "grant_type": ["client_credentials"],
        "client_id": ["us"],
        "client_secret": ["s3cret"],
    } == parse_qs(seen.body.decode())
    assert seen.headers["user-agent"].startswith("couponhub")


@pytest.mark.parametrize(
    "url",
    [
        "http://vendor.example/token",
        "http://10.0.0.1/token",
        "http://127.0.0.1.vendor.example/token",
        "http://127.0.0.1@vendor.example/token",
        "HTTP://vendor.example/token",
    ],
)
def test_plain_http_to_others_is_refused(session: TokenSession, url: str) -> None:
    """The library's own demand stands."""
    with pytest.raises(InsecureTransportError):
        session.fetch_token(url, client_secret="s3cret")


def test_loopback_first_does_not_open_the_way_for_others(
    server: ScriptedServer, session: TokenSession
) -> None:
    """What was allowed for one address is not remembered for the next."""
    server.plays(says(body=TOKEN, headers=JSON))
    session.fetch_token(f"{server.url}/token", client_secret="s3cret")

    with pytest.raises(requests.exceptions.ConnectionError):
        session.fetch_token(f"{server.url.replace('http:', 'https:')}/token", client_secret="s3cret")
    with pytest.raises(InsecureTransportError):
        session.fetch_token("http://vendor.example/token", client_secret="s3cret")

    assert 1 == len(server.seen)


def test_redirects_are_not_followed(server: ScriptedServer, session: TokenSession) -> None:
    """Key and secret never reach the host that a vendor points at."""
    with ScriptedServer() as other:
        server.plays(says(307, headers={"Location": f"{other.url}/"}))
        with pytest.raises(OAuth2Error):
            session.fetch_token(f"{server.url}/token", client_secret="s3cret")

        assert [] == other.seen


@pytest.mark.parametrize(
    "script",
    [is_silent(), sends(b"HTTP/1.1 200 OK\r\n\r\n", *[b" "] * 40, pause=0.05)],
    ids=["silent", "dripping"],
)
def test_a_slow_answer_is_given_up(server: ScriptedServer, session: TokenSession, script: Script) -> None:
    """Signing in is bounded in time like any call."""
    server.plays(script)
    started = time.monotonic()

    with pytest.raises(requests.RequestException):
        session.fetch_token(f"{server.url}/token", client_secret="s3cret")

    assert time.monotonic() - started < 1.0


def test_a_large_answer_is_refused(server: ScriptedServer, session: TokenSession) -> None:
    """A token needs no megabytes."""
    server.plays(says(body=bytes(1024 * 1024 + 1)))

    with pytest.raises(ReplyTooLarge):
        session.fetch_token(f"{server.url}/token", client_secret="s3cret")


def test_the_proxy_is_used_for_signing_in(server: ScriptedServer) -> None:
    """Signing in takes the same way as calls."""
    with ScriptedServer() as proxy, TokenSession("us", TransportSettings(proxy=proxy.url)) as session:
        proxy.plays(says(body=TOKEN, headers=JSON))
        session.fetch_token(f"{server.url}/token", client_secret="s3cret")

        assert [f"{server.url}/token"] == proxy.targets
    assert [] == server.seen


def test_plain_http_to_the_host_that_a_connection_allows() -> None:
    """A vendor's emulator in another container; any other host is spoken to as the library means it, with TLS."""
    with ScriptedServer() as proxy:
        settings = TransportSettings(proxy=proxy.url, allow_http=True)
        with TokenSession("us", settings) as session:
            proxy.plays(says(body=TOKEN, headers=JSON))
            session.fetch_token("http://vendor.example/token", client_secret="s3cret")
            with pytest.raises(requests.RequestException):
                session.request("POST", "https://other.example/token")
    assert "http://vendor.example/token" == proxy.targets[0]
    assert not any(target.startswith("http://other.example") for target in proxy.targets)
