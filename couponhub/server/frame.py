"""What stands around every request: its id, its time, its line in the access log, its place in the metrics."""

import os
import random
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

import attrs

from couponhub.server.access import NOBODY, Caller
from couponhub.server.metrics import Metrics
from couponhub.server.operations import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})
_NONE = "-"
_TOGETHER_SECONDS = 0.05


@attrs.define
class Framed:
    """What is noted of a request: every text in it is one of ours, or was checked.

    Attributes:
        route: The path of its operation, with parameters in braces, never the address itself.
    """

    request_id: str
    method: str
    started: float
    route: str = _NONE
    caller: Caller = NOBODY


class AccessLog:
    """A line of JSON for each request: its route, never its address, so that nothing a caller wrote is in it.

    Lines are written together, a moment later, beside the requests: each write would let other threads in.

    Args:
        write: Takes lines, whole; stderr by default.
    """

    def __init__(self, write: Callable[[bytes], object] | None = None) -> None:
        self._write = write or (lambda lines: os.write(2, lines))
        self._lines: deque[str] = deque()
        self._waiting = threading.Event()
        self._second = (0, "")
        threading.Thread(target=self._run, name="access-log", daemon=True).start()

    def note(self, framed: Framed, *, status: int, seconds: float, size: int) -> None:
        """Write the line of one request, soon."""
        self._lines.append(
            f'{{"time":"{self._now()}","method":"{framed.method}","route":"{framed.route}","status":{status},'
            f'"ms":{seconds * 1000:.2f},"bytes":{size},"token":"{framed.caller.token_id or _NONE}",'
            f'"request_id":"{framed.request_id}"}}\n'
        )
        if not self._waiting.is_set():
            self._waiting.set()

    def flush(self) -> None:
        """Write now what waits."""
        lines = []
        with suppress(IndexError):
            while True:
                lines.append(self._lines.popleft())
        if lines:
            with suppress(OSError):  # whoever read it went away, which is no fault of the requests'
                self._write("".join(lines).encode())

    def _run(self) -> None:
        while self._waiting.wait():
            time.sleep(_TOGETHER_SECONDS)
            self._waiting.clear()
            self.flush()

    def _now(self) -> str:
        now = time.time()
        second, text = self._second
        if second != int(now):
            second = int(now)
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = (second, text)
        return f"{text}.{int(now % 1 * 1000):03}Z"


class Frame:
    """Begins and ends requests."""

    def __init__(self, log: AccessLog, metrics: Metrics) -> None:
        self._log = log
        self._metrics = metrics
        self._random = random.Random()  # noqa: S311 - an id is no secret, and the system's own take longer

    def begin(self, environ: "WSGIEnvironment") -> Framed:
        """A request comes in; an id that it brings along is kept if it is a sane one."""
        given = environ.get("HTTP_X_REQUEST_ID")
        request_id = given if given and _SANE_ID.fullmatch(given) else f"{self._random.getrandbits(64):016x}"
        method = environ["REQUEST_METHOD"]
        return Framed(request_id, method if method in _METHODS else _NONE, time.perf_counter())

    def ended(self, framed: Framed, reply: Reply) -> Iterable[bytes]:
        """What is sent; a stream ends with its last piece, or when its reader goes away."""
        if isinstance(reply.content, bytes):
            self._end(framed, reply.status, len(reply.content))
            return [reply.content]
        return self._watched(framed, reply.status, reply.content)

    def _watched(self, framed: Framed, status: int, pieces: Generator[bytes]) -> Generator[bytes]:
        size = 0
        try:
            for piece in pieces:
                size += len(piece)
                yield piece
        finally:
            pieces.close()
            self._end(framed, status, size)

    def _end(self, framed: Framed, status: int, size: int) -> None:
        seconds = time.perf_counter() - framed.started
        self._log.note(framed, status=status, seconds=seconds, size=size)
        self._metrics.request_ended(framed.method, framed.route, status, seconds)
