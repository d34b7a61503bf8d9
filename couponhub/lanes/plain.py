"""What lookups ask of a connection, and the simplest that answers: what needs no vendor."""

from typing import Protocol

from couponhub.clock import Deadline
from couponhub.lanes.flight import Done, Waiter
from couponhub.lanes.known import Ask, Known, LaneStatus, asked
from couponhub.models import CouponQuery, Customer


class AnyLane(Protocol):
    """The way to one connection, as lookups use it. Thread-safe."""

    @property
    def name(self) -> str:
        """The connection's."""
        ...

    def ask(self, customer: Customer, query: CouponQuery, deadline: Deadline, done: Done) -> Waiter | None:
        """Ask, and have `done` told once what it came to, unless the waiter leaves before; None when it was told."""
        ...

    def recall(self, customer: Customer, query: CouponQuery) -> tuple[Known, float] | None:
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

    def status(self) -> LaneStatus:
        """Return how it stands now."""
        ...

    def close(self) -> None:
        """Ask nothing more; who waits for something to be asked is told so."""
        ...


class PlainLane:
    """Asked at once, on the caller's own thread: a local index, or a plain refusal. Thread-safe as `ask` is.

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
        done(asked(self._ask, customer, query, deadline))

    def recall(self, customer: Customer, query: CouponQuery) -> None:
        """Remember nothing."""

    def count_recall(self) -> None:
        """Count nothing."""

    def forget_all(self) -> None:
        """Forget nothing, for there is nothing."""

    def status(self) -> LaneStatus:
        """Return that all is well."""
        return LaneStatus()

    def close(self) -> None:
        """Close nothing."""
