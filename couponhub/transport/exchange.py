"""One call as a value: what is to be sent, and what came back."""

import io
import json
import re
import secrets
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import BinaryIO, Protocol, cast

import attrs
import msgspec
from urllib3.fields import RequestField

from couponhub.errors import LocalError, UsageError
from couponhub.secret import Secret
from couponhub.shown import shown

_BLOCK = 64 * 1024
DEEPEST = 100
"""The depth to which a reply may be nested: several times what any vendor documents, and few enough for whoever walks it."""
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def query_pairs(query: Mapping[str, str | Sequence[str]]) -> tuple[tuple[str, str], ...]:
    """The parameters of a query one by one; a name with several values stands once for each."""
    return tuple(
        (name, value)
        for name, values in query.items()
        for value in ((values,) if isinstance(values, str) else values)
    )


@attrs.frozen(kw_only=True)
class FilePart:
    """A file in a multipart body; `open` gives it anew from the start for each attempt."""

    name: str
    filename: str
    content_type: str
    size: int
    open: Callable[[], BinaryIO] = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Multipart:
    """A multipart/form-data body: text fields first, then one file, sent as a stream of known length."""

    fields: Mapping[str, str]
    file: FilePart


@attrs.frozen(kw_only=True)
class Request:
    """A request as it is to be sent.

    Attributes:
        operation: Words for people and logs: "create list".
        method: The HTTP method.
        path: Relative to the connection's base URL, begins with "/", already percent-encoded.
        query: Parameters; they may hold identifiers and never reach a log.
        headers: Beside those that the transport and the sign-in add.
        body: To be sent as JSON, in which a `Secret` becomes its text; None sends no body.
        multipart: A form with a file, instead of `body`.
        base_url: Another base than the connection's own, for vendors with two host families.
        budget: Which of the account's budgets the call spends from, "" for none.
        changes: Whether the call changes anything there: an answer that is lost leaves the outcome unknown.
        max_reply_bytes: A larger reply is refused; None for the bound of the connection, which is never exceeded.
        unknown_hint: What finds out how it ended, then; "" for the transport's own.
    """

    operation: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    body: object | None = attrs.field(default=None, repr=False)
    multipart: Multipart | None = None
    base_url: str | None = None
    budget: str = ""
    changes: bool = False
    max_reply_bytes: int | None = None
    unknown_hint: str = ""

    def encoded_body(self) -> bytes | None:
        """The body as JSON, None when there is none.

        Raises:
            UsageError: JSON has no form for it.
        """
        if self.body is None:
            return None
        try:
            return json.dumps(self.body, allow_nan=False, default=_revealed).encode("ascii")
        except (TypeError, ValueError, RecursionError):
            # The causes may quote the content.
            raise UsageError("the body cannot be written as JSON") from None


@attrs.frozen(kw_only=True)
class Reply:
    """A reply, whole.

    Attributes:
        headers: By their names in lower case.
        request_id_headers: In which of them the vendor says its own id of the call, the likeliest first.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = attrs.field(repr=False)
    request_id_headers: tuple[str, ...] = ("x-request-id",)

    def decoded(self) -> object:
        """The body as JSON, as `json.loads` reads it: numbers whole however long, of two equal keys the last.

        Raises:
            ValueError: It is none, holds NaN or Infinity, or is nested deeper than `DEEPEST`; the text says
                nothing of the content.
        """
        if _nesting(self.body) > DEEPEST:
            raise ValueError("not JSON") from None
        try:
            return cast("object", msgspec.json.decode(self.body))
        except (msgspec.DecodeError, ValueError, RecursionError):
            # It is twice as fast, and stricter: a byte order mark or half a surrogate shall not cost an answer.
            return _decoded_slowly(self.body)

    @property
    def request_id(self) -> str | None:
        """The vendor's id of this call, to quote in a support ticket; it goes into logs, so it is fit to be shown."""
        for name in self.request_id_headers:
            if name in self.headers:
                return shown(self.headers[name][:100])
        return None


