"""Files of a web server, over HTTPS: certificates are checked, nothing is repeated, and a redirect keeps to HTTPS.

The texts of the libraries beneath quote addresses: nothing is kept of them.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPException
from typing import NoReturn
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError, NameResolutionError

from couponhub.clock import Deadline
from couponhub.errors import (
    AuthRejected,
    CouponhubError,
    NotFound,
    PermissionDenied,
    RateLimited,
    RequestRejected,
    UsageError,
    VendorUnavailable,
)
from couponhub.intake.addresses import FileAddress
from couponhub.intake.fetching import RemoteContent
from couponhub.settings import is_plain_http
from couponhub.transport.session import harden
from couponhub.transport.settings import TransportSettings

_CONNECT_SECONDS, _SILENT_SECONDS = 10.0, 60.0
_MOST_REDIRECTS = 5
_BLOCK = 1 << 20
_PLAIN = {"", "identity"}
_PACKED = {"gzip", "x-gzip", "zstd"}
"""Encodings that a code file may have as it lies there; it is unpacked as any packed file is."""


@contextmanager
def opened_web_file(address: FileAddress, deadline: Deadline) -> Iterator[RemoteContent]:
    """Ask for a file; its bytes come while it is open.

    Raises:
        CouponhubError: It does not come; see `local_copy`.
    """
    with requests.Session() as session:
        harden(session, TransportSettings())
        session.headers["Accept-Encoding"] = "identity"
        session.verify = os.environ.get("SSL_CERT_FILE") or True
        for scheme in ("https://", "http://"):
            session.mount(scheme, HTTPAdapter(max_retries=0))
        response = _answer(session, address, deadline)
        try:
            _check(response, address)
            yield RemoteContent(
                blocks=_blocks(response, address), size=_size(response), changed_at=_changed_at(response)
            )
        finally:
            response.close()


def _answer(session: requests.Session, address: FileAddress, deadline: Deadline) -> requests.Response:
    url = address.url
    for _ in range(_MOST_REDIRECTS + 1):
        response = _asked(session, url, address, deadline)
        if not response.is_redirect:
            return response
        response.close()
        target = urljoin(url, response.headers["Location"])
        if urlsplit(target).scheme != urlsplit(url).scheme or is_plain_http(target):
            raise RequestRejected(
                f"{address.shown} leads on to an address that is not of {address.scheme}://"
            )
        url = target
    raise RequestRejected(
        f"{address.shown} leads on from address to address, more than {_MOST_REDIRECTS} times"
    )


def _asked(
    session: requests.Session, url: str, address: FileAddress, deadline: Deadline
) -> requests.Response:
    fault: CouponhubError
    try:
        return session.get(
            url,
            allow_redirects=False,
            stream=True,
            timeout=(_CONNECT_SECONDS, max(0.001, min(_SILENT_SECONDS, deadline.remaining()))),
            proxies=get_environ_proxies(url),
        )
    except requests.exceptions.SSLError:
        fault = VendorUnavailable(
            f"the certificate of the server of {address.shown} is not trusted, or it speaks no TLS",
            hint="SSL_CERT_FILE names a PEM file of the authorities to trust",
            retryable=False,
        )
    except requests.exceptions.Timeout:
        fault = VendorUnavailable(f"the server of {address.shown} does not answer", too_slow=True)
    except requests.exceptions.ConnectionError as error:
        reason = getattr(error.args[0] if error.args else None, "reason", None)
        fault = VendorUnavailable(
            f"there is no host of the name in {address.shown}, or it cannot be asked for"
            if isinstance(reason, NameResolutionError)
            else f"the server of {address.shown} cannot be reached",
            sent=False,
        )
    except (requests.exceptions.RequestException, ValueError):
        fault = UsageError(f"{address.shown} is no address that can be asked for")
    raise fault  # outside of the handlers: what would be chained quotes the address


def _check(response: requests.Response, address: FileAddress) -> None:
    status = response.status_code
    if status != HTTPStatus.OK:
        _refuse(status, response.headers.get("Retry-After", ""), address)
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _PLAIN | _PACKED:
        raise UsageError(
            f"{address.shown} comes packed in a way that is not read here",
            hint="let it come as it is, or as gzip",
        )


def _refuse(status: int, retry_after: str, address: FileAddress) -> NoReturn:
    told = f"{address.shown}: the server answers {status}"
    match status:
        case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
            raise NotFound(f"{told}, there is no such file", status=status)
        case HTTPStatus.UNAUTHORIZED:
            raise AuthRejected(f"{told}, it wants to know who asks", status=status)
        case HTTPStatus.FORBIDDEN:
            raise PermissionDenied(
                f"{told}, it does not give the file",
                status=status,
                hint="a signed address ends: have it made anew",
            )
        case HTTPStatus.TOO_MANY_REQUESTS:
            seconds = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else None
            raise RateLimited(f"{told}, it is asked too often", status=status, retry_after=seconds)
        case _ if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise VendorUnavailable(told, status=status)
    raise RequestRejected(f"{told}, and no file", status=status)


def _size(response: requests.Response) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _changed_at(response: requests.Response) -> datetime | None:
    try:
        moment = parsedate_to_datetime(response.headers.get("Last-Modified", ""))
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else None


def _blocks(response: requests.Response, address: FileAddress) -> Iterator[bytes]:
    while True:
        try:
            # What has come, so that whoever counts the time sees each bit of what drips in.
            block = response.raw.read1(_BLOCK, decode_content=False)
        except (HTTPError, HTTPException, OSError):
            block = None
        if block is None:
            raise VendorUnavailable(
                f"{address.shown} came cut off: the server fell silent, or broke off",
                hint="the same command fetches it anew",
            )
        if not block:
            return
        yield block
