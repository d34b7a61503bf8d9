"""One file that our own server serves: how it answers for it, and what it keeps of each time that it was fetched."""

import hashlib
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import attrs
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.http import parse_range_header
from werkzeug.utils import send_file
from werkzeug.wrappers import Response

from couponhub.clock import utc_now
from couponhub.models import Fetch

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_MOST_FETCHES = 50
"""Kept of one file; who asks for a byte at a time shall not fill the memory."""


class ServedFile:
    """A file under an address of ours, as long as it is staged. Thread-safe.

    Attributes:
        path: Where it lies.
        url: Where it is fetched. A right in itself: never log it.
        port: Of the server that serves it.
    """

    def __init__(self, path: Path, url: str, port: int) -> None:
        self.path = path
        self.url = url
        self.port = port
        self._lock = threading.Lock()
        self._fetches: deque[_Sending] = deque(maxlen=_MOST_FETCHES)

    @property
    def fetches(self) -> tuple[Fetch, ...]:
        """See `StagedFile.fetches`."""
        with self._lock:
            return tuple(Fetch(at=one.at, bytes=one.sent, range=one.range) for one in self._fetches)

    def answer(self, environ: "WSGIEnvironment") -> Response:
        """Answer a GET or HEAD: whole, a range of it, or that the asker's copy is still good.

        Where nothing of it is sent, nothing is kept as a fetch.
        """
        try:
            size = self.path.stat().st_size
            asked, tag = _without_odd_ranges(environ, size), self._tag(size)
            response: Response = send_file(self.path, asked, mimetype="text/csv", conditional=True, etag=tag)
        except (OSError, HTTPException) as error:
            # A range outside of the file, or a file that has just been released.
            return (error if isinstance(error, HTTPException) else NotFound()).get_response(environ)
        if environ["REQUEST_METHOD"] == "GET" and response.status_code in {200, 206}:
            begin, end = response.content_range.start, response.content_range.stop
            asked_for = None if begin is None or end is None else f"{begin}-{end - 1}"
            blocks = cast("Iterable[bytes]", response.response)  # of a file
            sending = _Sending(blocks, at=utc_now(), range=asked_for)
            with self._lock:
                self._fetches.append(sending)
            response.response = sending
        return response

    def _tag(self, size: int) -> str:
        # The same in the process that serves it again after a crash, where it lies elsewhere and is younger. Nobody is
        # given other codes under an address; rows of people who are to be forgotten may go, and then it is shorter.
        return hashlib.sha256(f"{self.url}:{size}".encode()).hexdigest()[:32]


@attrs.define(eq=False)
class _Sending:
    """The blocks of one answer on their way, counted as they go."""

    blocks: Iterable[bytes]
    at: datetime = attrs.field(kw_only=True)
    range: str | None = attrs.field(kw_only=True)
    sent: int = attrs.field(default=0, init=False)

    def __iter__(self) -> Iterator[bytes]:
        for block in self.blocks:
            self.sent += len(block)  # before it goes: who has got all of it is told with all of it
            yield block

    def close(self) -> None:
        close = getattr(self.blocks, "close", None)
        if close is not None:
            close()


def _without_odd_ranges(environ: "WSGIEnvironment", size: int) -> "WSGIEnvironment":
    """Leave out what RFC 9110 lets a server ignore: several ranges, what is none, and any where HEAD asks.

    The last bytes of a file that has no more than are asked for are the whole of it; werkzeug would refuse them.
    """
    ranges = parse_range_header(environ.get("HTTP_RANGE"))
    if ranges is not None and ranges.units == "bytes" and len(ranges.ranges) == 1:
        begin, _ = ranges.ranges[0]
        if environ["REQUEST_METHOD"] == "GET" and begin > -size:
            return environ
    return {name: value for name, value in environ.items() if name != "HTTP_RANGE"}
