"""Paths that come from outside, checked so that they cannot leave the place they are put into.

urllib3 decodes `%2e` and then resolves `..` before it sends, so that an innocent-looking text can reach
another endpoint than the one that was meant, with our credentials.
"""

import re
from urllib.parse import quote, unquote

from couponhub.errors import UsageError

_PATH_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@%/]+")
_SCHEME = re.compile(r"/?[A-Za-z][A-Za-z0-9+.\-]*:/")
_HINT = "give a path relative to the vendor's base address, such as /things/42"


def checked_relative_path(path: str) -> str:
    """The path with one slash before it, sure to stay beneath the base URL that it is appended to.

    Raises:
        UsageError: It is empty, an absolute URL, holds `//`, `.` or `..` segments (also percent-encoded, once
            or several times), a backslash, a query, a fragment, or characters that no URL path may hold.
    """
    if _SCHEME.match(path):
        raise UsageError("an absolute URL is refused here", hint=_HINT)
    if "?" in path or "#" in path:
        raise UsageError("the path holds ? or #", hint="give parameters as the query, apart from the path")
    if not _PATH_CHARACTERS.fullmatch(path):
        raise UsageError("the path is empty or holds characters that must be percent-encoded", hint=_HINT)
    decoded = _wholly_decoded(path)
    if "//" in decoded or "\\" in decoded or not decoded.isprintable():
        raise UsageError("the path holds //, a backslash or a control character", hint=_HINT)
    # Some servers take what follows a semicolon for parameters: "..;x" is ".." to them.
    if any(segment.partition(";")[0] in {".", ".."} for segment in decoded.split("/")):
        raise UsageError("the path holds a . or .. segment", hint=_HINT)
    return path if path.startswith("/") else f"/{path}"


def path_segment(value: str) -> str:
    """The id or other text, percent-encoded to stand as one segment of a path.

    Raises:
        UsageError: It can be none: blank, `.`, `..`, or not encodable.
    """
    # Dots alone cannot be escaped: decoders turn %2e back before they resolve the path.
    if not value.strip() or value in {".", ".."}:
        raise UsageError("an id is blank or consists of dots, and can name nothing")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise UsageError("an id holds characters that cannot be sent") from None


def _wholly_decoded(path: str) -> str:
    while (decoded := unquote(path)) != path:
        path = decoded
    return path
