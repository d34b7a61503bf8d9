"""A lane to what needs no vendor: a local index, or a plain refusal."""

from collections.abc import Callable

from couponhub.lanes.known import Ask, Known, asked
from couponhub.lanes.lane import Lane
from couponhub.models import CouponQuery, Customer


class PlainLane(Lane):
    """Asked at once, on the caller's own thread; nothing is remembered, nothing breaks. Thread-safe as `ask` is.

    Args:
        name: The connection's.
        ask: Answers from what is at hand.
    """

    def __init__(self, name: str, ask: Ask) -> None:
        super().__init__(name, ask)

    def ask(
        self, customer: Customer, query: CouponQuery, deadline: float, done: Callable[[Known], None]
    ) -> None:
        """As `Lane.ask`."""
        done(asked(self._ask, customer, query, deadline))
