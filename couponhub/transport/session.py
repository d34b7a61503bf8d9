"""requests, made safe to speak to vendors with."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import quote_plus

import attrs
import requests
from requests.utils import check_header_validity
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import DecodeError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry, Timeout

from couponhub._version import UNKNOWN, installed_version
from couponhub.forking import PerProcess
from couponhub.rights import proof
from couponhub.transport.exchange import MultipartStream, ProvenBody, Reply, Request
from couponhub.transport.headers import SentHeaders
from couponhub.transport.pool import TimedAdapter
from couponhub.transport.redaction import redact_library_logs
from couponhub.transport.settings import TransportSettings

CHUNK = 64 * 1024
"""Bytes of a body that are read at once."""
_NEVER_AGAIN = Retry(total=False)
_UNRESERVED = re.compile(r"[A-Za-z0-9_.\-~]+")

TakeMemory = Callable[[int], None]
"""Is told so many bytes of memory before they are used; raises when there are none."""


class VendorSession:
    """Sends requests through the connections of requests' own adapter, made ready once. Thread-safe.

    `Session.request` and the adapter's `send` merge settings, parse the URL, look for a proxy, cookies and hooks
    and build a response of their own for each call, which costs more than the call. Here each base address goes
    through all that once, and a call goes to the pool that came of it. Each process has its own connections: two
    that read from one would be handed each other's answers.
    """

    def __init__(
        self, settings: TransportSettings, request_id_headers: tuple[str, ...] = ("x-request-id",)
    ) -> None:
        self._request_id_headers = request_id_headers
        self._own = PerProcess(lambda: _Connections(settings))
        self._own.get()  # what cannot be made fails now

    def exchange(
        self,
        request: Request,
        base_url: str,
        headers: SentHeaders,
        stream: MultipartStream | None,
        timeout: Timeout,
        *,
        max_bytes: int,
        take: TakeMemory,
    ) -> Reply:
        """Send one request and read the whole answer.

        Args:
            request: Its method, path, query and body count here.
            base_url: What the path is appended to.
            headers: Beside those that every request has, spelled as these.
            stream: The form that stands for a body.
            timeout: For this exchange.
            max_bytes: How long the answer may be.
            take: Is told the memory that the answer takes, before it is taken.

        Raises:
            UsageError: JSON has no form for the body.
            requests.exceptions.InvalidHeader: A header cannot be sent.
            requests.exceptions.InvalidURL: The base address is none.
            ReplyTooLarge: The answer is longer than it may be.
            CouponhubError: Whatever `take` raises, or the proof of the right to a change.
        """
        own = self._own.get()
        route = own.routes.get(base_url) or own.route(base_url)
        body = _proven(request, stream or request.encoded_body())
        sent = {**own.headers, **headers.revealed()}
        for header in sent.items():
            check_header_validity(header)
        if body is not None:
            sent["Content-Length"] = str(len(body))
        elif request.method not in {"GET", "HEAD", "OPTIONS"}:
            sent["Content-Length"] = "0"
        response = route.pool.urlopen(
            request.method,
            f"{route.prefix}{request.path}{_in_url(request.query)}",
            body=body,
            headers=sent,
            retries=_NEVER_AGAIN,
            redirect=False,
            assert_same_host=False,
            timeout=timeout,
            preload_content=False,
            decode_content=False,
        )
        return Reply(
            status=response.status,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=self._read(response, max_bytes, take),
            request_id_headers=self._request_id_headers,
        )

    def close(self) -> None:
        """Close the pooled connections."""
        self._own.get().close()

    def _read(self, response: BaseHTTPResponse, max_bytes: int, take: TakeMemory) -> bytes:
        try:
            if "," in response.headers.get("Content-Encoding", ""):
                # Each layer multiplies what a few bytes can become by a thousand, before anybody can count it.
                raise DecodeError("compressed several times")  # noqa: TRY301 - it ends as any other failure to read does
            return bounded(response.stream(CHUNK, decode_content=True), max_bytes, take)
        except BaseException:
            response.close()
            raise
        finally:
            response.release_conn()


class _Connections:
    """The pools of one process, by base address."""

    def __init__(self, settings: TransportSettings) -> None:
        session = requests.Session()
        self._adapter = harden(session, settings)
        self._verify = session.verify or True
        self._settings = settings
        self.headers = {name: str(value) for name, value in session.headers.items()}
        self.routes: dict[str, _Route] = {}

    def route(self, base_url: str) -> "_Route":
        prepared = requests.Request("GET", base_url).prepare()
        adapter, url, proxies = self._adapter, prepared.url or "", _proxies(self._settings)
        pool: Any = adapter.get_connection_with_tls_context(prepared, self._verify, proxies)
        adapter.cert_verify(pool, url, self._verify, None)  # type: ignore[no-untyped-call] # theirs
        route = _Route(pool, adapter.request_url(prepared, proxies).rstrip("/"))
        self.routes[base_url] = route
        return route

    def close(self) -> None:
        self.routes.clear()
        self._adapter.close()


@attrs.frozen
class _Route:
    """The way that the requests of a base address go.

    Attributes:
        pool: Its connections.
        prefix: What stands before a target on the wire: the base's path, and its host where a proxy wants it.
    """

    pool: HTTPConnectionPool
    prefix: str


def _proven(
    request: Request, body: bytes | MultipartStream | None
) -> bytes | MultipartStream | ProvenBody | None:
    """Return a body whose end goes out only where the right to it has held; without a body that is asked at once."""
    prove = proof() if request.changes else None
    if prove is None:
        return body
    if not body:
        prove()
        return body
    return ProvenBody(body, prove)


def _in_url(query: Sequence[tuple[str, str]]) -> str:
    """Return the text behind a path, as `urllib.parse.urlencode` has it."""
    return f"?{'&'.join(f'{_quoted(name)}={_quoted(text)}' for name, text in query)}" if query else ""


def _quoted(text: str) -> str:
    # Most need no quoting, and the library takes ten times as long to see that.
    return text if _UNRESERVED.fullmatch(text) else quote_plus(text)


class ReplyTooLarge(Exception):  # noqa: N818 - never leaves this package
    """The reply went over the bound."""


def harden(session: requests.Session, settings: TransportSettings) -> TimedAdapter:
    """Make a session keep nothing, trust nothing of the environment, and repeat nothing by itself.

    Returns:
        The adapter that it uses from now on.
    """
    redact_library_logs()
    # With trust_env, requests applies .netrc credentials and the environment's proxies.
    session.trust_env = False
    session.verify = settings.ca_bundle or True
    session.proxies = _proxies(settings)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["User-Agent"] = _user_agent()
    # requests offers further encodings when libraries for them are installed; these two are enough.
    session.headers["Accept-Encoding"] = "gzip, deflate"
    adapter = TimedAdapter(pool_connections=4, pool_maxsize=settings.pool_size, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return adapter


def _proxies(settings: TransportSettings) -> dict[str, str]:
    return {scheme: settings.proxy.reveal() for scheme in ("http", "https")} if settings.proxy else {}


def bounded(chunks: Iterable[bytes], max_bytes: int, take: TakeMemory = lambda _: None) -> bytes:
    """A whole body, decompressed. How long it may take is the connection's affair, see `pool`.

    Twice its length is taken: by its pieces, and then by the whole.

    Raises:
        ReplyTooLarge: It has more than `max_bytes` bytes.
    """
    kept: list[bytes] = []
    size = 0
    try:
        for chunk in chunks:
            size += len(chunk)
            if size > max_bytes:
                raise ReplyTooLarge
            take(2 * len(chunk))
            kept.append(chunk)
        return b"".join(kept)
    finally:
        kept.clear()  # an error would hold it


@cache
def _user_agent() -> str:
    # Once: the metadata of a distribution are read from the disk.
    known = installed_version()
    return "couponhub" if known == UNKNOWN else f"couponhub/{known}"
