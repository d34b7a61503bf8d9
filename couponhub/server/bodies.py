"""Reading what callers send: JSON, and never more of it than the limit."""

from typing import TYPE_CHECKING

import msgspec

from couponhub.errors import UsageError
from couponhub.server.body_timeout import BodyTimeout
from couponhub.server.problems import Refusal, too_large
from couponhub.server.request_context import RequestContext

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LARGEST_BODY = 1024 * 1024
_LONGEST_LENGTH = len(str(LARGEST_BODY))
_JSON = "application/json"


def read_body(environ: "WSGIEnvironment", patience: BodyTimeout, framed: RequestContext) -> bytes:
    """The body, whole.

    Raises:
        Refusal: It is too large, says that it is no JSON, or did not come.
        UsageError: It ended before its end.
    """
    kind = environ.get("CONTENT_TYPE", "")
    if kind != _JSON and kind.partition(";")[0].strip().lower() != _JSON:
        error = UsageError("the body must be JSON", hint=f"send `Content-Type: {_JSON}`")
        raise Refusal(error, 415)
    declared = environ.get("CONTENT_LENGTH") or ""
    body = b""
    if declared.isascii() and declared.isdigit():
        length = int(declared) if len(declared) <= _LONGEST_LENGTH else LARGEST_BODY + 1
        if length > LARGEST_BODY:
            raise too_large(LARGEST_BODY)
        body = patience.read(environ["wsgi.input"], length, framed)
        if len(body) < length:
            raise UsageError("the body is shorter than its Content-Length")
    elif environ.get("wsgi.input_terminated"):
        body = patience.read(environ["wsgi.input"], LARGEST_BODY + 1, framed)
        if len(body) > LARGEST_BODY:
            raise too_large(LARGEST_BODY)
    framed.has_body = False
    return body


def decoded(body: bytes) -> object:
    """Return what a body says.

    Raises:
        UsageError: It is no JSON.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise UsageError("the body is no JSON") from None
