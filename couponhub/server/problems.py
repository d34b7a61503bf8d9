"""Errors as problem details (RFC 9457): the kind, the hint and the status of the error table."""

import math
import re
from collections.abc import Mapping
from http import HTTPStatus

import attrs

from couponhub.errors import CouponhubError, NotFound, QuotaExhausted, UsageError, VendorUnavailable
from couponhub.serialization import Document, error_object

MEDIA_TYPE = "application/problem+json"
_NOT_SOON_SECONDS = 60
_OPTION = re.compile(r"`[^`]*`|--([a-z][a-z-]*)")
"""A whole command, or an option in the words of a hint."""
_FIELDS = {"set": "extra"}
"""Fields that are not called as the option."""
_OWN = frozenset({401, 403, 404, 405, 408, 413, 415, 429})


@attrs.frozen
class Refusal(Exception):  # noqa: N818 - it says what happened
    """An error of the endpoint's own, whose HTTP status is not that of its kind.

    Attributes:
        error: What is told.
        status: The HTTP status.
        headers: What HTTP wants beside it.
        token_id: Whose request is refused, where that was proven; None else.
        title: Words that are the same for all refusals of its sort; None for those of the error's kind.
        more: Further members of the problem.
    """

    error: CouponhubError
    status: int
    headers: Mapping[str, str] = attrs.field(factory=dict)
    token_id: str | None = None
    title: str | None = None
    more: Mapping[str, object] = attrs.field(factory=dict)


def not_there() -> Refusal:
    """Nothing stands at the address that was asked for."""
    return Refusal(
        NotFound("there is nothing at this address", hint="see /openapi.json for what there is"),
        404,
        title=HTTPStatus.NOT_FOUND.phrase,  # the kind's own speaks of vendors
    )


def too_large(limit: int) -> Refusal:
    """The body is larger than the endpoint reads."""
    return Refusal(UsageError(f"the body is larger than {limit} bytes", hint="split it"), 413)


def status_of(error: CouponhubError) -> int:
    """The HTTP status of an error."""
    if isinstance(error, VendorUnavailable) and error.too_slow:
        return 504
    return error.http_status


def headers_of(error: CouponhubError, status: int) -> dict[str, str]:
    """Return what HTTP wants beside an error of that status: when to come back."""
    if status not in {429, 503}:
        return {}
    seconds = error.retry_after
    if seconds is None:
        seconds = _NOT_SOON_SECONDS if isinstance(error, QuotaExhausted) else 1
    return {"Retry-After": str(max(1, math.ceil(seconds)))}


def problem_document(
    error: CouponhubError, status: int, request_id: str, *, title: str | None = None
) -> Document:
    """An error as a problem: RFC 9457's members, then those of the error object; the title is its kind's by default."""
    told = error_object(error)
    return {
        "type": f"urn:couponhub:problem:{error.kind}",
        "title": title or _title(error, status),
        "status": status,
        "detail": told.pop("message"),
        **told,
        "hint": None if told["hint"] is None else _OPTION.sub(_as_field, told["hint"]),
        "request_id": request_id,
    }


def _as_field(found: re.Match[str]) -> str:
    """Call by its field what a hint calls by its option: who asks over HTTP types none."""
    option = found[1]
    return found[0] if option is None else f"`{_FIELDS.get(option, option.replace('-', '_'))}`"


def _title(error: CouponhubError, status: int) -> str:
    """Return words that are the same for all errors of a class; what HTTP calls the status where that is the endpoint's own."""
    is_ours = (
        isinstance(error, NotFound) and error.connection is None
    )  # the kind's own words speak of vendors
    if is_ours or (status != type(error).http_status and status in _OWN):
        return HTTPStatus(status).phrase
    return type(error).title
