"""Everything couponhub raises, and the one table of what each kind means outside Python.

CouponhubError
├── ConfigError              wrong before any request was sent
├── UsageError               the caller asked for what does not exist or does not fit
│   └── LimitsCrossed        a plan does, and nobody said why
├── LocalError               this machine is at fault: a file, a disk, a port
├── Unsupported              this vendor cannot express it
├── PartialFailure           done in part
├── Unbalanced               not every code is proven to be where it was planned to be
├── WaitTimeout              the caller's patience ended; the work may go on at the vendor
└── VendorError              .connection .operation .status .vendor_code .request_id
    ├── AuthRejected         wrong or expired credentials
    ├── PermissionDenied     right credentials, missing right
    ├── NotFound             the thing named does not exist there
    ├── RequestRejected      our request is at fault: do not repeat it
    │   └── Conflict         ... because of what is there already
    ├── RateLimited          .retry_after
    │   └── QuotaExhausted   ... not before tomorrow
    ├── VendorUnavailable    no answer to a read, or a fault on their side
    ├── OutcomeUnknown       a write was sent and no answer came
    └── UnreadableReply      not what the vendor documents

`OutcomeUnknown` is a sibling of `VendorUnavailable`, so that "repeat on VendorUnavailable" can never send
a write twice. No text here ever holds a code, a customer identifier or a credential.
"""

import copy
from math import ceil
from typing import Any, ClassVar, Self, TypedDict, TypeVar, Unpack

from couponhub.shown import shown

E = TypeVar("E", bound=BaseException)
_MINUTE = 60
_FAR_AWAY = 366 * 24 * 3600.0
"""Seconds: nobody is told to come back later than that."""


def _text(value: str, what: str, *, keep: str = "") -> str:
    if not isinstance(value, str):
        raise TypeError(f"the {what} of an error must be text, not {type(value).__name__}")
    return shown(value, keep=keep)


class ErrorFacts(TypedDict, total=False):
    """The arguments that every error takes beside its message; see the attributes of `CouponhubError`."""

    hint: str
    connection: str | None
    operation: str | None
    vendor_code: str | None
    status: int | None
    request_id: str | None
    retry_after: float | None
    retryable: bool | None


class CouponhubError(Exception):
    """Base of all errors; its text is one line that says what, where, and what to do.

    A text may quote a vendor or a file: what would steer a terminal, or what nobody sees, is written as its escape.

    Attributes:
        title: What it is, in words that are the same for every error of the class, for problem details.
        kind: The stable word for this class, as in JSON and problem details.
        exit_code: What the command line exits with.
        http_status: What the HTTP endpoint answers with.
        hint: What to do about it, or "" when the message already says it.
        retryable: True when the same request may succeed later without any change.
        retry_after: Seconds to wait before that, or None when the vendor did not say.
    """

    title: ClassVar[str] = "Base of all errors; its text is one line that says what, where, and what to do."
    kind: ClassVar[str] = "internal"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500
    retryable: bool = False
    _keeps: ClassVar[str] = ""
    """Characters of its text that are no sign of somebody else's hand."""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        connection: str | None = None,
        operation: str | None = None,
        vendor_code: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        retryable: bool | None = None,
    ) -> None:
        message = _text(message, "message", keep=self._keeps)
        super().__init__(message)
        self.message = message
        self.hint = _text(hint, "hint")
        self.connection = connection
        self.operation = operation
        self.vendor_code = vendor_code and _text(vendor_code, "vendor_code")
        self.status = status
        self.request_id = request_id and _text(request_id, "request_id")
        self.retry_after = retry_after
        if retryable is not None:
            self.retryable = retryable

    def __str__(self) -> str:
        where = " ".join(part for part in (self.connection, self.operation) if part)
        text = f"{where}: {self.message}" if where else self.message
        advice = "; ".join(part for part in (self.hint, self._when()) if part)
        return f"{text} ({advice})" if advice else text

    def _when(self) -> str:
        """After what time to try again, in words; "" where nobody said."""
        if self.retry_after is None or not 0 < self.retry_after < _FAR_AWAY:
            return ""
        seconds = ceil(self.retry_after)
        if seconds <= 2 * _MINUTE:
            return f"try again in {seconds} s"
        hours, minutes = divmod(ceil(seconds / _MINUTE), _MINUTE)
        return f"try again in {f'{hours} h ' if hours else ''}{minutes} min"

    def located(self, *, connection: str | None, operation: str | None) -> "CouponhubError":
        """Fill in where it happened, unless a deeper layer already said so; returns itself for `raise`."""
        self.connection = self.connection or connection
        self.operation = self.operation or operation
        return self

    def reworded(self, *, message: str | None = None, hint: str | None = None) -> Self:
        """Return this error in other words: its facts, its cause and where it was raised stay. None keeps a text."""
        twin = copy.copy(self)
        if message is not None:
            twin.message = shown(message, keep=self._keeps)
            twin.args = (twin.message,)
        if hint is not None:
            twin.hint = shown(hint)
        twin.__cause__ = self.__cause__
        return twin.with_traceback(self.__traceback__)


