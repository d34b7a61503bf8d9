"""Reading what callers send: JSON, and never more of it than the limit."""

from typing import TYPE_CHECKING

import msgspec

from couponhub.errors import UsageError
from couponhub.server.problems import Refusal, too_large

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LARGEST_BODY = 1024 * 1024


def json_body(environ: "WSGIEnvironment") -> object:
    """The decoded body.

    Raises:
        Refusal: It is too large, or says that it is no JSON.
        UsageError: It is no JSON.
    """
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != "application/json":
        error = UsageError("the body must be JSON", hint="send `Content-Type: application/json`")
        raise Refusal(error, 415)
    try:
        return msgspec.json.decode(_bounded(environ))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise UsageError("the body is no JSON") from None


def _bounded(environ: "WSGIEnvironment") -> bytes:
    declared = environ.get("CONTENT_LENGTH") or ""
    stream = environ["wsgi.input"]
    if declared.isascii() and declared.isdigit():
        if len(declared) > len(str(LARGEST_BODY)) or int(declared) > LARGEST_BODY:
            raise too_large(LARGEST_BODY)
        body: bytes = stream.read(int(declared))
    elif environ.get("wsgi.input_terminated"):
        body = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise too_large(LARGEST_BODY)
    else:
        body = b""
    return body
