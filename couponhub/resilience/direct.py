"""A client of what needs no vendor: a local index, or a plain refusal."""

from couponhub.clock import Deadline
from couponhub.models import CouponQuery, Customer
from couponhub.resilience.outcome import Ask, ResilienceStatus, attempt
from couponhub.resilience.single_flight import Done


class DirectClient:
    """Asked at once, on the caller's own thread. Thread-safe as `ask` is.

    Nothing is remembered, and nothing breaks.

    Args:
        name: The connection's.
        ask: Answers from what is at hand.
    """

    def __init__(self, name: str, ask: Ask) -> None:
        self.name = name
        self._ask = ask

    def ask(self, customer: Customer, query: CouponQuery, deadline: Deadline, done: Done) -> None:
        """Ask now, and tell `done`."""
        done(attempt(self._ask, customer, query, deadline))

    def recall(self, customer: Customer, query: CouponQuery) -> None:
        """Remember nothing."""

    def count_recall(self) -> None:
        """Count nothing."""

    def forget_all(self) -> None:
        """Forget nothing, for there is nothing."""

    def status(self) -> ResilienceStatus:
        """Return that all is well."""
        return ResilienceStatus()

    def close(self) -> None:
        """Close nothing."""
