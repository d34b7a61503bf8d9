"""The provider of OpenID Connect as couponhub speaks to it: what it says of itself, its keys, and what it gives for a code."""

import threading
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import attrs

from couponhub.clock import SYSTEM_CLOCK, Clock
from couponhub.config import OidcSettings
from couponhub.console.oidc_http import ProviderHttp, safe_address
from couponhub.errors import (
    AuthRejected,
    ConfigError,
    CouponhubError,
    UsageError,
    without_frames,
)
from couponhub.shown import shown

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

_FRESH_SECONDS = 3600.0
"""For what the provider says of itself, and its keys; one that is not known is looked for at once."""
_AWAY_SECONDS = 3.0
"""So long one that failed is not asked again."""
_WELL_KNOWN = "/.well-known/openid-configuration"
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
        self._http = ProviderHttp(settings)
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
        try:
            self.keys(anew=True)
        except ModuleNotFoundError as error:
            raise UsageError(
                f"signing people in takes {error.name}, which is not installed",
                hint="install the extra: pip install 'couponhub[console]'",
            ) from None
        return f"the provider {self._http.host} signs people in"

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
        status, content = self._http.asked("POST", url, headers=headers, body=body.encode())
        found = self._http.object_in(status, content, "token endpoint", takes_errors=True)
        if status != HTTPStatus.OK or "error" in found:
            raise self._refused(status, found.get("error"))
        token, access = found.get("id_token"), found.get("access_token")
        if not isinstance(token, str):
            raise self._http.odd("it gave no id_token for the code")
        return GivenTokens(id_token=token, access_token=access if isinstance(access, str) else None)

    def told_of(self, access_token: str) -> Mapping[str, Any]:
        """Return what else the provider says of whoever has that token; nothing where it says so nowhere.

        Raises:
            CouponhubError: It does not answer.
        """
        address = self.described().userinfo
        if address is None:
            return {}
        status, content = self._http.asked(
            "GET", address, headers={"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        )
        return self._http.object_in(status, content, "userinfo endpoint")

    def _read_description(self) -> ProviderDescription:
        status, content = self._http.asked("GET", self.settings.issuer.rstrip("/") + _WELL_KNOWN)
        if status == HTTPStatus.NOT_FOUND:
            raise ConfigError(
                f"[server.oidc] issuer: at {self.settings.issuer} is no provider of OpenID Connect",
                hint=f"it is the address before {_WELL_KNOWN}",
            )
        found = self._http.object_in(status, content, _WELL_KNOWN)
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
            userinfo=safe_address(found, "userinfo_endpoint"),
            sign_out=safe_address(found, "end_session_endpoint"),
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

        status, content = self._http.asked("GET", address)
        listed = self._http.object_in(status, content, "jwks_uri").get("keys")
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
            raise self._http.odd("it names no key that signatures could be checked with")
        return KeySet(keys)

    def _endpoint(self, found: Mapping[str, Any], name: str) -> str:
        address = safe_address(found, name)
        if address is None:
            raise self._http.odd(f"it does not say where its {name} is, or not at an https:// address")
        return address

    def _refused(self, status: int, word: object) -> CouponhubError:
        if word in {"invalid_client", "unauthorized_client"} or status == HTTPStatus.UNAUTHORIZED:
            return ConfigError(
                f"[server.oidc] client_id, client_secret: the provider {self._http.host} does not take them"
            )
        if word == "invalid_grant":
            return AuthRejected(
                f"the provider {self._http.host} takes this sign-in no more", hint="begin again"
            )
        return self._http.odd(f"it refuses the sign-in ({shown(str(word)[:40])}, {status})")


def _method(known: frozenset[str], client_id: str, secret: str | None) -> str:
    """Choose how the client proves itself, of what the provider takes."""
    if secret is None:
        return "none"
    # Providers disagree whether a header's user and password are quoted first, so such characters go in the body.
    is_plain = _UNRESERVED.issuperset(client_id + secret)
    if "client_secret_post" in known and not (is_plain and "client_secret_basic" in known):
        return "client_secret_post"
    return "client_secret_basic"
