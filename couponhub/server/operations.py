"""The endpoints, and what each is given and gives back: the one list that routes and OpenAPI are made of."""

from collections.abc import Callable, Generator, Mapping
from http import HTTPStatus
from typing import Any, Literal

import attrs

from couponhub.server.auth import Principal
from couponhub.state import Scope


@attrs.define(kw_only=True)
class OperationRequest:
    """One request, admitted and read.

    Attributes:
        caller: Who asks.
        path: The parameters of the path, by name.
        query: The parameters behind the question mark, by name.
        is_told_more: Who asks may know what the operation tells not everybody.
        body: The request as the class that the operation takes; None where it takes none.
        idempotency_key: Names a wish that must be done once, however often it is asked for; None for none.
    """

    caller: Principal
    path: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    query: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    is_told_more: bool = False
    body: Any = attrs.field(default=None, repr=False)
    idempotency_key: str | None = attrs.field(default=None, repr=False)


@attrs.define(kw_only=True)
class OperationResponse:
    """The response of an operation.

    Attributes:
        content: The bytes, or where they are many, their pieces as they are made.
        headers: Further headers.
        cookies: Values of `Set-Cookie`, which may come several times.
    """

    content: bytes | Generator[bytes]
    media_type: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)
    cookies: tuple[str, ...] = attrs.field(default=(), repr=False)

    @property
    def head(self) -> list[tuple[str, str]]:
        """All headers but the request's id. No answer may be kept by anybody on its way: it may hold codes."""
        head = [("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"), *self.headers.items()]
        head += [("Set-Cookie", cookie) for cookie in self.cookies]
        if self.status != HTTPStatus.NO_CONTENT:
            head.append(("Content-Type", self.media_type))
        if isinstance(self.content, bytes):
            head.append(("Content-Length", str(len(self.content))))
        return head


@attrs.frozen(kw_only=True)
class Parameter:
    """A parameter of a path or, with `words` or a `schema`, one behind the question mark.

    Attributes:
        about: What it is, for people.
        words: What it may be, the first by default.
        schema: What it may be where that is no list of words; it may be left out.
    """

    name: str
    about: str
    words: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None

    @property
    def in_query(self) -> bool:
        """True for one that stands behind the question mark."""
        return bool(self.words) or self.schema is not None


@attrs.frozen(kw_only=True)
class Operation:
    """One endpoint.

    Attributes:
        name: Its `operationId`.
        about: What it does: the first line is the summary.
        path: With parameters in braces.
        run: Does it.
        scope: What a token must allow; None for anybody.
        allow_loopback: True when who asks from this machine itself needs no token.
        more_for: What a token must allow for its caller to be told more than anybody is, of an operation for all; so is who
            asks from this machine itself. None where all are told the same.
        takes: The class of the body; None for none.
        takes_file: Whether a form with a file is taken instead, of which an `UploadWish` is made.
        takes_key: Whether an `Idempotency-Key` is heeded.
        counts: How many lookups a body asks for, of an operation that answers them as a stream; None for any other.
        waits: Whether it may have to wait for somebody: all do but those that tell supervisors how the server is.
        example: A body.
        parameters: Of the path, and behind the question mark.
        gives: The name of the answer's schema, or None for a text.
        media_type: Of the answer.
        status: Of the answer.
        fails: The HTTP statuses of the problems that it may answer with, beyond those that all may.
    """

    name: str
    about: str
    method: Literal["GET", "POST"]
    path: str
    run: Callable[[OperationRequest], OperationResponse]
    scope: Scope | None = None
    allow_loopback: bool = False
    more_for: Scope | None = None
    takes: type[Any] | None = None
    takes_file: bool = False
    takes_key: bool = False
    counts: Callable[[Any], int] | None = None
    waits: bool = True
    example: Mapping[str, Any] = attrs.field(factory=dict)
    parameters: tuple[Parameter, ...] = ()
    gives: str | None = None
    media_type: str = "application/json"
    status: int = 200
    fails: tuple[int, ...] = ()
