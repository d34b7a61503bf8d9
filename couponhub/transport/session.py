"""requests, made safe to speak to vendors with."""

from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import version

import requests
from requests.adapters import HTTPAdapter

from couponhub.transport.deadline import Deadline
from couponhub.transport.redaction import redact_library_logs
from couponhub.transport.settings import TransportSettings

_CHUNK = 64 * 1024


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
    session.headers["User-Agent"] = f"couponhub/{version('couponhub')}"
    pool = HTTPAdapter(pool_connections=4, pool_maxsize=settings.pool_size, max_retries=0, pool_block=False)
    session.mount("https://", pool)
    session.mount("http://", pool)


def hardened_session(settings: TransportSettings) -> requests.Session:
    """A new session, hardened; safe to share between threads as couponhub uses it."""
    session = requests.Session()
    harden(session, settings)
    return session


def read_body(response: requests.Response, max_bytes: int, deadline: Deadline) -> bytes:
    """The whole body, decompressed.

    Raises:
        ReplyTooLarge: It has more than `max_bytes` bytes after decompression.
        requests.exceptions.ReadTimeout: It did not end before the deadline, however steadily it dripped.
    """
    chunks: list[bytes] = []
    size = 0
    try:
        for chunk in response.iter_content(_CHUNK):
            size += len(chunk)
            if size > max_bytes:
                raise ReplyTooLarge
            if deadline.remaining() == 0.0:
                raise requests.exceptions.ReadTimeout
            chunks.append(chunk)
    finally:
        response.close()
    return b"".join(chunks)
