"""Questions to a client, and what came of them."""

from collections.abc import Callable
from typing import Literal

import attrs

from couponhub.clock import Deadline
from couponhub.models import CouponQuery, Customer, CustomerCoupons
from couponhub.transport.room import let_go

Ask = Callable[[Customer, CouponQuery, Deadline], CustomerCoupons]
"""Asks a connection, by that deadline."""


@attrs.frozen(kw_only=True)
class Outcome:
    """The outcome of asking a connection.

    Attributes:
        found: Its answer; None when there is none. A remembered one says so: its source is CACHE.
        error: Why there is none. Beside an answer: why that is a remembered one, past its time.
        weight: Roughly the bytes that a remembered answer takes; 0 for one that is not remembered.
    """

    found: CustomerCoupons | None = None
    error: Exception | None = None
    weight: int = attrs.field(default=0, eq=False, repr=False)


def attempt(ask: Ask, customer: Customer, query: CouponQuery, deadline: Deadline) -> Outcome:
    """Ask now, on this thread. An error keeps where it was raised, and nothing of what was at hand there."""
    try:
        found = ask(customer, query, deadline)
    except Exception as error:  # noqa: BLE001 - whoever asked decides what each fault means
        let_go(error)
        return Outcome(error=error)
    if isinstance(found, CustomerCoupons):
        return Outcome(found=found)
    # An adapter of somebody's own may return anything, which must not end the thread that asked.
    return Outcome(error=TypeError(f"the adapter answered with {type(found).__name__}"))


@attrs.frozen(kw_only=True)
class ResilienceStatus:
    """The standing of a client at one moment, for metrics.

    Attributes:
        breaker: "open" while the vendor is not asked, "probing" while it is tried whether it may be again.
        in_flight: Questions that the vendor is being asked now.
        waiting: Questions that wait for one of those to end.
        cache_hits: Asks answered by a fresh remembered answer, since the client was opened.
        cache_misses: All others.
        shared_hits: Questions whose answer another process had asked for; their asks count as misses.
        failures: Questions that the vendor failed to answer: silence, no connection, faults on its side.
        opened_total: How often the breaker opened.
    """

    breaker: Literal["closed", "open", "probing"] = "closed"
    in_flight: int = 0
    waiting: int = 0
    cache_hits: int = 0
    cache_misses: int = 0
    shared_hits: int = 0
    failures: int = 0
    opened_total: int = 0
