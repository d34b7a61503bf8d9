"""Lookups without a hub."""

from collections.abc import Sequence

from couponhub.lookup import FanOut, Question
from couponhub.models import CouponQuery, Customer, LookupAnswer, Strategy
from couponhub.resilience import LookupClient


def lookup(
    clients: Sequence[LookupClient],
    customer: Customer,
    query: CouponQuery,
    deadline: float,
    *,
    strategy: Strategy = Strategy.MERGE,
) -> LookupAnswer:
    """Ask connections that know customers by every identifier; see `FanOut.run`."""
    return FanOut(
        Question(clients=clients, query=query, deadline=deadline, strategy=strategy), customer
    ).run()
