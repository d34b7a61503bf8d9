"""Remembers what the emulated vendors were asked, without the secrets they were asked with."""

import io
import itertools
import re
import threading
from collections import deque
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import attrs
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_SECRET_WORDS = ("authorization", "cookie", "key", "password", "secret", "token")
_MASK = "***"
_MOST_OF_A_BODY = 16 * 1024
_ANY_SECRET = "|".join(_SECRET_WORDS)
_IN_JSON = re.compile(
    rf'("[^"\n]{{0,99}}(?:{_ANY_SECRET})[^"\n]{{0,99}}"\s*:\s*)"(?:[^"\\]|\\.)*"?', re.IGNORECASE
)
_IN_FORM = re.compile(rf"((?:\A|&)[^=&\n]{{0,99}}(?:{_ANY_SECRET})[^=&\n]{{0,99}}=)[^&\n]*", re.IGNORECASE)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@attrs.define(kw_only=True, eq=False)
class RecordedBody:
    """The beginning of a body, as far as it was read or sent.

    Attributes:
        beginning: At most 16 KiB of it.
        size: Bytes of all of it.
    """

    beginning: bytes = attrs.field(default=b"", repr=False)
    size: int = 0

    @property
    def is_whole(self) -> bool:
        """True when the beginning is all."""
        return len(self.beginning) == self.size

    def text(self) -> str:
        """Return the beginning with secrets masked, as UTF-8; bytes that are none are shown as such."""
        text = self.beginning.decode("utf-8", "backslashreplace")
        masked = _IN_JSON.sub(rf'\1"{_MASK}"', text)
        return masked if text.lstrip()[:1] in {"{", "["} else _IN_FORM.sub(rf"\1{_MASK}", masked)

    def add(self, more: bytes) -> None:
        """Take in the next bytes."""
        if room := _MOST_OF_A_BODY - len(self.beginning):
            self.beginning += more[:room]
        self.size += len(more)


@attrs.define(kw_only=True)
class RecordedRequest:
    """One call to a vendor, recorded on arrival, so that a call that is still held back shows too.

    Attributes:
        number: Counts calls since the start.
        at: The emulated instant of its arrival, in UTC.
        path: As the client sent it, with the vendor's prefix.
        query: As the client sent it, undecoded, without the question mark.
        headers: Names in capitalised form ("Moe-Appkey"); values of secrets are masked.
        status: The HTTP status of the answer; None while there is none, and when the connection was dropped.
        fault: The fault that was applied, or None.
        asked: The body, until there is an answer as far as the vendor has read it; None where bodies are not kept.
        answered: The body of the answer; None where bodies are not kept, where there was none, and where it was sent in
            pieces.
    """

    at: datetime
    vendor: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    status: int | None = None
    fault: str | None = None
    number: int = 0
    asked: RecordedBody | None = None
    answered: RecordedBody | None = None


class RequestRecorder:
    """The last calls to all vendors, in order of arrival. Thread-safe.

    Args:
        limit: How many calls are remembered.
        bodies: Of how many of them, the last ones, the bodies are kept too.
    """

    def __init__(self, *, limit: int = 10_000, bodies: int = 0) -> None:
        self._requests: deque[RecordedRequest] = deque(maxlen=limit)
        self._numbers = itertools.count(1)
        self._bodies = min(bodies, limit)
        self._lock = threading.Lock()

    def record(
        self, request: Request, *, vendor: str, at: datetime, fault: str | None = None
    ) -> RecordedRequest:
        """Keep a call that has just arrived; the caller fills in `status` once there is an answer."""
        recorded = RecordedRequest(
            at=at,
            vendor=vendor,
            method=request.method,
            path=request.root_path + request.path,
            query=request.query_string.decode("latin-1"),
            headers={name: _masked(name, value) for name, value in request.headers.items()},
            fault=fault,
        )
        if self._bodies:
            recorded.asked = RecordedBody()
            request.environ["wsgi.input"] = _Overheard(request.environ["wsgi.input"], recorded.asked)
        with self._lock:
            recorded.number = next(self._numbers)
            self._requests.append(recorded)
            if 0 < self._bodies < len(self._requests):
                forgotten = self._requests[-self._bodies - 1]
                forgotten.asked = forgotten.answered = None
        return recorded

    def note_answer(self, recorded: RecordedRequest, request: Request, response: Response) -> None:
        """Keep the body of a call's answer, and what the vendor left unread, where bodies are kept."""
        body = request.environ["wsgi.input"]
        if isinstance(body, _Overheard):
            with suppress(OSError, HTTPException):  # the client stopped half-way
                body.read_on()
            body.noted.size = max(body.noted.size, request.content_length or 0)
            if response.is_sequence and recorded.asked is not None:
                answered = RecordedBody()
                answered.add(response.get_data())
                recorded.answered = answered

    def requests(self) -> tuple[RecordedRequest, ...]:
        """All calls that are still remembered, oldest first."""
        with self._lock:
            return tuple(self._requests)

    def clear(self) -> None:
        """Forget all calls."""
        with self._lock:
            self._requests.clear()


class _Overheard(io.RawIOBase):
    """A body that is read through, with its beginning noted."""

    def __init__(self, body: _Readable, noted: RecordedBody) -> None:
        self._body = body
        self.noted = noted

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        read = self._body.read(len(view))
        view[: len(read)] = read
        self.noted.add(read)
        return len(read)

    def read_on(self) -> None:
        """Note the beginning of what nobody has read."""
        while (room := _MOST_OF_A_BODY - len(self.noted.beginning)) and self.read(room):
            pass


def _masked(name: str, value: str) -> str:
    if not any(word in name.lower() for word in _SECRET_WORDS):
        return value
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {_MASK}" if space and name.lower() == "authorization" else _MASK
