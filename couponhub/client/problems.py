"""Answers of a server that are no success, as errors."""

from couponhub.errors import CouponhubError, UnknownConnection
from couponhub.serialization import WrittenError
from couponhub.transport import Reply, error_for_status, retry_after_seconds

_HINTS = {
    401: "make a token with `couponhub token new` where the server runs",
    403: "make a token with that scope, `couponhub token new --scope ...`, where the server runs",
}


def error_of(reply: Reply, written: WrittenError | None) -> CouponhubError:
    """Return the error that an answer is.

    Args:
        reply: The answer.
        written: The problem in it; None when there is none that could be read, as in what a proxy answers.
    """
    retry_after = retry_after_seconds(reply.headers)
    hint = _HINTS.get(reply.status, "")
    if written is not None:
        cls = _class(written.kind, reply.status)
        return written.error(cls, status=reply.status, hint=hint, retry_after=retry_after)
    return error_for_status(reply.status)(
        f"it answered HTTP {reply.status}, and not as `couponhub serve` does",
        hint=hint or "check the address",
        status=reply.status,
        retry_after=retry_after,
    )


def _class(kind: str, status: int) -> type[CouponhubError] | None:
    """Return the class that an HTTP status alone tells; None where the kind tells it."""
    if status in {401, 403}:  # the server's own; those of a vendor's come as 502
        return error_for_status(status)
    return UnknownConnection if (kind, status) == ("usage", 404) else None
