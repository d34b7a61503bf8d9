"""Errors of the libraries beneath when an exchange breaks, told as couponhub's own."""

import ssl
from collections.abc import Iterator
from typing import TypeVar

from requests import exceptions as broken
from urllib3.exceptions import DecodeError, LocationValueError, ProxyError, ReadTimeoutError

from couponhub.errors import ConfigError, CouponhubError, UnreadableReply, VendorUnavailable
from couponhub.transport.pool import NotConnected
from couponhub.transport.session import ReplyTooLarge

E = TypeVar("E", bound=BaseException)


def translated(error: Exception, *, max_bytes: int, peer: str = "the vendor") -> CouponhubError:
    """The error to raise instead of a library's.

    Args:
        error: What was raised.
        max_bytes: How large a reply may be, for the text.
        peer: Who was spoken to, for the text.
    """
    if not_connected := _cause(error, NotConnected):
        return _not_connected(error, not_connected, peer)
    if isinstance(error, ReplyTooLarge):
        return UnreadableReply(f"the reply is larger than {max_bytes} bytes and was not read")
    if isinstance(error, DecodeError):
        return UnreadableReply("the reply's compression is broken")
    if _cause(error, TimeoutError) or _cause(error, ReadTimeoutError):
        return VendorUnavailable("no whole answer came in time", too_slow=True)
    if isinstance(error, ValueError) and isinstance(
        error, (broken.RequestException, LocationValueError, UnicodeError)
    ):
        return ConfigError(
            "the address or the credentials cannot be put into an HTTP request",
            hint="check the address and the credentials for blanks, line breaks and letters beyond Latin ones",
        )
    return VendorUnavailable(f"the connection broke off ({type(error).__name__})")


def _not_connected(error: Exception, not_connected: NotConnected, peer: str) -> VendorUnavailable:
    if isinstance(error, ProxyError):
        return VendorUnavailable(
            "the proxy could not be reached, or refused", sent=False, hint="check the connection's proxy"
        )
    if _cause(not_connected, TimeoutError):
        return VendorUnavailable(f"{peer} could not be reached in time", sent=False, too_slow=True)
    if _cause(not_connected, ssl.SSLCertVerificationError):
        return VendorUnavailable(
            f"{peer}'s certificate was not accepted",
            sent=False,
            hint="check the address, and ca_bundle if a private authority is in use",
        )
    if _cause(not_connected, ssl.SSLError):
        return VendorUnavailable(
            "no TLS connection came about", sent=False, hint="check the address and its port, and ca_bundle"
        )
    return VendorUnavailable(
        f"{peer} could not be reached", sent=False, hint="check the address and the network"
    )


def _cause(error: BaseException, kind: type[E]) -> E | None:
    return next((found for found in _causes(error) if isinstance(found, kind)), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and what it stands for. Never its `__context__`: that may be an earlier call's failure."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        found = waiting.pop()
        if isinstance(found, BaseException) and not any(found is known for known in seen):
            seen.append(found)
            yield found
            waiting += [*found.args, found.__cause__, getattr(found, "reason", None)]
