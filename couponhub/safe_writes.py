"""Writing so that it happens once: a lost answer is followed by a look, never by a blind repetition."""

from collections.abc import Callable
from typing import TypeVar

from couponhub.errors import (
    AuthRejected,
    ConfigError,
    Conflict,
    CouponhubError,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    RequestRejected,
    Unsupported,
    UsageError,
    VendorError,
    VendorUnavailable,
)

T = TypeVar("T")

_ATTEMPTS = 2

# The vendor understood and refused, or the adapter refused before anything was sent.
_REFUSALS = (
    AuthRejected,
    ConfigError,
    NotFound,
    PermissionDenied,
    RateLimited,
    RequestRejected,
    Unsupported,
    UsageError,
)


def _nothing() -> None:
    """Return None: nobody but us is asked what became of a write."""


def write_once(
    write: Callable[[], T],
    look: Callable[[], T | None],
    *,
    settle: Callable[[], None],
    what: str,
    hint: str,
    absent: Callable[[], T | None] = _nothing,
) -> T:
    """Write, and find out what became of it when no understandable answer comes.

    Looked for at once and again after the settling time, it is either found or proven absent; what is absent
    is written once more.

    Args:
        write: Does it, and answers what the vendor then has.
        look: What the vendor has of it now; None when there is nothing.
        settle: Lets the time pass after which absence counts as proof; what it raises ends everything.
        what: What is written, for the errors' texts.
        hint: What finds out later, when looking fails too.
        absent: Told when it is proven that the vendor has nothing; what it answers was found by somebody else.

    Raises:
        OutcomeUnknown: Whether it was done is not known, for looking failed too.
        CouponhubError: Anything else: it is proven not to be done, and `absent` was told; or this machine
            failed, and nothing is proven.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return write()
        except CouponhubError as error:
            refused = _is_refusal(error)
            if not refused and not isinstance(error, VendorError):
                raise
            found = None
            # A conflict of the repetition may be with the first attempt, which has arrived after all.
            if not refused or (attempt > 1 and isinstance(error, Conflict)):
                found = _look(look, None if refused else settle, lost=error, what=what, hint=hint)
            if found is None:
                found = absent()
            if found is not None:
                return found
            if refused:
                raise
    raise VendorUnavailable(f"the vendor took {what} neither at once nor when it was repeated")


def change_once(change: Callable[[], T], look: Callable[[], T | None], *, settle: Callable[[], None]) -> T:
    """Change what is there already; when no understandable answer comes, look, and repeat it once at most.

    Repeating it must be harmless. What is not to be seen need not have failed, as it may be shown otherwise
    than it was asked for: what was lost twice stays unknown.

    Args:
        change: Makes it, and answers what the vendor then has.
        look: What the vendor has now if it is as was asked, else None.
        settle: Lets the time pass after which a change that is not to be seen is repeated.

    Raises:
        OutcomeUnknown: Whether it was done is not known; the hint is that of the lost answer.
        CouponhubError: It was refused, and is not to be seen.
    """
    try:
        return change()
    except OutcomeUnknown as lost:
        found = _seen(look, instead=lost)
        if found is None:
            settle()
            found = _seen(look, instead=lost)
        if found is not None:
            return found
    try:
        return change()
    except VendorError as error:
        # The first attempt may have arrived after all, and be what the second stumbled over.
        found = _seen(look, instead=error)
        if found is None:
            raise
        return found


def _seen(look: Callable[[], T | None], *, instead: VendorError) -> T | None:
    try:
        return look()
    except CouponhubError:
        raise instead from None


def _look(
    look: Callable[[], T | None],
    settle: Callable[[], None] | None,
    *,
    lost: CouponhubError,
    what: str,
    hint: str,
) -> T | None:
    try:
        found = look()
        if found is None and settle is not None:
            settle()
            found = look()
    except OutcomeUnknown:
        raise
    except VendorError as error:
        raise OutcomeUnknown(
            f"{what} was sent, no answer came ({lost.kind}), and the vendor cannot be asked for it now"
            f" ({error.kind})",
            hint=hint,
        ) from error
    return found


def _is_refusal(error: CouponhubError) -> bool:
    return isinstance(error, _REFUSALS) or (isinstance(error, VendorUnavailable) and not error.sent)
