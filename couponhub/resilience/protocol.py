"""The side of a connection that lookups see."""

from typing import Protocol

from couponhub.clock import Deadline
from couponhub.models import CouponQuery, Customer
from couponhub.resilience.outcome import Outcome, ResilienceStatus
from couponhub.resilience.single_flight import Done, Waiter


class LookupClient(Protocol):
    """The way to one connection, as lookups use it. Thread-safe."""

    @property
    def name(self) -> str:
        """The connection's."""
        ...

    def ask(self, customer: Customer, query: CouponQuery, deadline: Deadline, done: Done) -> Waiter | None:
        """Ask, and have `done` told once what it came to, unless the waiter leaves before; None when it was told."""
        ...

    def recall(self, customer: Customer, query: CouponQuery) -> tuple[Outcome, float] | None:
        """Return the fresh remembered answer, always the same object, and for how many seconds more it is fresh.

        None where there is none. Counts for nothing.
        """
        ...

    def count_recall(self) -> None:
        """Note that somebody was told what `recall` gave."""
        ...

    def forget_all(self) -> None:
        """Drop what is remembered; what is under way is not kept."""
        ...

    def status(self) -> ResilienceStatus:
        """Return how it stands now."""
        ...

    def close(self) -> None:
        """Ask nothing more; who waits for something to be asked is told so."""
        ...
