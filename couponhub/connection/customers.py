"""The customers of a connection, and what each of them holds."""

from collections.abc import Callable

import attrs

from couponhub.capabilities import Offered
from couponhub.clock import SYSTEM_CLOCK, Clock, Deadline
from couponhub.connection.arguments import given_deadline
from couponhub.error_context import ErrorContext
from couponhub.errors import Unsupported
from couponhub.models import (
    MAY_BE_SPELLED_OTHERWISE,
    CouponQuery,
    Customer,
    CustomerCoupons,
    Identifier,
    in_order,
)
from couponhub.models.given import given_one
from couponhub.protocols import FindsCustomerCoupons, TagsCodes
from couponhub.rooted import Rooted
from couponhub.usage import Reports

_OPERATION = "customer coupons"


class Customers(Rooted):
    """The customers of a connection; of a vendor that cannot be asked, as its imported usage reports know them.

    Thread-safe. `CouponHub.lookup` asks several connections, remembers answers and judges them; here one vendor is
    asked, each time.
    """

    def __init__(self, name: str, offered: Offered, reports: Reports, clock: Clock = SYSTEM_CLOCK) -> None:
        self._name = name
        self._offered = offered
        self._reports = reports
        self._clock = clock

    @property
    def identifiers(self) -> frozenset[Identifier]:
        """The kinds of identifier that customers can be asked about by."""
        return self._reports.identifiers or self._offered.identifiers

    @property
    def tag_identifiers(self) -> frozenset[Identifier]:
        """The kinds of identifier by which uploaded codes can be bound to customers; empty where the vendor binds none."""
        adapter = self._offered.adapter
        return adapter.tag_identifiers if isinstance(adapter, TagsCodes) else frozenset()

    def require_live(self) -> None:
        """Refuse where the vendor itself cannot be asked about its customers, as where reports alone tell of them.

        Raises:
            Unsupported: It cannot; the hint says what to do instead.
        """
        with ErrorContext(self._name, "customer coupons"):
            self._offered.require(FindsCustomerCoupons)

    def unified(self, customer: Customer) -> Customer:
        """Return the customer as the vendor is asked: the same for all forms of a mobile that are one number here.

        Args:
            customer: As given by anybody, decoration of a number included. Nobody is asked.

        Raises:
            UsageError: The identifier cannot be one of its kind.
        """
        return self._offered.unified(given_one(Customer, customer, "customer"))

    def coupons(
        self,
        customer: Customer,
        query: CouponQuery | None = None,
        *,
        deadline: float | Deadline | None = None,
    ) -> CustomerCoupons:
        """Return the coupons that a customer holds, and how sure that is.

        A customer whom the vendor does not know is an answer and no error: `customer_known` is False, and there are no
        coupons. So is one who holds none. Neither proves absence while `complete`, `covered` or `every_form` is False.

        Args:
            customer: Whom to ask about.
            query: Which coupons are meant, and in which order; all, newest first, by default.
            deadline: Seconds until the answer has to be there; None for as long as the connection's `timeout` and
                retries allow. A `Deadline` is handed down as it is.

        Raises:
            UsageError: The identifier cannot be one of its kind.
            Unsupported: The vendor cannot be asked by this kind of identifier, and no usage report was imported.
            NotFound: The list that the query names does not exist.
            VendorUnavailable: No answer came in time.
            VendorError: Nothing may be concluded about the customer.
        """
        with ErrorContext(self._name, _OPERATION):
            given_one(Customer, customer, "customer")
            query = CouponQuery() if query is None else given_one(CouponQuery, query, "query")
            held = self._held(self.unified(customer), query.unordered, given_deadline(deadline, self._clock))
            if query.unordered is query:
                return held
            return attrs.evolve(held, coupons=in_order(held.coupons, query))

    def _held(self, customer: Customer, query: CouponQuery, deadline: Deadline | None) -> CustomerCoupons:
        with ErrorContext(self._name, _OPERATION):
            reported = self._reports.coupons(customer, query)
            if reported is not None:
                return reported
            if self._reports.are_missing:
                raise Unsupported(
                    "no usage report was imported yet",
                    hint=f"`couponhub usage status {self._name}` shows each `couponhub usage request` to make before"
                    " `couponhub usage import`",
                )
            asked = self._offered.require(FindsCustomerCoupons)
            found = asked.customer_coupons(customer, query, deadline=deadline)
            if found.customer_known or not self._offered.is_ambiguous(customer):
                return found
            return attrs.evolve(found, every_form=False, warnings=(*found.warnings, MAY_BE_SPELLED_OTHERWISE))


def asking(customers: Customers) -> Callable[[Customer, CouponQuery, Deadline], CustomerCoupons]:
    """Return what asks as `Customers.coupons` does, and takes as checked what a lookup has checked.

    The customer is one that was `unified`, and the query has neither order nor limit.
    """
    return customers._held  # noqa: SLF001 - of this module
