"""A look at a file at somebody else's address, within narrow bounds."""

import re
from collections.abc import Mapping

import attrs
import requests
from requests.auth import HTTPBasicAuth
from urllib3.exceptions import HTTPError

from couponhub.models import FileUrl
from couponhub.transport.breakage import translated
from couponhub.transport.session import CHUNK, ReplyTooLarge, bounded, harden
from couponhub.transport.settings import TransportSettings

_SECONDS = 5.0
_LENGTH = re.compile(r"[0-9]{1,18}", re.ASCII)
_RANGE = re.compile(r"bytes (?:[0-9]+-[0-9]+|\*)/([0-9]{1,18})", re.ASCII)


def size_of(file: FileUrl, settings: TransportSettings) -> int | None:
    """Bytes of a file as its host tells them; None where it does not, in time and without a redirect.

    Its first byte is all that is ever fetched. The credentials of the address go to its host, and nothing of
    this machine's goes with them. The address may be a right in itself: it is in no log and in no error.

    Args:
        file: Where the file lies.
        settings: Proxy and authorities of the connection that it is meant for; its times are shortened.
    """
    with requests.Session() as session:
        harden(session, attrs.evolve(settings, pool_size=1))
        # A packed answer would tell the size of the pack.
        session.headers["Accept-Encoding"] = "identity"
        try:
            told = _told(session, "HEAD", file, {})
            return _told(session, "GET", file, {"Range": "bytes=0-0"}) if told is None else told
        except (requests.RequestException, HTTPError, OSError, ValueError):
            return None


def fetched(url: str, settings: TransportSettings) -> tuple[int, bytes]:
    """Return the status and the body, of at most 64 KiB, of what lies at an address, asked for with nothing but that.

    Args:
        url: The address, which may be a right in itself: it is in no log and in no error.
        settings: Proxy and authorities; the times are shortened.

    Raises:
        CouponhubError: Nobody answers there, or not in time, or it is no HTTP or too long.
    """
    try:
        with requests.Session() as session:
            harden(session, attrs.evolve(settings, pool_size=1))
            with session.get(url, timeout=_SECONDS, stream=True, allow_redirects=False) as answer:
                return answer.status_code, bounded(answer.iter_content(CHUNK), CHUNK)
    except (requests.RequestException, HTTPError, ReplyTooLarge, OSError, ValueError) as error:
        fault = translated(error, max_bytes=CHUNK, peer="the address")
    raise fault  # outside of the handler: what would be chained quotes the address


def _told(session: requests.Session, method: str, file: FileUrl, headers: Mapping[str, str]) -> int | None:
    auth = None
    if file.username is not None or file.password is not None:
        # As bytes: requests would encode text in Latin-1, and fail where that does not do.
        password = "" if file.password is None else file.password.reveal()
        auth = HTTPBasicAuth((file.username or "").encode(), password.encode())
    with session.request(
        method, file.url, headers=headers, auth=auth, timeout=_SECONDS, stream=True, allow_redirects=False
    ) as answer:
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            return None
        if answer.status_code == 206:
            found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
            return int(found[1]) if found else None
        length = _LENGTH.fullmatch(answer.headers.get("Content-Length", ""))
        return int(length[0]) if length and answer.status_code == 200 else None
