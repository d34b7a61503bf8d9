"""Errors as a server writes them: the tree of `couponhub.errors`, read back from their kinds."""

import attrs

from couponhub import errors
from couponhub.errors import CouponhubError, ErrorFacts, UnknownConnection, VendorUnavailable
from couponhub.transport import Reply, error_for_status, retry_after_seconds

_HINTS = {
    401: "make a token with `couponhub token new` where the server runs",
    403: "make a token with that scope, `couponhub token new --scope ...`, where the server runs",
}


@attrs.frozen(kw_only=True)
class WrittenError:
    """An error as it stands in an answer (`message`), or as a problem of RFC 9457 (`detail`)."""

    kind: str
    message: str = ""
    detail: str = ""
    hint: str | None = None
    connection: str | None = None
    operation: str | None = None
    vendor_code: str | None = None
    retryable: bool = False
    retry_after: float | None = None

    def error(
        self, status: int | None = None, *, retry_after: float | None = None, too_slow: bool = False
    ) -> CouponhubError:
        """The error itself; a kind that is new to us is a `CouponhubError`.

        Args:
            status: The HTTP status of the problem; None for an error that stands in an answer.
            retry_after: Seconds that the answer asks to wait, where the error names none.
            too_slow: Whether it was time that ran out, should the vendor be unavailable.
        """
        cls, text = _class(self.kind, status), self.message or self.detail or "the server says no more"
        facts: ErrorFacts = {
            "hint": self.hint or _HINTS.get(status or 0, ""),
            "connection": self.connection,
            "operation": self.operation,
            "vendor_code": self.vendor_code,
            "status": status,
            "retry_after": self.retry_after or retry_after,
            "retryable": self.retryable,
        }
        if issubclass(cls, VendorUnavailable):
            return cls(text, too_slow=too_slow, **facts)
        return cls(text, **facts)


def error_of(reply: Reply, written: WrittenError | None) -> CouponhubError:
    """What an answer that is no success stands for.

    Args:
        reply: The answer.
        written: The problem in it; None when there is none that could be read, as in what a proxy answers.
    """
    retry_after = retry_after_seconds(reply.headers)
    if written is not None:
        return written.error(reply.status, retry_after=retry_after, too_slow=reply.status == 504)
    return error_for_status(reply.status)(
        f"it answered HTTP {reply.status}, and not as `couponhub serve` does",
        hint=_HINTS.get(reply.status, "check the address"),
        status=reply.status,
        retry_after=retry_after,
    )


def _class(kind: str, status: int | None) -> type[CouponhubError]:
    if status in {401, 403}:  # the server's own; those of a vendor's come as 502
        return error_for_status(status)
    if (kind, status) == ("usage", 404):
        return UnknownConnection
    # Of those that share a kind the last is the most special; of UnknownConnection the status alone tells.
    named = [cls for cls in vars(errors).values() if isinstance(cls, type) and cls is not UnknownConnection]
    return {cls.kind: cls for cls in named if issubclass(cls, CouponhubError)}.get(kind, CouponhubError)