class ConfigError(CouponhubError):
    """The configuration is wrong; the message names the file, the key and the mend."""

    title = "The configuration is wrong; the message names the file, the key and the mend."
    _keeps = "\n"  # each fault has a line of its own
    kind = "config"
    exit_code = 2
    http_status = 400


class UsageError(CouponhubError):
    """The caller named something that does not exist here, or combined what does not go together."""

    title = "The caller named something that does not exist here, or combined what does not go together."
    kind = "usage"
    exit_code = 2
    http_status = 400


class UnknownConnection(UsageError):
    """No connection of that name is configured."""

    title = "No connection of that name is configured."
    http_status = 404


class LimitsCrossed(UsageError):
    """A plan crosses limits, each told on a line of its own, and nobody gave a reason."""

    title = "A plan crosses limits, each told on a line of its own, and nobody gave a reason."
    _keeps = "\n"


class LocalError(CouponhubError):
    """Trouble on this machine: an unreadable file, a full disk, a port in use."""

    title = "Trouble on this machine: an unreadable file, a full disk, a port in use."
    kind = "local"
    exit_code = 2
    http_status = 400


class Unsupported(CouponhubError):
    """The vendor cannot express this; `hint` says what to do instead."""

    title = "The vendor cannot express this; `hint` says what to do instead."
    kind = "unsupported"
    exit_code = 8
    http_status = 501


class PartialFailure(CouponhubError):
    """Some of it was done; the message counts what was not."""

    title = "Some of it was done; the message counts what was not."
    kind = "partial"
    exit_code = 3
    http_status = 502


class Unbalanced(CouponhubError):
    """A proof does not balance: not every code is known to be where it was planned to be; the message counts."""

    title = "A proof does not balance: not every code is known to be where it was planned to be; the message counts."
    kind = "unbalanced"
    exit_code = 3
    http_status = 502


class WaitTimeout(CouponhubError):
    """The caller's patience ended before the vendor was done; nothing was cancelled.

    Attributes:
        upload: The `Upload` that was waited for, as last seen; None when there is none yet.
    """

    title = "The caller's patience ended before the vendor was done; nothing was cancelled."
    kind = "timeout"
    exit_code = 3
    http_status = 502

    def __init__(self, message: str, *, upload: Any = None, **facts: Unpack[ErrorFacts]) -> None:
        super().__init__(message, **facts)
        self.upload = upload


class VendorError(CouponhubError):
    """A vendor was asked and did not do it."""

    title = "A vendor was asked and did not do it."
    kind = "unavailable"
    exit_code = 7
    http_status = 502


class AuthRejected(VendorError):
    """The vendor does not accept the credentials."""

    title = "The vendor does not accept the credentials."
    kind = "credentials"
    exit_code = 5


class PermissionDenied(VendorError):
    """The credentials are right and lack a right."""

    title = "The credentials are right and lack a right."
    kind = "permission"
    exit_code = 5


