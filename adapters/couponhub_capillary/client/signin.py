"""Getting a token from Capillary, through requests-oauthlib; one function per deviation from RFC 6749.

Capillary "OAuth", read 2026. requests-oauthlib fetches tokens only; calls carry them through
`couponhub.transport.TokenAuth`, because of the last deviation: the token travels raw in a header of its own
(`TOKEN_HEADER`), never as `Authorization: Bearer`.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import requests

from couponhub.clock import SYSTEM_CLOCK, Clock
from couponhub.errors import AuthRejected, RateLimited, VendorError, VendorUnavailable, without_frames
from couponhub.secret import Secret
from couponhub.transport import (
    Auth,
    BasicAuth,
    NoObserver,
    Observer,
    Reply,
    TokenAuth,
    TransportSettings,
    retry_after_seconds,
)
from couponhub.transport.auth import AccessToken
from couponhub.transport.session import ReplyTooLarge
from couponhub_capillary.settings import CapillarySettings
from couponhub_capillary.settings.connection import SignIn
from couponhub_capillary.wire.values import code_of, entries_of, whole

if TYPE_CHECKING:
    from couponhub.transport.oauth import TokenSession

TOKEN_HEADER = "X-CAP-API-OAUTH-TOKEN"  # noqa: S105 - the header's name
TOKEN_PATH = "/v3/oauth/token/generate"  # noqa: S105 - an address

# A token comes without a life time only if Capillary breaks its word; a refused one is renewed anyway.
_LIFETIME_WHEN_UNSAID = 60
# Longer than any; what comes as a number of hundreds of digits is no time that could be reckoned with.
_LONGEST_LIFETIME = 366 * 86_400
_CREDENTIALS_HINT = "check the connection's key and secret, and that they belong to this region or base_url"
_DOCUMENTED_REFUSAL = "Failed to generate OAuth token"


def sign_in(
    connection: str,
    settings: CapillarySettings,
    clock: Clock = SYSTEM_CLOCK,
    observer: Observer | None = None,
) -> Auth:
    """Return what signs the calls of this connection; nothing is fetched before the first call."""
    if settings.auth == SignIn.BASIC:
        digest = settings.password_md5 or md5_of(settings.password or Secret(""))
        # The vendor takes it in lower case.
        return BasicAuth(settings.username or "", Secret(digest.reveal().lower()))
    fetch = ClientToken(
        url=f"{settings.api_address}{TOKEN_PATH}",
        key=settings.key or "",
        secret=settings.secret or Secret(""),
        transport=settings.transport(),
    )
    return TokenAuth(
        fetch,
        header=TOKEN_HEADER,
        margin=unused_seconds,
        connection=connection,
        observer=observer or NoObserver(),
        clock=clock,
    )


def md5_of(password: Secret) -> Secret:
    """Return what travels in place of a till's password, as secret as that: its hexadecimal MD5.

    Capillary "Basic authentication"; the digest is the vendor's format, not a protection.
    """
    return Secret(hashlib.md5(password.reveal().encode(), usedforsecurity=False).hexdigest())


def unused_seconds(lifetime: float) -> float:
    """Return the seconds of a token's life to leave unused: 10 % or 30 s, whichever is larger, but at most half (C-4)."""
    return min(max(lifetime * 0.1, 30.0), lifetime / 2)


