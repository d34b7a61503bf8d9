"""Getting tokens: each deviation from RFC 6749, and what every kind of refusal means."""

import base64
import hashlib
import json
import logging
import socket
from collections.abc import Callable
from typing import Any

import pytest

from couponhub.clock import Deadline
from couponhub.errors import AuthRejected, CouponhubError, RateLimited, VendorUnavailable
from couponhub.secret import Secret
from couponhub.transport import TransportSettings
from couponhub_capillary.client.signin import TOKEN_PATH, ClientToken, sign_in, unused_seconds
from couponhub_capillary.settings import CapillarySettings
from couponhub_capillary.settings.connection import SignIn
from tests.capillary.conftest import Say, ScriptedVendor


def fetcher(url: str) -> ClientToken:
    """Make a fetcher with the key K and the secret hunter2."""
    transport = TransportSettings(timeout=2, connect_timeout=1)
    return ClientToken(url=f"{url}{TOKEN_PATH}", key="K", secret=Secret("hunter2"), transport=transport)


def test_key_and_secret_travel_as_json_alone(vendor: ScriptedVendor) -> None:
    """The request is JSON with key and secret; there is no form, no grant type and no Basic header."""
    token = fetcher(vendor.url)()

    (asked,) = vendor.seen
    assert "POST" == asked.method
    assert {"key": "K", "secret": "hunter2"} == asked.json
    assert "application/json" == asked.headers["content-type"]
    assert "authorization" not in asked.headers
    assert ("T1", 300.0) == (token.value.reveal(), token.lifetime)


@pytest.mark.parametrize(
    ("ttl", "lifetime"),
    [
        *((3600, 3600.0), ("600", 600.0), (300.0, 300.0), (None, 60.0), (-1, 60.0)),
        *((10**399, 366 * 86_400.0), (1e300, 366 * 86_400.0), ("9" * 400, 60.0), ([[]], 60.0)),
    ],
)
def test_life_time_is_read(vendor: ScriptedVendor, says: "Say", ttl: Any, lifetime: float) -> None:
    """The life time is believed in any type; without one the token is used for a minute."""
    vendor.say(TOKEN_PATH, says(body={"data": {"accessToken": "T", "ttlSeconds": ttl}}))

    assert lifetime == fetcher(vendor.url)().lifetime


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (
            401,
            {"data": None, "errors": [{"code": 401, "message": "Failed to generate OAuth token"}]},
            AuthRejected,
        ),
        (400, {}, AuthRejected),
        (404, b"<html>", AuthRejected),
        (200, {"data": None, "errors": [{"code": 401, "message": "key K hunter2"}]}, AuthRejected),
        (200, {"data": {"accessToken": ""}}, AuthRejected),
        (200, {"data": {"accessToken": 7}}, AuthRejected),
        (200, {"data": {"accessToken": "two\nlines"}}, AuthRejected),
        (200, {"access_token": "T", "expires_in": 5}, AuthRejected),
        (200, b"half a {", AuthRejected),
        (200, [], AuthRejected),
        (429, {}, RateLimited),
        (500, {"data": {"accessToken": "T", "ttlSeconds": 300}}, VendorUnavailable),
        (503, b"<html>", VendorUnavailable),
        (302, b"", VendorUnavailable),
    ],
)
def test_refusals(vendor: ScriptedVendor, says: "Say", status: int, body: Any, kind: type) -> None:
    """4xx but 429, or a success without a token, is about credentials; 5xx and 429 are not (C-5)."""
    vendor.say(TOKEN_PATH, says(body=body, status=status))

    with pytest.raises(CouponhubError) as caught:
        fetcher(vendor.url)()

    assert type(caught.value) is kind
    assert "hunter2" not in f"{caught.value} {caught.value.__cause__}"


def test_documented_refusal_is_quoted(vendor: ScriptedVendor, says: "Say") -> None:
    """The one documented text is shown, with its code."""
    body = {"data": None, "errors": [{"code": 401, "message": "Failed to generate OAuth token"}]}
    vendor.say(TOKEN_PATH, says(body=body, status=401))

    with pytest.raises(AuthRejected, match="Failed to generate OAuth token") as caught:
        fetcher(vendor.url)()

    assert "401" == caught.value.vendor_code


