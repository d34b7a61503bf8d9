"""Errors as JSON and back; they are no attrs classes, and telling one must cost next to nothing."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import attrs

from couponhub import errors
from couponhub.errors import CouponhubError, ErrorFacts, UsageError, VendorUnavailable
from couponhub.models.base import about

Document = dict[str, Any]


def many(items: Iterable[Document]) -> Document:
    """Several objects."""
    return {"items": list(items)}


def error_object(error: CouponhubError) -> Document:
    """Return an error without the envelope."""
    return {
        "kind": error.kind,
        "message": error.message,
        "connection": error.connection,
        "operation": error.operation,
        "vendor_code": error.vendor_code,
        "retryable": error.retryable,
        "retry_after": error.retry_after,
        "hint": error.hint or None,
    }


def error_document(error: CouponhubError) -> Document:
    """Return an error as a document of its own."""
    return {"error": error_object(error)}


@attrs.frozen(kw_only=True)
class WrittenError:
    """An error as it stands in an answer (`message`), or as a problem of RFC 9457 (`detail`).

    Attributes:
        too_slow: Whether time ran out; of an answer's error its reason says so, of a problem its status.
    """

    kind: str = attrs.field(metadata=about("The stable word for this class, as in JSON and problem details."))
    message: str = ""
    detail: str = ""
    connection: str | None = None
    operation: str | None = None
    vendor_code: str | None = None
    retryable: bool = attrs.field(
        default=False,
        metadata=about("True when the same request may succeed later without any change."),
    )
    retry_after: float | None = attrs.field(
        default=None,
        metadata=about("Seconds to wait before that, or None when the vendor did not say."),
    )
    too_slow: bool = False
    hint: str | None = attrs.field(
        default=None,
        metadata=about("What to do about it, or None when the message already says it."),
    )

    def error(
        self,
        cls: type[CouponhubError] | None = None,
        *,
        status: int | None = None,
        hint: str = "",
        retry_after: float | None = None,
    ) -> CouponhubError:
        """Return the error itself.

        Args:
            cls: Its class; by its kind by default, a `CouponhubError` where that is new to us.
            status: The HTTP status of the problem; None for an error that stands in an answer.
            hint: What to do about it, where it does not say.
            retry_after: Seconds to wait, where it names none.
        """
        cls, text = cls or class_of_kind(self.kind), self.message or self.detail or "the server says no more"
        facts: ErrorFacts = {
            "hint": self.hint or hint,
            "connection": self.connection,
            "operation": self.operation,
            "vendor_code": self.vendor_code,
            "status": status,
            "retry_after": retry_after if self.retry_after is None else self.retry_after,
            "retryable": self.retryable,
        }
        if issubclass(cls, VendorUnavailable):
            return cls(text, too_slow=self.too_slow or status == HTTPStatus.GATEWAY_TIMEOUT, **facts)
        return cls(text, **facts)


def class_of_kind(kind: str) -> type[CouponhubError]:
    """Return the class of a kind; of those that share one the most special, but for `usage` never one of its own classes.

    An HTTP status alone tells `UnknownConnection` from a `UsageError`, and nothing `LimitsCrossed`.
    """
    named = [
        cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, CouponhubError)
    ]
    plain = [cls for cls in named if cls is UsageError or not issubclass(cls, UsageError)]
    return {cls.kind: cls for cls in plain}.get(kind, CouponhubError)
