"""HTTP to a provider of OpenID Connect: bounded in time and size, and its faults told as ours.

The one place that does it, with requests as vendors are spoken to: nothing of the environment, no cookie and no redirect has a say.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests

from couponhub.config import OidcSettings
from couponhub.errors import ConfigError, CouponhubError, UnreadableReply, VendorUnavailable
from couponhub.settings import is_loopback_url
from couponhub.transport.breakage import translated
from couponhub.transport.session import CHUNK, bounded, harden
from couponhub.transport.settings import TransportSettings

_MOST_BYTES = 1 << 20
_MEANWHILE = "signing in with a token works meanwhile"
_REDIRECTS = range(300, 400)


class ProviderHttp:
    """Asks the provider. Thread-safe.

    Args:
        settings: Which one.
    """

    def __init__(self, settings: OidcSettings) -> None:
        self._settings = settings
        self.host = urlsplit(settings.issuer).netloc

    def asked(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, bytes]:
        """Return the status and the body of an answer.

        Raises:
            CouponhubError: None came. The libraries' own errors are left behind, for they quote addresses.
        """
        settings = self._settings
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
        raise self.told(fault)

    def object_in(
        self, status: int, content: bytes, what: str, *, takes_errors: bool = False
    ) -> Mapping[str, Any]:
        """Return the object of an answer.

        Args:
            status: Of the answer.
            content: Of the answer.
            what: Whose answer it is, for people.
            takes_errors: Take the object of an error, too.

        Raises:
            CouponhubError: It is none.
        """
        if status in _REDIRECTS:
            raise ConfigError(
                f"[server.oidc] issuer: the provider {self.host} leads elsewhere from its {what}, which is not followed",
                hint="write the address that it leads to",
            )
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise self.told(VendorUnavailable(f"its {what} answers {status}", status=status))
        if status != HTTPStatus.OK and not takes_errors:
            raise self.odd(f"its {what} answers {status}")
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise self.odd(f"its {what} answers no JSON object")
        return found

    def odd(self, text: str) -> UnreadableReply:
        """Return the error of an answer that no provider gives."""
        return UnreadableReply(f"the provider {self.host}: {text}", hint=_MEANWHILE)

    def told(self, fault: CouponhubError) -> CouponhubError:
        """Return an error of the way there, with the provider's name in it."""
        return fault.reworded(
            message=f"the provider {self.host}: {fault.message}", hint=fault.hint or _MEANWHILE
        )


def safe_address(found: Mapping[str, Any], name: str) -> str | None:
    """Return an address that the provider names; None for none, and for one to which secrets must not travel."""
    address = found.get(name)
    if not isinstance(address, str) or not address.isascii() or not address.isprintable() or " " in address:
        return None
    try:
        parts = urlsplit(address)
        safe = bool(parts.hostname) and (
            parts.scheme == "https" or (parts.scheme == "http" and is_loopback_url(address))
        )
    except ValueError:
        return None
    return address if safe else None
