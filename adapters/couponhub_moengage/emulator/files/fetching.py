"""The calls of the vendor itself: it downloads coupon files, reads them, and calls back. No state, no lock."""

import csv
import io
import time
from collections.abc import Mapping
from typing import Any

import requests
import urllib3
from requests.auth import HTTPBasicAuth

COLUMN = "Coupon Code"
CHUNK = 65_536
REDIRECTS = 5


class Unfetched(Exception):  # noqa: N818 - an outcome, expected as much as success
    """A file could not be downloaded."""


class UnreadableFile(Exception):  # noqa: N818 - an outcome, expected as much as success
    """A downloaded file holds no codes as the vendor wants them."""


def download(
    url: str, credentials: tuple[str, str] | None, *, timeout_seconds: float, byte_limit: int
) -> bytes:
    """Fetch a file once, within the given time however slowly it comes.

    Raises:
        Unfetched: No answer, another status than 200, or more decompressed bytes than allowed (0 allows any).
    """
    deadline = time.monotonic() + timeout_seconds
    content = bytearray()
    try:
        with (
            _session() as session,
            session.get(url, auth=_basic(credentials), timeout=timeout_seconds, stream=True) as response,
        ):
            if response.status_code != 200:
                raise Unfetched(f"HTTP status {response.status_code}")
            while chunk := response.raw.read1(CHUNK, decode_content=True):
                content += chunk
                if byte_limit and len(content) > byte_limit:
                    raise Unfetched("larger than allowed")
                if time.monotonic() > deadline:
                    raise Unfetched("too slow")
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        raise Unfetched(type(error).__name__) from None
    return bytes(content)


def read_codes(content: bytes) -> list[str]:
    """The codes of a CSV file in its order, repetitions included; a byte order mark and CRLF are fine.

    Raises:
        UnreadableFile: It is no UTF-8, no CSV, or has no column with exactly the documented header.
    """
    try:
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        header = next(rows, [])
        if COLUMN not in header:
            raise UnreadableFile("no such column")
        column = header.index(COLUMN)
        return [row[column] for row in rows if len(row) > column and row[column].strip()]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableFile(type(error).__name__) from None


def call_back(url: str, body: Mapping[str, Any], *, timeout_seconds: float) -> bool:
    """Tell a callback's address about a file; says whether it answered with 2xx."""
    try:
        with (
            _session() as session,
            session.post(
                url, json=body, timeout=timeout_seconds, stream=True, allow_redirects=False
            ) as response,
        ):
            return 200 <= response.status_code < 300
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError):
        return False


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # neither proxies nor a .netrc of this machine
    session.max_redirects = REDIRECTS
    session.headers["User-Agent"] = "couponhub-emulator (moengage)"
    return session


def _basic(credentials: tuple[str, str] | None) -> HTTPBasicAuth | None:
    # As bytes: requests would encode text in Latin-1, and fail where that does not do.
    return HTTPBasicAuth(credentials[0].encode(), credentials[1].encode()) if credentials else None
