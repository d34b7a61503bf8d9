"""Fetching OAuth 2 tokens through requests-oauthlib, hardened like every other call. Fetching only."""

from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import requests
from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session

from couponhub.settings import is_loopback_url
from couponhub.transport.session import CHUNK, bounded, harden
from couponhub.transport.settings import TransportSettings

_MAX_TOKEN_REPLY_BYTES = 1024 * 1024


class TokenSession(OAuth2Session):
    """An `OAuth2Session` for the client-credentials grant, without redirects, cookies or `.netrc`.

    OAuth demands TLS, and the library knows one switch that turns the demand off for the whole process.
    Here it is relaxed for loopback, and for the one host of a connection that says `allow_http`: the library is shown
    the https form of such an address, and `request` speaks to the http one that was meant. No token ever travels
    through this session.
    """

    def __init__(self, client_id: str, settings: TransportSettings) -> None:
        super().__init__(client=BackendApplicationClient(client_id=client_id))
        harden(self, settings)
        self._settings = settings
        self._plain_host: str | None = None

    def fetch_token(self, token_url: str, **arguments: Any) -> Any:  # type: ignore[override]
        """Fetch a token from `token_url`; see `OAuth2Session.fetch_token`."""
        self._plain_host = None
        if token_url.startswith("http://") and (self._settings.allow_http or is_loopback_url(token_url)):
            self._plain_host = urlsplit(token_url).netloc
            token_url = f"https://{token_url.removeprefix('http://')}"
        return super().fetch_token(token_url, **arguments)

    def request(self, method: str, url: str, **arguments: Any) -> requests.Response:  # type: ignore[override]
        """Send as a plain session does: bounded in time and size, redirects never followed."""
        if self._plain_host is not None and urlsplit(url).netloc == self._plain_host:
            url = f"http://{url.removeprefix('https://')}"
        arguments |= {
            "allow_redirects": False,
            "stream": True,
            "timeout": (self._settings.connect_timeout, self._settings.timeout),
        }
        response = requests.Session.request(self, method, url, **arguments)
        with closing(response):
            body = bounded(response.iter_content(CHUNK), _MAX_TOKEN_REPLY_BYTES)
        response._content = body  # noqa: SLF001 - requests has no public way to hand over a body read with a bound
        return response
