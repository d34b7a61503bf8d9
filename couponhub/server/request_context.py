"""The surroundings of every request: its id, its time, its threads, its line in the access log, its place in the metrics."""

import random
import re
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol, TypeVar

import attrs

from couponhub.server.admission import Gate
from couponhub.server.auth import NOBODY, Principal
from couponhub.server.log_format import LogFormat, LogSettings
from couponhub.server.log_lines import LAST_LINES_SECONDS, Lines, lost_record
from couponhub.server.metrics import Metrics
from couponhub.server.operations import OperationResponse

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from couponhub.telemetry.requests import RequestSpan, RequestSpans

T = TypeVar("T")

_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})
_NONE = "-"
_TRACED = "/v1/"
"""Supervisors and Prometheus ask for the rest, over and over."""


@attrs.define(eq=False)
class RequestContext:
    """The notes on a request: every text in them is one of ours, or was checked.

    Attributes:
        route: The path of its operation, with parameters in braces, never the address itself.
        has_body: Whether a body comes along of which something is still to be read.
        is_answered: Whether it got its answer while its body was waited for.
        holds: Whose share of threads it is part of; None for a request that never waits.
        streams: Whether it is a batch of theirs too.
        span: Its part of a trace; None where nothing is traced.
    """

    request_id: str
    method: str
    started: float
    has_body: bool = False
    route: str = _NONE
    caller: Principal = NOBODY
    is_answered: bool = False
    holds: str | None = None
    streams: bool = False
    span: "RequestSpan | None" = None

    def run(self, call: Callable[..., T], *arguments: object) -> T:
        """Call something as a part of the request's span."""
        return call(*arguments) if self.span is None else self.span.run(call, *arguments)


class AccessLog:
    """A line for each request: its route, never its address, so that nothing a caller wrote is in it.

    Args:
        settings: How lines are written; as JSON by default.
        write: Takes lines, whole; stderr by default.
    """

    def __init__(
        self, settings: LogSettings | None = None, write: Callable[[bytes], object] | None = None
    ) -> None:
        settings = settings or LogSettings()
        is_json = settings.format is LogFormat.JSON
        self._line = _json_line if is_json else _text_line
        self._is_told = settings.tells_requests
        formatter = settings.formatter()
        self._lines = Lines(write, lost=lambda count: formatter.format(lost_record(count)))
        self._second = (0, "")

    def note(self, framed: RequestContext, *, status: int, seconds: float, size: int) -> None:
        """Write the line of one request, soon."""
        if not self._is_told:
            return
        self._lines.put(self._line(self._now(), framed, status, seconds * 1000, size))

    def flush(self) -> None:
        """Write now what waits."""
        self._lines.flush()

    def finish(self) -> None:
        """Write what waits at the end of the process, which a reader that is gone does not hold up."""
        self._lines.finish(LAST_LINES_SECONDS)

    def _now(self) -> str:
        now = time.time()
        second, text = self._second
        if second != int(now):
            second = int(now)
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = (second, text)
        return f"{text}.{int(now % 1 * 1000):03}Z"


def _json_line(time_text: str, framed: RequestContext, status: int, ms: float, size: int) -> str:
    trace = "" if framed.span is None else f',"trace_id":"{framed.span.trace_id}"'
    return (
        f'{{"time":"{time_text}","level":"info","method":"{framed.method}","route":"{framed.route}"'
        f',"status":{status},"ms":{ms:.2f},"bytes":{size},"token":"{framed.caller.token_id or _NONE}"'
        f',"request_id":"{framed.request_id}"{trace}}}'
    )


def _text_line(time_text: str, framed: RequestContext, status: int, ms: float, size: int) -> str:
    trace = "" if framed.span is None else f" trace_id={framed.span.trace_id}"
    return (
        f"{time_text} INFO    {framed.method} {framed.route} status={status} ms={ms:.2f} bytes={size}"
        f" token={framed.caller.token_id or _NONE} request_id={framed.request_id}{trace}"
    )