def test_retry_after_is_kept(vendor: ScriptedVendor, says: "Say") -> None:
    """A rate limit at the token endpoint carries the vendor's word on when to come back."""
    vendor.say(TOKEN_PATH, says(status=429, headers={"Retry-After": "7"}))

    with pytest.raises(RateLimited) as caught:
        fetcher(vendor.url)()

    assert 7.0 == caught.value.retry_after


def test_no_connection_is_not_about_credentials() -> None:
    """Where nobody listens, the call that wanted the token was provably not sent."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    with pytest.raises(VendorUnavailable) as caught:
        fetcher(f"http://127.0.0.1:{port}")()

    assert caught.value.sent is False
    assert caught.value.__cause__ is None


def test_nothing_secret_is_logged(vendor: ScriptedVendor, caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG requests-oauthlib would write key, secret and token into its log."""
    with caplog.at_level(logging.DEBUG):
        fetcher(vendor.url)()

    assert "requests_oauthlib" in " ".join(record.name for record in caplog.records)
    for secret in ("hunter2", "T1"):
        assert secret not in caplog.text


def test_token_travels_raw_and_is_fetched_once(vendor: ScriptedVendor) -> None:
    """Calls carry the raw token in the vendor's own header; the first one fetches it for all (C-3)."""
    settings = CapillarySettings(base_url=vendor.url, key="K", secret=Secret("S"))
    auth = sign_in("shop", settings)
    first: dict[str, str] = {}
    second: dict[str, str] = {}
    auth.sign(first, Deadline.after(5))
    used = auth.sign(second, Deadline.after(5))

    assert first == second == {"X-CAP-API-OAUTH-TOKEN": "T1"}
    assert 1 == len(vendor.seen)
    assert auth.renew(used) is True
    auth.sign({}, Deadline.after(5))
    assert 2 == len(vendor.seen)


@pytest.mark.parametrize(
    ("lifetime", "unused"), [(3600, 360), (600, 60), (300, 30), (100, 30), (40, 20), (1, 0.5)]
)
def test_margin(lifetime: float, unused: float) -> None:
    """10 % or 30 seconds are left unused, whichever is larger, but never more than half (C-4)."""
    assert pytest.approx(unused) == unused_seconds(lifetime)


def test_basic_password_is_an_md5_in_hex() -> None:
    """Basic credentials are the till's id and the MD5 of its password, in lower-case hex."""
    settings = CapillarySettings(
        region="eu", auth=SignIn.BASIC, username="till.01", password=Secret("pässword")
    )
    headers: dict[str, str] = {}
    sign_in("shop", settings).sign(headers, Deadline.after(5))
    sent = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()

    digest = hashlib.md5("pässword".encode(), usedforsecurity=False).hexdigest()
    assert f"till.01:{digest}" == sent


@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_a_ready_made_md5_is_sent_as_it_is(case: Callable[[str], str]) -> None:
    """Who has only the digest needs no password; the vendor takes it in lower case. It is as secret as that."""
    digest = hashlib.md5(b"P", usedforsecurity=False).hexdigest()
    settings = CapillarySettings(
        region="eu", auth=SignIn.BASIC, username="till.01", password_md5=Secret(case(digest))
    )
    headers: dict[str, str] = {}
    sign_in("shop", settings).sign(headers, Deadline.after(5))

    assert f"till.01:{digest}" == base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
    assert digest not in repr(settings).lower()


def test_json_of_the_request_survives_odd_characters(vendor: ScriptedVendor) -> None:
    """Quotes and non-Latin letters in a secret reach the vendor as they are."""
    fetch = ClientToken(
        url=f"{vendor.url}{TOKEN_PATH}", key='K"', secret=Secret("пароль\\"), transport=TransportSettings()
    )
    fetch()

    assert {"key": 'K"', "secret": "пароль\\"} == json.loads(vendor.seen[0].body)
