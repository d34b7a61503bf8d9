"""Calls of the API from within its process, by somebody whose session was proven: as with a token in every other respect.

They go the way that requests go, so that scopes, rate limits, bounds, masks and the log hold for them, too.
"""

import io
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import attrs

from couponhub.errors import UsageError
from couponhub.server.auth import Principal
from couponhub.server.operations import Operation

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CALLER = "couponhub.caller"
"""The caller of a request that comes from within. No header becomes a key of that form."""
_MOST_SHOWN = 512 * 1024


@attrs.frozen(kw_only=True)
class InnerCall:
    """One call.

    Attributes:
        operation: Of what.
        path: The parameters of its path, by name.
        query: Those behind the question mark, by name.
        body: JSON; None for none.
        idempotency_key: Names the wish; None for none.
    """

    operation: Operation
    path: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    query: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    body: bytes | None = attrs.field(default=None, repr=False)
    idempotency_key: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class InnerAnswer:
    """The answer to it.

    Attributes:
        status: As HTTP has it.
        headers: By their names in lower case.
        content: The bytes.
        is_cut: True when there were more of them than anybody looks at.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes = attrs.field(repr=False)
    is_cut: bool = False


def call_within(
    api: "Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]", call: InnerCall, caller: Principal
) -> InnerAnswer:
    """Call the API.

    Args:
        api: It.
        call: What is called.
        caller: Who calls.

    Raises:
        UsageError: A parameter is missing, or would lead to another address.
    """
    body = call.body or b""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": call.operation.method,
        "PATH_INFO": _address(call),
        "QUERY_STRING": urlencode(call.query),
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        CALLER: caller,
    }
    if call.idempotency_key is not None:
        environ["HTTP_IDEMPOTENCY_KEY"] = call.idempotency_key
    told: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], object]:
        told.append((status, headers))
        return lambda _: None

    pieces = api(environ, start)
    kept, size = [], 0
    try:
        for piece in pieces:
            kept.append(piece)
            size += len(piece)
            if size > _MOST_SHOWN:
                break
    finally:
        with suppress(AttributeError):  # a list has no end to be told of
            pieces.close()  # type: ignore[attr-defined] # as WSGI has it
    ((status, headers),) = told
    return InnerAnswer(
        status=int(status.split()[0]),
        headers={name.lower(): value for name, value in headers},
        content=b"".join(kept)[:_MOST_SHOWN],
        is_cut=size > _MOST_SHOWN,
    )


def _address(call: InnerCall) -> str:
    address = call.operation.path
    for name, value in call.path.items():
        # A slash within would make it the address of another operation than the one that was confirmed.
        if not value or "/" in value or "\\" in value or value in {".", ".."}:
            raise UsageError(f"{name}: expected an id or a name without slashes")
        address = address.replace(f"{{{name}}}", value.replace("{", "%7B"))
    if "{" in address:
        raise UsageError("a parameter of the path is missing")
    # WSGI's texts are bytes in disguise.
    return address.encode("utf-8", "replace").decode("latin-1")
