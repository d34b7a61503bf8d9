"""One connection as lookups see it: asked beside others, answering when it can."""

import threading
from collections.abc import Callable

import attrs

from couponhub.models import CouponQuery, Customer, CustomerCoupons

Ask = Callable[[Customer, CouponQuery, float], CustomerCoupons]
"""Asks a connection, within that many seconds."""


@attrs.frozen(kw_only=True)
class Known:
    """What asking a connection came to.

    Attributes:
        found: Its answer; None when there is none.
        error: Why there is none. Beside an answer: why that is a remembered one, past its time.
    """

    found: CustomerCoupons | None = None
    error: Exception | None = None


class Lane:
    """The way to one connection, shared by all lookups of a hub. Thread-safe.

    Args:
        name: The connection's.
        ask: Asks it.
    """

    def __init__(self, name: str, ask: Ask) -> None:
        self.name = name
        self._ask = ask

    def ask(
        self, customer: Customer, query: CouponQuery, deadline: float, done: Callable[[Known], None]
    ) -> None:
        """Ask beside the caller, and hand what it came to to `done`, once, on whatever thread.

        Args:
            customer: Whom to ask about.
            query: Which coupons are meant.
            deadline: Seconds that it may take.
            done: Must not block and must not raise.
        """
        # A daemon: a vendor that hangs in name resolution must not keep the process from ending.
        threading.Thread(
            target=lambda: done(self._known(customer, query, deadline)),
            name=f"lookup-{self.name}",
            daemon=True,
        ).start()

    def _known(self, customer: Customer, query: CouponQuery, deadline: float) -> Known:
        try:
            return Known(found=self._ask(customer, query, deadline))
        except Exception as error:  # noqa: BLE001 - whoever asked decides what each fault means
            return Known(error=error)