def _nesting(body: bytes) -> int:
    """Return the depth to which JSON is nested; of what is none, any number."""
    if (depth := _deepest(body)) > DEEPEST:
        depth = _deepest(_TEXT.sub(b"", body))  # texts may hold brackets
    return depth


def _deepest(body: bytes) -> int:
    steps = array("b", body.translate(_STEPS, _NO_BRACKETS))
    return max(accumulate(steps), default=0)


def _revealed(value: object) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(type(value).__name__)


def _decoded_slowly(body: bytes) -> object:
    try:
        return cast("object", json.loads(body, parse_constant=_refuse_constant))
    except (ValueError, RecursionError):
        # The causes quote the content, or are a number of too many digits.
        raise ValueError("not JSON") from None


def _refuse_constant(name: str) -> object:
    raise ValueError(name)


class MultipartStream:
    """A multipart body as a readable stream, so that a file of any size is sent in constant memory.

    No `io` class: requests would ask those for their position, and without one send chunks of unknown number.

    Raises:
        LocalError: The file cannot be read, or is not as long as was said.
    """

    def __init__(self, form: Multipart) -> None:
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        head = io.BytesIO()
        for name, value in form.fields.items():
            text = RequestField(name, value)
            text.make_multipart(content_type="text/plain; charset=utf-8")
            head.write(f"--{boundary}\r\n{text.render_headers()}{value}\r\n".encode())
        field = RequestField(form.file.name, b"", filename=form.file.filename)
        field.make_multipart(content_type=form.file.content_type)
        head.write(f"--{boundary}\r\n{field.render_headers()}".encode())
        tail = f"\r\n--{boundary}--\r\n".encode()
        self._length = head.tell() + form.file.size + len(tail)
        head.seek(0)
        self._file = _ExactFile(form.file)
        self._sources: list[_Readable] = [head, self._file, io.BytesIO(tail)]

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        """Give the blocks; requests takes for a stream only what can be iterated, and then calls `read`."""
        while block := self.read(_BLOCK):
            yield block

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        while self._sources:
            if block := self._sources[0].read(size):
                return block
            self._sources.pop(0)
        return b""

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class ProvenBody:
    """A body whose last block is given out only once a proof has held: without it the other side can make nothing of the rest.

    So the proof comes after the connection is made and all but that block is sent, and what is between it and the
    last byte takes no time that anybody could be stopped in unseen.

    Args:
        body: Any other one, which is not empty.
        proof: Raises where nothing may be sent.
    """

    def __init__(self, body: "bytes | MultipartStream", proof: Callable[[], None]) -> None:
        self._length = len(body)
        self._left = self._length
        self._source: _Readable = io.BytesIO(body) if isinstance(body, bytes) else body
        self._proof = proof

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        """Give the blocks, as `MultipartStream` does."""
        while block := self.read(_BLOCK):
            yield block

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        block = self._source.read(size)
        self._left -= len(block)
        if block and self._left <= 0:
            self._proof()
        return block


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _ExactFile:
    """A file that gives as many bytes as were announced, or fails: half a code is another code."""

    def __init__(self, part: FilePart) -> None:
        self._left = part.size
        try:
            self._file = part.open()
        except OSError as error:
            raise _unreadable(error) from error

    def read(self, size: int, /) -> bytes:
        try:
            # One more than is left, so that a file that has grown is noticed.
            block = self._file.read(min(size, self._left + 1))
        except OSError as error:
            raise _unreadable(error) from error
        self._left -= len(block)
        if self._left < 0 or (self._left > 0 and not block):
            raise LocalError("the file changed while it was being sent", hint="send a file that is complete")
        return block

    def close(self) -> None:
        self._file.close()


def _unreadable(error: OSError) -> LocalError:
    return LocalError(f"the file cannot be read ({error.strerror or type(error).__name__})")
