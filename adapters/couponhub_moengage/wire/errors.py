"""MoEngage's refusals, read into typed errors, in whichever envelope they come."""

import re
from typing import cast

import attrs

from couponhub.errors import (
    AuthRejected,
    Conflict,
    NotFound,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
    RequestRejected,
    VendorError,
)
from couponhub.transport import Reply, error_for_status, retry_after_seconds

_LONGEST_MESSAGE = 300
_LONGEST_WORD = 80

# Limits are counted in minutes and days ("Rate Limits"): a reset further away than a minute is the day's (D-26).
_MINUTE_WINDOW_SECONDS = 60

# MoEngage's documented texts quote only names of keys. What a text of theirs must not bring into ours all the
# same: addresses, e-mails, long numbers, and long words with digits in them (tokens, ids).
_UNQUOTABLE = re.compile(r"\S*[@/\\]\S*|\d{6,}|(?=\w*\d)\w{20,}")

_NO_SUCH_LIST = "coupon-list-not-found"
"""The code that the reference answers to an id that no list has; the text names neither."""
_HINTS: dict[type[VendorError], str] = {
    AuthRejected: "check workspace_id, api_key (of the Campaign report/Catalog API tile) and the data centre",
    PermissionDenied: "check that the workspace has coupons, and that its API firewall lets this address in",
    Conflict: "choose another name and label, or use the list that has them",
    QuotaExhausted: "the day's budget is spent; MoEngage raises limits on request",
}


@attrs.frozen(kw_only=True)
class _Refusal:
    """An error body, as far as it can be understood."""

    code: str | None = None
    message: str = ""
    request_id: str | None = None
    understood: bool = True


def read_error(reply: Reply) -> VendorError:
    """The typed error that a reply without success stands for. Its text holds nothing of a body we do not know."""
    refusal = _refusal(reply)
    retry_after = retry_after_seconds(reply.headers) if reply.status in {429, 503} else None
    kind = _kind(reply.status, refusal, retry_after)
    hint = _HINTS.get(kind, "")
    if kind is NotFound and refusal.code == _NO_SUCH_LIST:
        hint = "`couponhub lists ls` shows the lists that there are, each with its id"
    if not refusal.understood and reply.status in {400, 404, 405}:
        hint = "the answer is not in MoEngage's form: check data_center or base_url"
    said = " ".join(part for part in (f"HTTP {reply.status}", refusal.code) if part)
    return kind(
        f"MoEngage answered {said}{f': {refusal.message}' if refusal.message else ''}",
        hint=hint,
        vendor_code=refusal.code,
        status=reply.status,
        request_id=reply.request_id or refusal.request_id,
        retry_after=retry_after,
    )


def _kind(status: int, refusal: _Refusal, retry_after: float | None) -> type[VendorError]:
    kind = error_for_status(status)
    if kind is RateLimited and (retry_after or 0.0) > _MINUTE_WINDOW_SECONDS:
        return QuotaExhausted
    if kind is RequestRejected:
        code = refusal.code or ""
        if code.startswith("duplicate-"):
            return Conflict
        # A 404 is documented for the usage report alone; elsewhere an unknown id may be a 400 that says so (D-11).
        if "not found" in f"{code.replace('-', ' ')} {refusal.message}".lower():
            return NotFound
    return kind


def _refusal(reply: Reply) -> _Refusal:
    """Read the envelopes in use at MoEngage: coupons', the platform's standard, the catalog's, a bare text (D-28)."""
    try:
        document = reply.decoded()
    except ValueError:
        return _Refusal(understood=False)
    if not isinstance(document, dict):
        return _Refusal(understood=False)
    fields = cast("dict[str, object]", document)
    inner = fields.get("error")
    if isinstance(
        inner, dict
    ):  # {"error": {"code", "message"}}, {"error": {"type", "message", "request_id"}}
        return _Refusal(
            code=_word(inner.get("code")) or _word(inner.get("type")),
            message=_text(inner.get("message")),
            request_id=_word(inner.get("request_id")),
        )
    if isinstance(inner, str):  # {"error": "IP Validation Required", "message": ...}
        return _Refusal(message=" ".join(filter(None, (_text(inner), _text(fields.get("message"))))))
    if "error-code" in fields:  # {"error-code", "message"}
        return _Refusal(code=_word(fields["error-code"]), message=_text(fields.get("message")))
    return _Refusal(understood=False)


def _word(value: object) -> str | None:
    return _text(value)[:_LONGEST_WORD] or None


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    printable = "".join(char if char.isprintable() else " " for char in value[: 2 * _LONGEST_MESSAGE])
    quotable = _UNQUOTABLE.sub("***", " ".join(printable.split()))
    return quotable if len(quotable) <= _LONGEST_MESSAGE else f"{quotable[: _LONGEST_MESSAGE - 3]}..."
