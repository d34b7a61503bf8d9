"""The consequence of a failed attempt: a pure decision, which the transport then carries out."""

from enum import StrEnum

import attrs

from couponhub.errors import AuthRejected, CouponhubError, RateLimited, UnreadableReply, VendorUnavailable


class Because(StrEnum):
    """The reason of a decision, for people."""

    FINAL = "final"
    MAY_HAVE_ARRIVED = "may_have_arrived"
    LEFT_TO_CALLER = "left_to_caller"
    ATTEMPTS_SPENT = "attempts_spent"
    NO_TIME_LEFT = "no_time_left"
    RESERVE_SPENT = "reserve_spent"
    NO_OTHER_CREDENTIALS = "no_other_credentials"
    VENDOR_SAID_WHEN = "vendor_said_when"
    PASSING = "passing"


@attrs.frozen
class Raise:
    """Raise the error as it is."""

    because: Because = attrs.field(default=Because.FINAL, eq=False)


@attrs.frozen
class RaiseUnknown:
    """Raise `OutcomeUnknown`: a write was sent, and nobody knows whether it was done."""

    because: Because = attrs.field(default=Because.MAY_HAVE_ARRIVED, eq=False)


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
        because: Why after that pause.
    """

    seconds: float
    takes_reserve: bool
    otherwise: Raise | RaiseUnknown
    because: Because = attrs.field(default=Because.PASSING, eq=False)


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
            return Renew() if attempt.renewable else Raise(Because.NO_OTHER_CREDENTIALS)
        case UnreadableReply():
            return _given_up(attempt, arrived=attempt.signed)
        case RateLimited():
            # It was refused before any work. With a deadline of the caller's the pause is his to keep.
            arrived = False
            is_ours, may_repeat = True, error.retryable
        case VendorUnavailable():
            arrived = attempt.signed and error.sent
            is_ours, may_repeat = error.local, error.retryable and not (attempt.changes and arrived)
        case _:
            return Raise()
    if not may_repeat:
        return _given_up(attempt, arrived=arrived)
    if (hindrance := _hindrance(attempt, is_ours=is_ours, pause=pause)) is not None:
        return _given_up(attempt, arrived=arrived, because=hindrance)
    return Wait(
        seconds=pause,
        takes_reserve=not is_ours,
        otherwise=_given_up(attempt, arrived=arrived, because=Because.RESERVE_SPENT),
        because=Because.PASSING if error.retry_after is None else Because.VENDOR_SAID_WHEN,
    )


def _hindrance(attempt: Attempt, *, is_ours: bool, pause: float) -> Because | None:
    if attempt.hurried and is_ours:
        return Because.LEFT_TO_CALLER
    if attempt.number >= attempt.most:
        return Because.ATTEMPTS_SPENT
    return None if pause < attempt.left else Because.NO_TIME_LEFT


def _given_up(attempt: Attempt, *, arrived: bool, because: Because = Because.FINAL) -> Raise | RaiseUnknown:
    return RaiseUnknown() if attempt.changes and arrived else Raise(because)
