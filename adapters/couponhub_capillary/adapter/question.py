"""One customer under one text that names them, asked within what is left of the caller's patience."""

from typing import TYPE_CHECKING, Self

import attrs

from couponhub.clock import Deadline
from couponhub.models import Identifier
from couponhub_capillary.wire.customer_coupons import CustomerAnswer, Narrowing
from couponhub_capillary.wire.customer_coupons_v2 import PAGE_SIZE, CouponPage, SortOrder

if TYPE_CHECKING:
    from couponhub_capillary.client import CapillaryClient

_SHARE = 0.9
"""Of what is left of the patience, for calls without which there is something to answer already."""


@attrs.frozen(kw_only=True)
class CustomerQuestion:
    """The customer and the query that every call of one lookup is about.

    Attributes:
        form: The text that names the customer.
        patience: For all calls together; None leaves each its own.
    """

    client: "CapillaryClient"
    identifier: Identifier
    form: str = attrs.field(repr=False)
    patience: Deadline | None

    def less_patient(self) -> Self:
        """Return the question with time left over to hand on what is known when further calls take too long."""
        if self.patience is None:
            return self
        return attrs.evolve(self, patience=self.patience.sooner(_SHARE))

    def ask(self, narrowing: Narrowing) -> CustomerAnswer:
        """Ask v1.1, which says whether the customer is known, and gives as many coupons as it likes."""
        return self.client.customer_coupons(self.identifier, self.form, narrowing, deadline=self.patience)

    def page(
        self,
        offset: int,
        *,
        limit: int = PAGE_SIZE,
        order: SortOrder = SortOrder.OLDEST_FIRST,
        status: str | None = None,
    ) -> CouponPage:
        """Ask v2, which an organisation need not have."""
        return self.client.coupon_page(
            self.identifier,
            self.form,
            offset=offset,
            limit=limit,
            order=order,
            status=status,
            deadline=self.patience,
        )
