"""One call to a vendor, and everybody who waits for what it brings."""

import logging
from collections.abc import Callable, Iterable
from contextvars import Context, copy_context

import attrs

from couponhub.clock import Deadline
from couponhub.models import CouponQuery, Customer
from couponhub.resilience.cache import CacheKey
from couponhub.resilience.outcome import Outcome

_log = logging.getLogger(__name__)

Done = Callable[[Outcome], None]
"""Is told what asking came to; must not block and must not raise."""
Message = tuple[Done, Callable[[], Outcome]]
"""A message for somebody; made when it is told, beside the client's lock."""


def notify(messages: Iterable[Message]) -> None:
    """Tell everybody what is theirs. Never with a lock held."""
    for done, outcome in messages:
        try:
            done(outcome())
        except Exception as error:  # noqa: BLE001 - it must not raise, and others are still to be told
            _log.error("whoever asked failed to take the answer: %s", type(error).__name__)


@attrs.define(eq=False, kw_only=True)
class Call:
    """A question that is waiting to be asked, or being asked, once for all who wait.

    Attributes:
        key: What it is about, as it is remembered.
        seconds: How long the vendor has, from when it is asked; nobody's hurry shortens it.
        waiters: Who waits; whoever has been told, or has left, is here no more.
        started: When the vendor was asked; None as long as it was not.
        counted: Whether its failure has been counted already.
        is_kept: Whether its answer may be remembered; not when everybody was forgotten meanwhile.
        is_asked_elsewhere: Whether another process has asked the vendor, and its answer is waited for.
        context: That of who asked first, in which the vendor is asked: whatever traces calls finds there whose it is.
    """

    key: CacheKey
    customer: Customer = attrs.field(repr=False)
    query: CouponQuery
    seconds: float
    waiters: list["Waiter"] = attrs.field(factory=list)
    started: float | None = None
    counted: bool = False
    is_kept: bool = True
    is_asked_elsewhere: bool = False
    context: Context = attrs.field(factory=copy_context, repr=False)

    def is_overdue(self, now: float, *, by: float = 0.0) -> bool:
        """Return True when it should have ended so many seconds ago, so that nobody new should wait for it."""
        return self.started is not None and now >= self.started + self.seconds + by

    def least_left(self, most: float) -> float:
        """Return the seconds of whoever must leave first, at most so many."""
        return min([most, *(waiter.deadline.remaining() for waiter in tuple(self.waiters))])

    @property
    def is_wanted(self) -> bool:
        """True when anybody waits for it who still has time."""
        return any(not waiter.deadline.passed() for waiter in self.waiters)


@attrs.frozen(eq=False, kw_only=True)
class Waiter:
    """Somebody who waits for a call.

    Attributes:
        call: What for.
        deadline: Until when.
        done: Is told what it came to, unless he left before.
    """

    call: Call
    deadline: Deadline
    done: Done
    _leave: Callable[["Waiter"], Outcome] = attrs.field(alias="leave")

    def leave(self) -> Outcome:
        """Wait no more: the answer will fill the memory, and `done` is told nothing.

        Returns:
            What may be said now: that there was no answer in time, beside one that is remembered, if there is any.
        """
        return self._leave(self)
