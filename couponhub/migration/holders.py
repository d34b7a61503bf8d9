"""The holders of the codes of a list: asked of its vendor for each customer, or as imported usage reports say."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from couponhub.clock import SYSTEM_CLOCK, Clock, Deadline
from couponhub.errors import (
    NotFound,
    RateLimited,
    UnreadableReply,
    Unsupported,
    UsageError,
    VendorUnavailable,
)
from couponhub.migration.asking import answers_to
from couponhub.models import CouponQuery, Customer, CustomerCoupons, ListId
from couponhub.uploads.rate_limit_wait import RateLimitWait

if TYPE_CHECKING:
    from couponhub.connection import Connection

Fit = Callable[[Iterable[Customer]], Customer]
"""Chooses among the names of one person the one that the target may know."""

MOST_FAILURES = 5
"""Customers in a row about whom no answer comes: then the vendor is away, and nobody further is asked about."""


@attrs.frozen(kw_only=True)
class HeldCode:
    """A code that was given out.

    Attributes:
        customer: None where nobody can tell who that is.
        status: `redeemed`, `expired`, `revoked`; any other word is that of a code that can still be used.
        issued_at: None where it is not known.
        expires_at: The end of this one code; None where it has none of its own, or it is not known.
    """

    code: str = attrs.field(repr=False)
    customer: Customer | None = attrs.field(default=None, repr=False)
    status: str = "issued"
    issued_at: datetime | None = None
    expires_at: datetime | None = None


class CustomerSweep:
    """Asks a vendor, or its imported reports, about each of many customers.

    Args:
        connection: Who is asked.
        list_id: Whose codes are meant.
        customers: Whom to ask about.
        fit: See `Fit`.
        clock: How the vendor's pauses pass, for tests.

    Attributes:
        asked: Customers.
        unknowable: Customers of whom not all can be known.
        uncovered: Customers of whom usage reports know only until some day.
    """

    def __init__(
        self,
        connection: "Connection",
        list_id: ListId,
        customers: Iterable[Customer],
        fit: Fit,
        *,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._connection = connection
        self._query = CouponQuery(list_id=list_id)
        self._customers = customers
        self._fit = fit
        self._wait = RateLimitWait(clock=clock, deadline=Deadline.after(None, clock))
        self.asked = self.unknowable = self.uncovered = 0

    def __iter__(self) -> Iterator[HeldCode]:
        """Give what they hold, in the order of the customers.

        Raises:
            NotFound: The list does not exist.
            RateLimited: The vendor asks for a pause that nobody waits for, such as until tomorrow.
            Unsupported: Its customers cannot be asked about like that.
            VendorUnavailable: It has ceased to answer.
            VendorError: It refuses to answer at all.
        """
        failures = 0
        for customer, answer in answers_to(self._customers, self._ask):
            self.asked += 1
            try:
                found = answer.result()
            except (UnreadableReply, UsageError):
                self.unknowable += 1
                continue
            except VendorUnavailable:
                failures += 1
                self.unknowable += 1
                if failures == MOST_FAILURES:
                    raise
                continue
            failures = 0
            yield from self._held(customer, found)

    def _ask(self, customer: Customer) -> CustomerCoupons:
        try:
            return self._wait.call(
                lambda deadline: self._connection.customers.coupons(customer, self._query, deadline=deadline)
            )
        except RateLimited as error:  # the pause is longer than anybody waits
            hint = f"`couponhub export customers {self._connection.name}` asks over several days; give its file as --customers"
            raise error.reworded(hint=hint) from None

    def _held(self, customer: Customer, found: CustomerCoupons) -> Iterator[HeldCode]:
        self.unknowable += not (found.complete and found.every_form)
        self.uncovered += not found.covered
        named = self._fit((customer, *found.also_known_as)) if found.coupons else customer
        for coupon in found.coupons:
            yield HeldCode(
                code=coupon.code,
                customer=named,
                status=coupon.status.value,
                issued_at=coupon.issued_at,
                expires_at=coupon.expires_at,
            )


def reported_codes(connection: "Connection", list_id: str) -> Iterator[str] | None:
    """Return the codes of a list that imported usage reports name as given out; None where there are no reports of it."""
    try:
        if not connection.usage.reports(list_id):
            return None
        return (row.code for row in connection.usage.rows(list_id))
    except (NotFound, Unsupported):
        return None


def reports_reach(connection: "Connection", list_id: str) -> datetime | None:
    """Return the end of the last day up to which usage reports cover every day of a list; None for no such day."""
    (coverage,) = connection.usage.status(list_id, ask_vendor=False).lists
    return coverage.as_of
