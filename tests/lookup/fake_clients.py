"""Connections for lookups: they answer as they were told, when they were told, and keep how they were asked."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from couponhub.clock import Deadline
from couponhub.lookup import FanOut, Question
from couponhub.models import (
    Coupon,
    CouponQuery,
    Customer,
    CustomerCoupons,
    Identifier,
    LookupAnswer,
    Strategy,
)
from couponhub.resilience import DirectClient, Outcome

BUYER = Customer(mobile="919876543210")
NUMBER = Customer(external_id="EXT-007")
NOBODY_KNOWS = CustomerCoupons(customer_known=False)
NOTHING = CustomerCoupons()
BY_NUMBER = frozenset({Identifier.EXTERNAL_ID})
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)

Said = CustomerCoupons | Exception | Outcome


class FakeClient(DirectClient):
    """A connection that answers as told.

    Args:
        name: Its name.
        said: What it answers; None for nothing ever.
        after: It answers only when that has happened.

    Attributes:
        asked: As whom the customer was asked about, each time.
        deadlines: The seconds it was given, each time.
        is_asked: Happens when it is asked.
    """

    def __init__(self, name: str, said: Said | None, *, after: threading.Event | None = None) -> None:
        super().__init__(name, lambda *_: NOTHING)
        self.said = said
        self.after = after
        self.asked: list[Customer] = []
        self.deadlines: list[float] = []
        self.is_asked = threading.Event()

    def ask(
        self, customer: Customer, query: CouponQuery, deadline: Deadline, done: Callable[[Outcome], None]
    ) -> None:
        """As `ResilientClient.ask`."""
        assert CouponQuery() == query
        self.asked.append(customer)
        self.deadlines.append(deadline.remaining())
        self.is_asked.set()
        if self.said is None:
            return
        known = self._known(self.said)
        if self.after is None:
            done(known)
        else:
            threading.Thread(target=self._answer_later, args=(self.after, done, known), daemon=True).start()

    @staticmethod
    def _known(said: Said) -> Outcome:
        match said:
            case Outcome():
                return said
            case Exception():
                return Outcome(error=said)
            case _:
                return Outcome(found=said)

    @staticmethod
    def _answer_later(after: threading.Event, done: Callable[[Outcome], None], known: Outcome) -> None:
        if after.wait(20):
            done(known)


def holding(*codes: str, at: str = "loyalty", **more: object) -> CustomerCoupons:
    """An answer with coupons of these codes, the first one newest."""
    coupons = tuple(
        Coupon(connection=at, code=code, issued_at=NEW_YEAR - timedelta(days=age))
        for age, code in enumerate(codes)
    )
    return CustomerCoupons(coupons=coupons, **more)  # type: ignore[arg-type] # of whatever CustomerCoupons takes


def naming(*named: Customer, codes: tuple[str, ...] = ()) -> CustomerCoupons:
    """An answer that names further identifiers."""
    return holding(*codes, also_known_as=named)


def question(
    *fakes: FakeClient,
    deadline: float = 10.0,
    strategy: Strategy = Strategy.MERGE,
    **identifiers: frozenset[Identifier],
) -> Question:
    """A question to these; `identifiers` by the name of a connection that knows customers by some only."""
    return Question(
        clients=fakes,
        query=CouponQuery(),
        deadline=deadline,
        strategy=strategy,
        identifiers=identifiers,
    )


def ask(
    *fakes: FakeClient,
    about: Customer = BUYER,
    deadline: float = 10.0,
    strategy: Strategy = Strategy.MERGE,
    **identifiers: frozenset[Identifier],
) -> LookupAnswer:
    """Ask these about the customer."""
    asked = question(*fakes, deadline=deadline, strategy=strategy, **identifiers)
    return FanOut(asked, about).run()
