"""Corner shop, as couponhub's protocols."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from couponhub.clock import Deadline, utc_now
from couponhub.errors import UnreadableReply, Unsupported
from couponhub.models import CouponList, CouponQuery, Customer, CustomerCoupons, ListId, ListStatus
from couponhub_cornershop import mapping
from couponhub_cornershop.client import CornerShopClient
from couponhub_cornershop.settings import CornerShopSettings

_ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "lists.write": "make the list in the shop's back office",
        "lists.activate": "make a new list in the shop's back office",
        "lists.archive": "take the list off the shelf in the shop's back office",
        "uploads.files": "type the codes in at the shop",
        "uploads.urls": "type the codes in at the shop",
        "uploads.read": "the shop's back office shows what was typed in",
        "uploads.delete": "take the codes out in the shop's back office",
        "coupons.find": "ask for the customer's coupons: `couponhub lookup --email`",
        "usage.request": "ask for each customer's coupons: `couponhub lookup --email`",
    }
)


class CornerShopAdapter:
    """One shop. Thread-safe; opening it calls nobody.

    Args:
        connection: The connection's name.
        settings: What it needs to be told.
    """

    def __init__(self, connection: str, settings: CornerShopSettings) -> None:
        self._connection = connection
        self._client = CornerShopClient(connection, settings)
        self.limits = settings.effective_limits

    def advice(self, capability: str) -> str:
        """See `Adapter.advice`."""
        return _ADVICE.get(capability, "")

    def check(self, *, deadline: Deadline | None = None) -> str:
        """Read all lists."""
        count = sum(1 for _ in self._lists(None, deadline))
        return f"{count} {'list' if count == 1 else 'lists'}"

    def quota_left(self) -> Mapping[str, int]:
        """See `Adapter.quota_left`: the shop limits nothing."""
        return {}

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | Sequence[str]] | None = None,
        body: object = None,
    ) -> object:
        """See `Adapter.call`."""
        return self._client.call(method, path, query or {}, body)

    def close(self) -> None:
        """Release connections."""
        self._client.close()

    def get_list(self, list_id: ListId) -> CouponList:
        """See `ReadsLists.get_list`."""
        return mapping.coupon_list(self._connection, self._client.fetch_list(list_id), utc_now())

    def iterate_lists(self, status: ListStatus | None = None) -> Iterator[CouponList]:
        """See `ReadsLists.iterate_lists`. All lists are one call, made for the first item."""
        return self._lists(status)

    def customer_coupons(
        self, customer: Customer, query: CouponQuery, *, deadline: Deadline | None = None
    ) -> CustomerCoupons:
        """See `FindsCustomerCoupons.customer_coupons`."""
        if customer.email is None:
            raise self._unsupported(
                f"Corner shop knows no customer by {customer.identifier}", "ask with the customer's e-mail"
            )
        if query.store_id is not None:
            raise self._unsupported("Corner shop is a single store", "ask without the store")
        if query.list_id is not None:
            # An unknown list would look like one of which the customer holds nothing.
            self._client.fetch_list(query.list_id, deadline=deadline)
        holdings = self._client.fetch_holdings(customer.email, deadline=deadline)
        now, faults = utc_now(), holdings.coupons.faults
        coupons = (mapping.coupon(self._connection, row, now) for row in holdings.coupons.readable)
        return CustomerCoupons(
            coupons=mapping.selected(coupons, query),
            customer_known=holdings.unknown_code is None,
            complete=not faults,
            warnings=(f"{len(faults)} of the coupons could not be read: {faults[0]}",) if faults else (),
            vendor_code=holdings.unknown_code,
        )

    def _lists(self, status: ListStatus | None, deadline: Deadline | None = None) -> Iterator[CouponList]:
        rows, now = self._client.fetch_lists(deadline=deadline), utc_now()
        for row in rows.readable:
            found = mapping.coupon_list(self._connection, row, now)
            if status is None or found.status is status:
                yield found
        if rows.faults:
            raise UnreadableReply(
                f"{len(rows.faults)} of the lists could not be read: {rows.faults[0]}",
                connection=self._connection,
                operation="fetch lists",
            )

    def _unsupported(self, message: str, hint: str) -> Unsupported:
        return Unsupported(message, hint=hint, connection=self._connection, operation="customer coupons")


if TYPE_CHECKING:
    from couponhub import protocols

    _adapter: type[protocols.Adapter] = CornerShopAdapter
    _reads_lists: type[protocols.ReadsLists] = CornerShopAdapter
    _finds_customer_coupons: type[protocols.FindsCustomerCoupons] = CornerShopAdapter
