"""One question on its way to a vendor, and everybody who waits for its answer."""

import logging
from collections.abc import Callable, Iterable

import attrs

from couponhub.lanes.known import Known
from couponhub.lanes.memory import Question
from couponhub.models import CouponQuery, Customer

_log = logging.getLogger(__name__)


@attrs.frozen(eq=False)
class Waiter:
    """Somebody who asked.

    Attributes:
        deadline: Until when an answer is of use, on the lane's clock.
        done: Is told it.
    """

    deadline: float
    done: Callable[[Known], None]

    def content_with(self, part: Known) -> "Waiter":
        """The same one, who is told that part of an answer should asking anew come to none; coupons are kept."""
        found = part.found
        if found is None or not found.coupons:
            return self
        return attrs.evolve(self, done=lambda known: self.done(part if known.found is None else known))


Message = tuple[Waiter, Callable[[], Known]]
"""What somebody is to be told; made when it is told, beside the lane's lock."""


def tell(messages: Iterable[Message]) -> None:
    """Hand everybody what is theirs. Never with a lock held."""
    for waiter, known in messages:
        try:
            waiter.done(known())
        except Exception as error:  # noqa: BLE001 - it must not raise, and others are still to be told
            _log.error("whoever asked failed to take the answer: %s", type(error).__name__)


@attrs.define(eq=False, kw_only=True)
class Flight:
    """A question that is waiting to be asked, or being asked, once for all who wait.

    Attributes:
        waiters: Who waits; whoever has been told is here no more.
        started: When the vendor was asked; None as long as it was not.
        deadline: Until when it may answer: that of the most patient among those who waited then.
        counted: Whether its failure has been counted already.
        forgotten: Whom to forget was asked for while it was under way.
        is_kept: Whether its answer may be remembered; not when everybody was forgotten meanwhile.
    """

    question: Question
    customer: Customer = attrs.field(repr=False)
    query: CouponQuery
    waiters: list[Waiter] = attrs.field(factory=list)
    started: float | None = None
    deadline: float = 0.0
    counted: bool = False
    forgotten: frozenset[bytes] = frozenset()
    is_kept: bool = True

    def is_late(self, now: float) -> bool:
        """Whether it should have ended already, so that nobody should wait for it any more."""
        return self.started is not None and now >= self.deadline

    def expired(self, now: float) -> list[Waiter]:
        """Those whose time is over; they wait no more."""
        over = [waiter for waiter in self.waiters if waiter.deadline <= now]
        if over:
            self.waiters = [waiter for waiter in self.waiters if waiter.deadline > now]
        return over
