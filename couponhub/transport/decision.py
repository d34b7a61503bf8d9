"""The consequence of a failed attempt: a pure decision, which the transport then carries out."""

import attrs

from couponhub.errors import AuthRejected, CouponhubError, RateLimited, UnreadableReply, VendorUnavailable


@attrs.frozen
class Raise:
    """Raise the error as it is."""


@attrs.frozen
class RaiseUnknown:
    """Raise `OutcomeUnknown`: a write was sent, and nobody knows whether it was done."""


@attrs.frozen
class Renew:
    """Repeat it at once with other credentials; where there are none, raise the error."""


@attrs.frozen(kw_only=True)
class Wait:
    """Repeat it after a pause.

    Attributes:
        seconds: How long.
        takes_reserve: Whether the repetition is one of those that a failing vendor gets.
        otherwise: What follows where the reserve is spent.
    """

    seconds: float
    takes_reserve: bool
    otherwise: Raise | RaiseUnknown


Decision = Raise | RaiseUnknown | Renew | Wait


@attrs.frozen(kw_only=True)
class Attempt:
    """One attempt that failed.

    Attributes:
        number: 1 for the first.
        most: How many there may be.
        changes: Whether the call changes anything at the vendor.
        signed: Whether it had its credentials, so that it may have been sent.
        renewable: Whether it was signed with credentials that can be others the next time, and have not been renewed.
        hurried: Whether the caller set the deadline, so that rate limits are his to wait out.
        left: Seconds until the deadline.
    """

    number: int = 1
    most: int = 4
    changes: bool = False
    signed: bool = True
    renewable: bool = False
    hurried: bool = False
    left: float


def decide(error: CouponhubError, attempt: Attempt, *, pause: float) -> Decision:
    """Return what follows an attempt that ended in `error`.

    Args:
        error: How it ended.
        attempt: What it was.
        pause: Seconds to wait, should it be repeated.
    """
    match error:
        case AuthRejected():
            return Renew() if attempt.renewable else Raise()
        case UnreadableReply():
            return _given_up(attempt, arrived=attempt.signed)
        case RateLimited():
            # It was refused before any work. With a deadline of the caller's the pause is his to keep.
            given_up: Raise | RaiseUnknown = Raise()
            is_ours, may_repeat = True, error.retryable
        case VendorUnavailable():
            arrived = attempt.signed and error.sent
            given_up = _given_up(attempt, arrived=arrived)
            is_ours, may_repeat = error.local, error.retryable and not (attempt.changes and arrived)
        case _:
            return Raise()
    is_wanted = not (attempt.hurried and is_ours) and attempt.number < attempt.most and pause < attempt.left
    if not (may_repeat and is_wanted):
        return given_up
    return Wait(seconds=pause, takes_reserve=not is_ours, otherwise=given_up)


def _given_up(attempt: Attempt, *, arrived: bool) -> Raise | RaiseUnknown:
    return RaiseUnknown() if attempt.changes and arrived else Raise()
