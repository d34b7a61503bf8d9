"""The three families of envelopes. The body decides before the HTTP status does (C-9)."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from couponhub.errors import VendorError
from couponhub.transport import Reply
from couponhub_capillary.wire.error_codes import contradiction, error_for_code, error_without_code
from couponhub_capillary.wire.values import code_of, entries_of, flag


def opened(reply: Reply) -> Mapping[str, Any]:
    """The reply's JSON object, unless credentials or rate were refused by HTTP status (C-6, C-8).

    Raises:
        VendorError: So refused, or not a JSON object: then only the HTTP status can be judged.
    """
    if reply.status in {401, 429}:
        raise error_for_code(reply.status, reply)
    try:
        body = reply.decoded()
    except ValueError:
        raise error_without_code(reply, "no JSON came") from None
    if not isinstance(body, dict):
        raise error_without_code(reply, "no JSON object came")
    return body


def opened_v1(reply: Reply) -> tuple[int, Mapping[str, Any]]:
    """The request-level code and the content of a v1.1 answer: `{"response": {"status": {"code"}, ...}}`.

    Raises:
        VendorError: It is no such answer, or one in the words of another family.
    """
    body = opened(reply)
    response = body.get("response")
    if not isinstance(response, dict):
        _refuse_errors(body, reply)
        raise error_without_code(reply, "the answer has no response")
    status = response.get("status")
    code = code_of(status.get("code")) if isinstance(status, dict) else None
    if code is None:
        raise error_without_code(reply, "the answer has no status code")
    return code, response


def opened_v2(reply: Reply) -> Mapping[str, Any]:
    """The body of a v2 answer that succeeded; `errors`, `status` and `success` decide before HTTP does (C-62).

    Raises:
        VendorError: It failed, or is an answer in the words of another family.
    """
    body = opened(reply)
    _refuse_errors(body, reply)
    _refuse_v1_status(body, reply)
    _refuse_status(body, reply)
    if flag(body.get("success")) is False:
        raise error_without_code(reply, "the answer tells of a failure without a reason")
    if reply.status >= 400:
        raise error_without_code(reply, "")
    return body


def opened_upload(reply: Reply) -> Mapping[str, Any]:
    """The `result` of an upload answer: `{"success": true, "status": 200, "result": {...}}`.

    Raises:
        VendorError: It failed (error bodies are undocumented, C-42), or the answer is incomplete.
    """
    body = opened_v2(reply)
    status = code_of(body.get("status"))
    if status is not None and not 200 <= status < 300:
        raise error_for_code(status, reply)
    result = body.get("result")
    if not isinstance(result, dict):
        raise error_without_code(reply, "the answer has no result")
    return result


@contextmanager
def refusals_of_a_write(reply: Reply, shows_result: Callable[[Mapping[str, Any]], bool]) -> Iterator[None]:
    """Let a refusal pass only if the reply shows no result: a false one would have the write sent twice.

    Raises:
        VendorError: The refusal that rose within, or `UnreadableReply` in its place.
    """
    try:
        yield
    except VendorError as refusal:
        try:
            body = reply.decoded()
        except ValueError:
            body = None
        if isinstance(body, dict) and shows_result(body):
            raise contradiction(refusal, reply) from None
        raise


def refuse_by_body(body: Mapping[str, Any], reply: Reply) -> None:
    """Raise what a body of any family says against the request as a whole; the fault of its items passes."""
    _refuse_errors(body, reply)
    _refuse_v1_status(body, reply, passes=frozenset({200, 201, 500}))
    _refuse_status(body, reply)


def _refuse_errors(body: Mapping[str, Any], reply: Reply) -> None:
    for error in entries_of(body.get("errors")):
        code = code_of(error.get("code")) if isinstance(error, dict) else None
        if isinstance(error, dict) and code is not None:
            raise error_for_code(code, reply, error.get("message"))
    if body.get("errors"):
        raise error_without_code(reply, "the answer lists errors without a code")


def _refuse_status(body: Mapping[str, Any], reply: Reply) -> None:
    """Of `{"success": false, "status": 400}`, whatever the HTTP status around it says (C-9, C-42)."""
    status = code_of(body.get("status"))
    if status is not None and status >= 400 and flag(body.get("success")) is not True:
        raise error_for_code(status, reply, body.get("message"))


def _refuse_v1_status(
    body: Mapping[str, Any], reply: Reply, passes: frozenset[int] = frozenset({200, 201})
) -> None:
    response = body.get("response")
    status = response.get("status") if isinstance(response, dict) else None
    code = code_of(status.get("code")) if isinstance(status, dict) else None
    if isinstance(status, dict) and code is not None and code not in passes:
        raise error_for_code(code, reply, status.get("message"))
