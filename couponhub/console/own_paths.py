"""Pages of this console that somebody is led on to: never another host, and never what only a change goes to."""

import re
from urllib.parse import quote

HOME = "/"
_LONGEST = 1000
_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""One slash, and then neither a second one, with which a host would begin, nor a backslash, which browsers take for one."""


def own_path(given: str) -> str:
    """Return an address to go on to, as a browser gave it back; the first page where it is none of ours."""
    return given if len(given) <= _LONGEST and _PATH.fullmatch(given) else HOME


def with_way_back(address: str, path: str) -> str:
    """Return an address that remembers where to go on to."""
    path = own_path(path)
    return address if path == HOME else f"{address}{'&' if '?' in address else '?'}to={quote(path, safe='/')}"