def head_of(framed: RequestContext, reply: OperationResponse) -> list[tuple[str, str]]:
    """All headers of an answer."""
    head = [("X-Request-Id", framed.request_id), *reply.head]
    if framed.has_body:
        # What was not read ends the connection, and who means to go on using it has to know.
        head.append(("Connection", "close"))
    return head


class _Watched:
    """An answer that is sent piece by piece. Its end is told once, also when nobody takes a single piece: no generator could."""

    def __init__(
        self, framed: RequestContext, pieces: Generator[bytes], ended: Callable[[int], None]
    ) -> None:
        self._framed = framed
        self._pieces = pieces
        self._ended = ended
        self._size = 0
        self._is_open = True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            piece: bytes = self._framed.run(next, self._pieces)
        except BaseException:
            self.close()
            raise
        self._size += len(piece)
        return piece

    def close(self) -> None:
        """End it, as its reader does that goes away."""
        if self._is_open:
            self._is_open = False
            self._pieces.close()
            self._ended(self._size)

    def __del__(self) -> None:
        self.close()


class RequestWatch(Protocol):
    """Follows requests, for diagnosis. Must be quick, thread-safe, and never raise."""

    def entered(self, framed: RequestContext) -> None:
        """A request begins, on the thread that answers it."""
        ...

    def failed(self, framed: RequestContext, kind: str, status: int, raised: BaseException) -> None:
        """A request ends in an error of that kind; what was raised may quote a customer, and tells but where it was raised."""
        ...


class RequestScope:
    """Begins and ends requests."""

    def __init__(
        self,
        log: AccessLog,
        metrics: Metrics,
        gate: Gate,
        spans: "RequestSpans | None" = None,
        watch: RequestWatch | None = None,
    ) -> None:
        self._watch = watch
        self._log = log
        self._metrics = metrics
        self._gate = gate
        self._spans = spans
        self._random = random.Random()  # noqa: S311 - an id is no secret, and the system's own take longer

    def begin(self, environ: "WSGIEnvironment") -> RequestContext:
        """A request comes in; an id that it brings along is kept if it is a sane one."""
        self._metrics.request_began()
        given = environ.get("HTTP_X_REQUEST_ID")
        request_id = given if given and _SANE_ID.fullmatch(given) else f"{self._random.getrandbits(64):016x}"
        method = environ["REQUEST_METHOD"]
        has_body = environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ
        framed = RequestContext(
            request_id, method if method in _METHODS else _NONE, time.perf_counter(), has_body
        )
        if self._spans is not None and environ["PATH_INFO"].startswith(_TRACED):
            framed.span = self._spans.begin(environ)
        if self._watch is not None:
            self._watch.entered(framed)
        return framed

    def failed(self, framed: RequestContext, kind: str, status: int, raised: BaseException) -> None:
        """Tell whoever watches that it ends in an error."""
        if self._watch is not None:
            self._watch.failed(framed, kind, status, raised)

    def admit(self, framed: RequestContext, *, streams: bool) -> None:
        """Let it have a thread for as long as it takes; to be done before it waits for anything.

        Raises:
            RateLimited: There are too many requests under way, or too many batches.
        """
        who = framed.caller.token_id or _NONE
        self._gate.enter(who)
        framed.holds = who
        if streams:
            self._gate.begin_stream(who)
            framed.streams = True

    def ended(self, framed: RequestContext, reply: OperationResponse) -> Iterable[bytes]:
        """Return what is sent; a stream ends with its last piece, or when its reader goes away."""
        if isinstance(reply.content, bytes):
            self._end(framed, reply.status, len(reply.content))
            return [reply.content]
        return _Watched(framed, reply.content, lambda size: self._end(framed, reply.status, size))

    def _end(self, framed: RequestContext, status: int, size: int) -> None:
        if framed.holds is not None:
            if framed.streams:
                self._gate.end_stream(framed.holds)
            self._gate.leave(framed.holds)
        seconds = time.perf_counter() - framed.started
        self._log.note(framed, status=status, seconds=seconds, size=size)
        self._metrics.request_ended(framed.method, framed.route, status, seconds)
        if framed.span is not None:
            framed.span.end(framed.method, framed.route, status)
