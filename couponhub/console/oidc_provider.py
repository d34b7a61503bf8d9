"""The provider of OpenID Connect as couponhub speaks to it: what it says of itself, its keys, and what it gives for a code.

The one place that does HTTP to it: with requests as vendors are spoken to, so that nothing of the environment, no cookie
and no redirect has a say, and each answer is bounded in time and size.
"""

import json
import threading
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import attrs
import requests

from couponhub.clock import SYSTEM_CLOCK, Clock
from couponhub.config import OidcSettings
from couponhub.errors import (
    AuthRejected,
    ConfigError,
    CouponhubError,
    UnreadableReply,
    VendorUnavailable,
    without_frames,
)
from couponhub.settings import is_loopback_url
from couponhub.shown import shown
from couponhub.transport.breakage import translated
from couponhub.transport.session import CHUNK, bounded, harden
from couponhub.transport.settings import TransportSettings

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

_MOST_BYTES = 1 << 20
_FRESH_SECONDS = 3600.0
"""For what the provider says of itself, and its keys; one that is not known is looked for at once."""
_AWAY_SECONDS = 3.0
"""So long one that failed is not asked again."""
_WELL_KNOWN = "/.well-known/openid-configuration"
_MEANWHILE = "signing in with a token works meanwhile"
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


@attrs.frozen(kw_only=True)
class ProviderDescription:
    """The provider as it describes itself.

    Attributes:
        authorize: Where people are sent to.
        token: Where a code is given for tokens.
        keys: Where its public keys lie.
        userinfo: Where more is said of somebody; None where that is nowhere.
        sign_out: Where people sign out of it; None where that is nowhere.
        names_itself: True when each of its answers says whose it is (RFC 9207).
        methods: The ways in which a client may prove itself.
    """

    authorize: str
    token: str
    keys: str
    userinfo: str | None
    sign_out: str | None
    names_itself: bool
    methods: frozenset[str]


@attrs.frozen(kw_only=True)
class GivenTokens:
    """The tokens that the provider gave for a code."""

    id_token: str = attrs.field(repr=False)
    access_token: str | None = attrs.field(default=None, repr=False)


