"""Addresses of code files: https, and object stores. A query or a password in one is a right in itself, and is never shown."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import attrs

from couponhub.errors import UsageError
from couponhub.settings import is_loopback_url

STORES = ("s3", "gs", "az")
_WEB = ("https", "http")
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_PASSWORD = re.compile(r"^([^/]+://)[^/]*@")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")


@attrs.frozen
class FileAddress:
    """The address of a file.

    Attributes:
        url: All of it. A right in itself: never log it.
        scheme: https, http, s3, gs or az.
        shown: For people: without a user, a password, a query and a fragment.
    """

    url: str = attrs.field(repr=False)
    scheme: str
    shown: str

    @property
    def name(self) -> str:
        """The last word of its path; "" where it has none."""
        path = self.shown.partition("://")[2].partition("/")[2]
        return (unquote(path) if self.scheme in _WEB else path).rpartition("/")[2]

    @property
    def bucket(self) -> str:
        """The bucket, or the container, of an object store."""
        return self.url.partition("://")[2].partition("/")[0]

    @property
    def key(self) -> str:
        """The name of the object in it."""
        return self.url.partition("://")[2].partition("/")[2]


def is_address(source: object) -> bool:
    """Tell an address from a path; a file that is called like one is a file."""
    return isinstance(source, str) and _ADDRESS.match(source) is not None and not _exists(source)


def shown_address(text: str) -> str:
    """Return a text without what must not be shown of it where it is an address, which need not be a good one."""
    if not _ADDRESS.match(text):
        return text
    return _PASSWORD.sub(r"\1", re.split(r"[?#]", text, maxsplit=1)[0])


def address_of(text: str) -> FileAddress:
    """Read the address of a code file.

    Raises:
        UsageError: It names no file, would travel where others can read it, or is of a kind that is not read.
    """
    scheme, shown = text.partition("://")[0].lower(), shown_address(text)
    if scheme in STORES:
        _check_object(text, shown)
    elif scheme in _WEB:
        _check_web(text, scheme, shown)
    else:
        raise UsageError(
            f"{shown}: codes are read from files, and from addresses that begin with https, s3, gs or az",
            hint="fetch it with another tool, and give its output as -",
        )
    return FileAddress(url=text, scheme=scheme, shown=shown)


def _check_object(text: str, shown: str) -> None:
    bucket, _, key = text.partition("://")[2].partition("/")
    is_whole = bool(_BUCKET.fullmatch(bucket) and key) and not key.endswith("/") and "//" not in key
    if not is_whole or "?" in text or "#" in text or not key.isprintable():
        raise UsageError(
            f"{shown} names no object", hint="s3://BUCKET/NAME, or gs:// or az:// in place of s3://"
        )


def _check_web(text: str, scheme: str, shown: str) -> None:
    try:
        parts = urlsplit(text)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    # A backslash or a blank: libraries disagree where the host ends.
    if not is_whole or "\\" in text or " " in text or not text.isprintable():
        raise UsageError(f"{shown} is no address", hint="blanks in one are written %20")
    if scheme == "http" and not is_loopback_url(text):
        raise UsageError(
            f"{shown}: codes are not read over http:// from another machine, where whoever is on the way reads and"
            " changes them",
            hint="use https://",
        )


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return False
