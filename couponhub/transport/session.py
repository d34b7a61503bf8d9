"""requests, made safe to speak to vendors with."""

from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version

import requests

from couponhub.transport.pool import TimedAdapter
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
    session.headers["User-Agent"] = _user_agent()
    # requests offers further encodings when libraries for them are installed; these two are enough.
    session.headers["Accept-Encoding"] = "gzip, deflate"
    adapter = TimedAdapter(pool_connections=4, pool_maxsize=settings.pool_size, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)


def hardened_session(settings: TransportSettings) -> requests.Session:
    """A new session, hardened; safe to share between threads as couponhub uses it."""
    session = requests.Session()
    harden(session, settings)
    return session


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