class ClientToken:
    """Fetches a token for an API client's key and secret, anew at each call.

    Args:
        url: The token endpoint.
        key: The API client's key.
        secret: Its secret.
        transport: Time, proxy, CA bundle.
    """

    def __init__(self, *, url: str, key: str, secret: Secret, transport: TransportSettings) -> None:
        self._url = url
        self._key = key
        self._secret = secret
        self._transport = transport

    def __call__(self) -> AccessToken:
        """Fetch one.

        Raises:
            AuthRejected: Capillary answered and gave none (C-5).
            RateLimited: Too many calls.
            VendorUnavailable: It could not be asked, or is not able to answer now.
        """
        try:
            return self._fetched()
        except VendorError as error:
            failure: VendorError = error
        raise without_frames(failure)

    def _fetched(self) -> AccessToken:
        # Imported here, because most commands of a session never need a new token's machinery.
        from oauthlib.oauth2 import OAuth2Error  # noqa: PLC0415

        from couponhub.transport.oauth import TokenSession  # noqa: PLC0415

        try:
            with TokenSession(self._key, self._transport) as session:
                self._register_deviations(session)
                # include_client_id: else the key would travel in a Basic header too.
                token = session.fetch_token(self._url, include_client_id=True)
        except (requests.RequestException, ReplyTooLarge, OAuth2Error, OSError) as error:
            raise _unavailable(f"no token could be fetched ({type(error).__name__})") from None
        return AccessToken(value=str(token["access_token"]), lifetime=float(token["expires_in"]))

    def _register_deviations(self, session: "TokenSession") -> None:
        session.register_compliance_hook(  # type: ignore[call-overload] # the stubs lack this hook
            "access_token_request", self.send_json_key_and_secret
        )
        # One hook for both deviations of the answer: requests-oauthlib runs several in no fixed order.
        session.register_compliance_hook(
            "access_token_response", lambda response: unwrap_token(refuse_by_status(response))
        )

    def send_json_key_and_secret(
        self, url: str, headers: Mapping[str, str], arguments: Mapping[str, Any]
    ) -> tuple[str, dict[str, str], dict[str, Any]]:
        """Deviation: a JSON body `{key, secret}` stands for the form `grant_type=client_credentials`.

        Both stand in the body, not in a Basic header; there is no grant type and no scope to ask for: what a
        client may do is fixed by its access group.
        """
        body = {"key": self._key, "secret": self._secret.reveal()}
        others = {name: value for name, value in arguments.items() if name not in {"data", "params"}}
        return url, {**headers, "Content-Type": "application/json"}, {**others, "json": body}


def refuse_by_status(response: requests.Response) -> requests.Response:
    """Deviation: errors are no `{"error": "invalid_client"}`; their status and shape are undocumented (C-5).

    Any 4xx but 429 means that the credentials are not accepted; 429 and 5xx say nothing about them.
    """
    status = response.status_code
    if 200 <= status < 300:
        return response
    headers = {name.lower(): value for name, value in response.headers.items()}
    if status == 429:
        raise RateLimited(
            "Capillary gives no token now: too many calls",
            status=429,
            retry_after=retry_after_seconds(headers),
        )
    if 400 <= status < 500:
        raise _refused(f"HTTP {status}", response)
    raise _unavailable(f"Capillary gives no token now (HTTP {status})", status=status)


def unwrap_token(response: requests.Response) -> requests.Response:
    """Deviation: `data.accessToken` and `data.ttlSeconds` stand for `access_token` and `expires_in`.

    There is no `token_type` and no refresh token. A success without a token is a refusal (C-5).
    """
    content = _decoded(response)
    inner = content.get("data")
    token = inner.get("accessToken") if isinstance(inner, dict) else None
    if type(token) is not str or not token or not all("!" <= char <= "~" for char in token):
        raise _refused("an answer without a token", response)
    lifetime = whole(inner.get("ttlSeconds")) if isinstance(inner, dict) else None
    if lifetime is None or lifetime <= 0:
        lifetime = _LIFETIME_WHEN_UNSAID
    seconds = min(lifetime, _LONGEST_LIFETIME)
    standard = {"access_token": token, "token_type": "raw", "expires_in": seconds}
    response._content = json.dumps(standard).encode()  # noqa: SLF001 - how compliance hooks hand over a body
    return response


def _decoded(response: requests.Response) -> Mapping[str, Any]:
    try:
        content = Reply(status=response.status_code, headers={}, body=response.content).decoded()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _refused(what: str, response: requests.Response) -> AuthRejected:
    errors = [error for error in entries_of(_decoded(response).get("errors")) if isinstance(error, dict)]
    code = next((str(code) for error in errors if (code := code_of(error.get("code"))) is not None), None)
    said = any(error.get("message") == _DOCUMENTED_REFUSAL for error in errors)
    reason = f'{what}, "{_DOCUMENTED_REFUSAL}"' if said else what
    return AuthRejected(
        f"Capillary gives no token for this key and secret ({reason})",
        hint=_CREDENTIALS_HINT,
        vendor_code=code,
        status=response.status_code,
    )


def _unavailable(text: str, *, status: int | None = None) -> VendorError:
    # Whatever the token was wanted for was not sent.
    return VendorUnavailable(
        text, sent=False, hint="check the connection's address and the network", status=status
    )