class NotFound(VendorError):
    """The vendor says that what was named does not exist."""

    title = "The vendor says that what was named does not exist."
    kind = "not_found"
    exit_code = 4
    http_status = 404


class RequestRejected(VendorError):
    """The vendor refused the request for what it says; repeating it unchanged is pointless."""

    title = "The vendor refused the request for what it says; repeating it unchanged is pointless."
    kind = "rejected"
    exit_code = 9
    http_status = 422


class Conflict(RequestRejected):
    """Refused because of what is there already."""

    title = "Refused because of what is there already."
    kind = "conflict"
    http_status = 409


class RateLimited(VendorError):
    """Too many calls; refused before any work, so that even a write may be repeated after `retry_after`.

    Attributes:
        limit: The flat name of the limit that is spent, e.g. "upload_per_minute"; None where the vendor refused the call and
            named none.
        waits_for: What there is to wait for, for people: that limit, or what else keeps the call from being made.
    """

    title = (
        "Too many calls; refused before any work, so that even a write may be repeated after `retry_after`."
    )
    kind = "rate_limited"
    exit_code = 6
    http_status = 503
    retryable = True

    def __init__(
        self,
        message: str,
        *,
        limit: str | None = None,
        waits_for: str | None = None,
        **facts: Unpack[ErrorFacts],
    ) -> None:
        super().__init__(message, **facts)
        self.limit = limit
        self.waits_for = waits_for or limit or "the vendor's rate limit"


class QuotaExhausted(RateLimited):
    """A daily budget is spent: waiting a moment does not help."""

    title = "A daily budget is spent: waiting a moment does not help."
    kind = "quota"
    retryable = False


class VendorUnavailable(VendorError):
    """No answer to a read, or a fault on the vendor's side.

    Attributes:
        sent: False when the request provably never reached the vendor, so that a write may be repeated.
        too_slow: True when time ran out, which a server reports as 504.
        local: True when this process is what lacks something, so that nothing can be concluded about the vendor.
    """

    title = "No answer to a read, or a fault on the vendor's side."
    kind = "unavailable"
    exit_code = 7
    retryable = True

    def __init__(
        self,
        message: str,
        *,
        sent: bool = True,
        too_slow: bool = False,
        local: bool = False,
        **facts: Unpack[ErrorFacts],
    ) -> None:
        super().__init__(message, **facts)
        self.sent = sent
        self.too_slow = too_slow
        self.local = local


class OutcomeUnknown(VendorError):
    """A write was sent and no understandable answer came: it may or may not have been done.

    Never retryable. `hint` names the command that finds out.
    """

    title = "A write was sent and no understandable answer came: it may or may not have been done."
    kind = "outcome_unknown"
    exit_code = 3

    def _when(self) -> str:
        return ""  # trying again is what must not be done


class UnreadableReply(VendorError):
    """The reply is not what the vendor documents: HTML, half a JSON, a missing id."""

    title = "The reply is not what the vendor documents: HTML, half a JSON, a missing id."
    kind = "unreadable"
    exit_code = 7


def without_frames(error: E) -> E:
    """An error as if it were raised anew: without the frames it came through, and what it came of.

    Whoever looks at a traceback with its variables sees the credentials there that a library was just sending, and
    the texts of a library's errors quote addresses with their queries. Raise it outside of the handler, else it is
    chained again.
    """
    if not isinstance(error, BaseException):
        raise TypeError(f"an error must be an exception, not {type(error).__name__}")
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def table() -> tuple[tuple[str, str, int, int], ...]:
    """Every error class as (class name, kind, exit code, HTTP status), parents first, for docs and checks."""
    rows: list[tuple[str, str, int, int]] = []
    waiting: list[type[CouponhubError]] = [CouponhubError]
    while waiting:
        cls = waiting.pop(0)
        rows.append((cls.__name__, cls.kind, cls.exit_code, cls.http_status))
        waiting.extend(cls.__subclasses__())
    return tuple(rows)
