"""requests, made safe to speak to vendors with."""

from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version

import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import check_header_validity
from urllib3.util import Timeout

from couponhub.transport.exchange import MultipartStream
from couponhub.transport.pool import TimedAdapter
from couponhub.transport.redaction import redact_library_logs
from couponhub.transport.settings import TransportSettings

_CHUNK = 64 * 1024

Body = bytes | MultipartStream | None


class VendorSession:
    """Sends requests through requests' own adapter, without preparing anew what never changes. Thread-safe.

    `Session.request` merges settings, parses the URL and looks at cookies and hooks for each call, which
    costs more than the call. Here the base address goes through all that once.
    """

    def __init__(self, settings: TransportSettings) -> None:
        session = requests.Session()
        harden(session, settings)
        self._headers = {name: str(value) for name, value in session.headers.items()}
        self._verify = session.verify or True
        self._proxies = dict(session.proxies)
        self._adapter = session.get_adapter("https://")

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: Body, timeout: Timeout
    ) -> requests.Response:
        """Send one request; the answer's body is still to be read.

        Args:
            method: The HTTP method.
            url: A prepared base (see `prepared_base`) and what follows it, percent-encoded.
            headers: Beside those that every request has.
            body: Bytes, or a stream that knows its length.
            timeout: For this exchange.

        Raises:
            requests.exceptions.InvalidHeader: A header cannot be sent.
        """
        for header in headers.items():
            check_header_validity(header)
        prepared = requests.PreparedRequest()
        prepared.method = method
        prepared.url = url
        prepared.headers = CaseInsensitiveDict({**self._headers, **headers})
        prepared.body = body  # type: ignore[assignment] # a stream is read like a file, which the stubs do not say
        if body is not None:
            prepared.headers["Content-Length"] = str(len(body))
        elif method not in {"GET", "HEAD", "OPTIONS"}:
            prepared.headers["Content-Length"] = "0"
        return self._adapter.send(
            prepared,
            stream=True,
            timeout=timeout,  # type: ignore[arg-type] # requests takes a Timeout, its stubs do not know
            verify=self._verify,
            proxies=self._proxies,
        )

    def close(self) -> None:
        """Close the pooled connections."""
        self._adapter.close()


def prepared_base(url: str) -> str:
    """A base address in the one form that is sent: host names in ASCII, no slash at the end.

    Raises:
        requests.exceptions.InvalidURL: It is none.
    """
    prepared = requests.Request("GET", url).prepare().url or ""
    return prepared.rstrip("/")


class ReplyTooLarge(Exception):  # noqa: N818 - never leaves this package
    """The reply went over the bound."""


def harden(session: requests.Session, settings: TransportSettings) -> None:
    """Make a session keep nothing, trust nothing of the environment, and repeat nothing by itself."""
    redact_library_logs()
    # With trust_env, requests applies .netrc credentials and the environment's proxies.
    session.trust_env = False
    session.verify = settings.ca_bundle or True
    session.proxies = {"http": settings.proxy, "https": settings.proxy} if settings.proxy else {}
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["User-Agent"] = _user_agent()
    # requests offers further encodings when libraries for them are installed; these two are enough.
    session.headers["Accept-Encoding"] = "gzip, deflate"
    adapter = TimedAdapter(pool_connections=4, pool_maxsize=settings.pool_size, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)


def read_body(response: requests.Response, max_bytes: int) -> bytes:
    """The whole body, decompressed. How long it may take is the connection's affair, see `pool`.

    Raises:
        ReplyTooLarge: It has more than `max_bytes` bytes after decompression.
    """
    chunks: list[bytes] = []
    size = 0
    try:
        for chunk in response.iter_content(_CHUNK):
            size += len(chunk)
            if size > max_bytes:
                raise ReplyTooLarge
            chunks.append(chunk)
    finally:
        response.close()
    return b"".join(chunks)


def _user_agent() -> str:
    try:
        return f"couponhub/{version('couponhub')}"
    except PackageNotFoundError:  # a checkout that is not installed
        return "couponhub"