class OidcProvider:
    """Speaks to the provider. Thread-safe.

    Args:
        settings: Which one, and who we are there.
        clock: What time is measured on.
    """

    def __init__(self, settings: OidcSettings, clock: Clock = SYSTEM_CLOCK) -> None:
        self.settings = settings
        self._clock = clock
        self._host = urlsplit(settings.issuer).netloc
        self._lock = threading.Lock()
        self._described: tuple[float, ProviderDescription] | None = None
        self._failed: tuple[float, CouponhubError] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def check(self) -> str:
        """Ask it for its description and its keys, and tell that they are there.

        Raises:
            CouponhubError: They are not; the text says what is wrong with the settings, or with the provider.
        """
        self._read_description()
        self.keys(anew=True)
        return f"the provider {self._host} signs people in"

    def described(self) -> ProviderDescription:
        """Return its description, at most an hour old.

        Raises:
            CouponhubError: It cannot be had.
        """
        # One asks: anybody may come to the door, and each thread would wait for a provider that is away.
        with self._lock:
            known, failed = self._described, self._failed
            now = self._clock.monotonic()
            if known is not None and now - known[0] < _FRESH_SECONDS:
                return known[1]
            if failed is not None and now - failed[0] < _AWAY_SECONDS:
                raise failed[1]
            try:
                return self._read_description()
            except CouponhubError as error:
                self._failed = (self._clock.monotonic(), without_frames(error))
                raise

    @property
    def known(self) -> ProviderDescription | None:
        """Its description as it was read last, without asking; None before."""
        return None if self._described is None else self._described[1]

    def keys(self, *, anew: bool = False) -> "KeySet":
        """Return its public keys, at most an hour old.

        Args:
            anew: Ask for them, however new those known are: it may have made a new one.

        Raises:
            CouponhubError: They cannot be had.
        """
        known = self._keys
        if known is not None and not anew and self._clock.monotonic() - known[0] < _FRESH_SECONDS:
            return known[1]
        keys = self._read_keys(self.described().keys)
        self._keys = (self._clock.monotonic(), keys)
        return keys

    def exchange(self, code: str, *, verifier: str, redirect_uri: str) -> GivenTokens:
        """Give a code for tokens.

        Raises:
            AuthRejected: It takes the code no more, or never did.
            ConfigError: It does not take us for its client.
            CouponhubError: Nothing of use came back.
        """
        from authlib.oauth2.auth import ClientAuth  # noqa: PLC0415 - only where people sign in so
        from authlib.oauth2.rfc6749.parameters import prepare_token_request  # noqa: PLC0415 - the same

        described, settings = self.described(), self.settings
        secret = None if settings.client_secret is None else settings.client_secret.reveal()
        body = prepare_token_request(
            "authorization_code", redirect_uri=redirect_uri, code=code, code_verifier=verifier
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            url, headers, body = ClientAuth(
                settings.client_id, secret, _method(described.methods, settings.client_id, secret)
            ).prepare("POST", described.token, headers, body)
        except UnicodeError:
            raise ConfigError("[server.oidc] client_secret cannot be sent to the provider as it is") from None
        status, content = self._asked("POST", url, headers=headers, body=body.encode())
        found = self._object(status, content, "token endpoint", takes_errors=True)
        if status != HTTPStatus.OK or "error" in found:
            raise self._refused(status, found.get("error"))
        token, access = found.get("id_token"), found.get("access_token")
        if not isinstance(token, str):
            raise self._odd("it gave no id_token for the code")
        return GivenTokens(id_token=token, access_token=access if isinstance(access, str) else None)

    def told_of(self, access_token: str) -> Mapping[str, Any]:
        """Return what else the provider says of whoever has that token; nothing where it says so nowhere.

        Raises:
            CouponhubError: It does not answer.
        """
        address = self.described().userinfo
        if address is None:
            return {}
        status, content = self._asked(
            "GET", address, headers={"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        )
        return self._object(status, content, "userinfo endpoint")

    def _read_description(self) -> ProviderDescription:
        status, content = self._asked("GET", self.settings.issuer.rstrip("/") + _WELL_KNOWN)
        if status == HTTPStatus.NOT_FOUND:
            raise ConfigError(
                f"[server.oidc] issuer: at {self.settings.issuer} is no provider of OpenID Connect",
                hint=f"it is the address before {_WELL_KNOWN}",
            )
        found = self._object(status, content, _WELL_KNOWN)
        named = found.get("issuer")
        if named != self.settings.issuer:
            raise ConfigError(
                f"[server.oidc] issuer: the provider at {self.settings.issuer} calls itself {shown(str(named)[:200])}",
                hint="write it as the provider does",
            )
        methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        described = ProviderDescription(
            authorize=self._endpoint(found, "authorization_endpoint"),
            token=self._endpoint(found, "token_endpoint"),
            keys=self._endpoint(found, "jwks_uri"),
            userinfo=self._optional(found, "userinfo_endpoint"),
            sign_out=self._optional(found, "end_session_endpoint"),
            names_itself=found.get("authorization_response_iss_parameter_supported") is True,
            methods=frozenset(one for one in methods if isinstance(one, str))
            if isinstance(methods, list)
            else frozenset(),
        )
        self._described = (self._clock.monotonic(), described)
        return described

    def _read_keys(self, address: str) -> "KeySet":
        from joserfc.errors import JoseError  # noqa: PLC0415 - only where people sign in so
        from joserfc.jwk import JWKRegistry, KeySet  # noqa: PLC0415 - the same

        status, content = self._asked("GET", address)
        listed = self._object(status, content, "jwks_uri").get("keys")
        keys = []
        for one in listed if isinstance(listed, list) else ():
            # Whatever is no public key to check signatures with is none of ours, and one odd key must not hide the others.
            if not isinstance(one, dict) or one.get("kty") == "oct" or one.get("use", "sig") != "sig":
                continue
            try:
                keys.append(JWKRegistry.import_key(one))
            except (JoseError, ValueError, TypeError):
                continue
        if not keys:
            raise self._odd("it names no key that signatures could be checked with")
        return KeySet(keys)

    def _endpoint(self, found: Mapping[str, Any], name: str) -> str:
        address = self._optional(found, name)
        if address is None:
            raise self._odd(f"it does not say where its {name} is, or not at an https:// address")
        return address

    @staticmethod
    def _optional(found: Mapping[str, Any], name: str) -> str | None:
        address = found.get(name)
        if (
            not isinstance(address, str)
            or not address.isascii()
            or not address.isprintable()
            or " " in address
        ):
            return None
        try:
            parts = urlsplit(address)
            safe = bool(parts.hostname) and (
                parts.scheme == "https" or (parts.scheme == "http" and is_loopback_url(address))
            )
        except ValueError:
            return None
        return address if safe else None

    def _asked(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, bytes]:
        """Return the status and the body of an answer. The libraries' own errors are left behind: they quote addresses."""
        settings = self.settings
        way = TransportSettings(
            timeout=settings.timeout, proxy=settings.proxy, ca_bundle=settings.ca_bundle, pool_size=1
        )
        try:
            with requests.Session() as session:
                harden(session, way)
                with session.request(
                    method,
                    url,
                    data=body,
                    headers={"Accept": "application/json", **(headers or {})},
                    allow_redirects=False,
                    stream=True,
                    timeout=(min(settings.timeout, way.connect_timeout), settings.timeout),
                ) as response:
                    content = bounded(response.raw.stream(CHUNK, decode_content=True), _MOST_BYTES)
                    return response.status_code, content
        except Exception as error:  # noqa: BLE001 - told as one of ours
            fault = translated(error, max_bytes=_MOST_BYTES, peer="the provider")
        raise self._told(fault)

    def _object(
        self, status: int, content: bytes, what: str, *, takes_errors: bool = False
    ) -> Mapping[str, Any]:
        if 300 <= status < 400:
            raise ConfigError(
                f"[server.oidc] issuer: the provider {self._host} leads elsewhere from its {what}, which is not followed",
                hint="write the address that it leads to",
            )
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise self._told(VendorUnavailable(f"its {what} answers {status}", status=status))
        if status != HTTPStatus.OK and not takes_errors:
            raise self._odd(f"its {what} answers {status}")
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise self._odd(f"its {what} answers no JSON object")
        return found

    def _refused(self, status: int, word: object) -> CouponhubError:
        if word in {"invalid_client", "unauthorized_client"} or status == HTTPStatus.UNAUTHORIZED:
            return ConfigError(
                f"[server.oidc] client_id, client_secret: the provider {self._host} does not take them"
            )
        if word == "invalid_grant":
            return AuthRejected(f"the provider {self._host} takes this sign-in no more", hint="begin again")
        return self._odd(f"it refuses the sign-in ({shown(str(word)[:40])}, {status})")

    def _odd(self, text: str) -> UnreadableReply:
        return UnreadableReply(f"the provider {self._host}: {text}", hint=_MEANWHILE)

    def _told(self, fault: CouponhubError) -> CouponhubError:
        return fault.reworded(
            message=f"the provider {self._host}: {fault.message}", hint=fault.hint or _MEANWHILE
        )


def _method(known: frozenset[str], client_id: str, secret: str | None) -> str:
    """Choose how the client proves itself, of what the provider takes."""
    if secret is None:
        return "none"
    # Providers disagree whether a header's user and password are quoted first, so such characters go in the body.
    is_plain = _UNRESERVED.issuperset(client_id + secret)
    if "client_secret_post" in known and not (is_plain and "client_secret_basic" in known):
        return "client_secret_post"
    return "client_secret_basic"
