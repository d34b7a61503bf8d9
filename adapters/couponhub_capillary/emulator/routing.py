"""Paths of the emulated Capillary, and what a request is once HTTP is done with it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import attrs
from werkzeug.datastructures import Headers, MultiDict
from werkzeug.wrappers import Request

from couponhub.testing.emulation.routes import Route
from couponhub_capillary.emulator.answers import (
    INVALID_INPUT,
    Family,
    Reply,
    of_family,
    token_error,
    upload_error,
    v1_error,
    v2_error,
)
from couponhub_capillary.emulator.organisation import ORGANISATION_ID
from couponhub_capillary.emulator.records import Store
from couponhub_capillary.emulator.seed import DOWNTOWN_STORE, MAIN_STORE

Arguments = Mapping[str, str]
"""The variable parts of a path."""

Handler = Callable[[Request, Arguments], Reply]

_STORES = {store.code: store for store in (MAIN_STORE, DOWNTOWN_STORE)}


@attrs.frozen(kw_only=True)
class Operation:
    """The operation that answers a path.

    Attributes:
        right: The access group that it needs; None where nobody signs in.
        answer: Answers, or raises RefusedError.
        says_words: A caller without credentials or right is told so by a word (C-56).
    """

    right: str | None
    answer: Handler
    says_words: bool = False


@attrs.frozen(kw_only=True)
class Call:
    """A request in the words of the coupon operations.

    Attributes:
        query: Its parameters.
        arguments: The variable parts of its path.
        body: The decoded JSON; None where the method has no body.
        store: Where it was made.
    """

    query: MultiDict[str, str]
    arguments: Arguments
    body: object
    store: Store

    @classmethod
    def of(cls, request: Request, arguments: Arguments) -> "Call":
        """Read a request. Raises RefusedError for a body that is no JSON."""
        body = None if request.method == "GET" else json_body(request, Family.of(request.path))
        return cls(query=request.args, arguments=arguments, body=body, store=store_of(request.headers))


def rule(
    method: str, path: str, right: str | None, answer: Handler, *, says_words: bool = False
) -> Route[Operation]:
    """Let a path be answered."""
    operation = Operation(right=right, answer=answer, says_words=says_words)
    return Route(method=method, path=path, answer=operation)


def store_of(headers: Headers) -> Store:
    """The store that a call is made for: the one it names by its code (3.2), else that of the client's till."""
    if headers.get("X-CAP-API-ATTRIBUTION-ENTITY-TYPE", "").upper() != "STORE_CODE":
        return MAIN_STORE
    code = headers.get("X-CAP-API-ATTRIBUTION-ENTITY-CODE", "")
    return _STORES.get(code, Store(code=code, name=code)) if code else MAIN_STORE


def json_body(request: Request, family: Family) -> object:
    """The decoded body. Raises RefusedError, in the family's manner, for another content type and for no JSON."""
    if request.mimetype != "application/json":
        raise of_family(family, 415, "Unsupported media type", "Unsupported media type")
    try:
        body: object = json.loads(request.get_data())
    except ValueError:
        match family:
            case Family.TOKEN:
                raise token_error(400, "Failed to generate OAuth token") from None
            case Family.V1:
                raise v1_error(400, INVALID_INPUT) from None
            case _:
                raise v2_error(629, "Invalid Input") from None
    return body


def series_id_of(arguments: Arguments) -> int:
    """The series that the path of an upload names. Raises RefusedError."""
    text = arguments["series_id"]
    if not (text.isascii() and text.isdigit()):
        raise upload_error(400, "Incorrect or invalid input.")
    return int(text)


def upload_reply(series_id: int, content: Mapping[str, Any]) -> Reply:
    """The envelope of the upload family around jobs."""
    result = {"orgId": ORGANISATION_ID, "couponSeriesId": series_id, **content}
    return Reply(body={"success": True, "status": 200, "result": result})
