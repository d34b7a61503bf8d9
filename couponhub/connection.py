"""One opened connection: the same surface whatever the vendor; what the vendor lacks is refused when called."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from couponhub.capabilities import Capabilities, capabilities_of, require
from couponhub.models import (
    Coupon,
    CouponList,
    CouponQuery,
    Customer,
    CustomerCoupons,
    ListId,
    ListStatus,
    NewCouponList,
)
from couponhub.protocols import (
    ActivatesLists,
    Adapter,
    ArchivesLists,
    FindsCoupons,
    FindsCustomerCoupons,
    ReadsLists,
    RequestsUsageReports,
    WritesLists,
)
from couponhub.uploads import Uploads


class Lists:
    """The coupon lists of a connection. Every method may raise `Unsupported` and `VendorError`."""

    def __init__(self, name: str, adapter: Adapter) -> None:
        self._name = name
        self._adapter = adapter

    def get(self, list_id: str) -> CouponList:
        """One list by the vendor's id; see `ReadsLists.get_list`."""
        return require(self._adapter, self._name, ReadsLists).get_list(ListId(list_id))

    def iterate(self, status: ListStatus | str | None = None) -> Iterator[CouponList]:
        """All lists of that status, or of any; see `ReadsLists.iterate_lists`."""
        wanted = None if status is None else ListStatus(status)
        return require(self._adapter, self._name, ReadsLists).iterate_lists(wanted)

    def create(self, new: NewCouponList) -> CouponList:
        """Create a list; see `WritesLists.create_list`."""
        return require(self._adapter, self._name, WritesLists).create_list(new)

    def activate(self, list_id: str, expires: date) -> None:
        """Bring a list back; see `ActivatesLists.activate_list`."""
        require(self._adapter, self._name, ActivatesLists).activate_list(ListId(list_id), expires)

    def archive(self, list_id: str) -> None:
        """Retire a list and its codes; see `ArchivesLists.archive_list`."""
        require(self._adapter, self._name, ArchivesLists).archive_list(ListId(list_id))


class Customers:
    """The customers of a connection."""

    def __init__(self, name: str, adapter: Adapter) -> None:
        self._name = name
        self._adapter = adapter

    def coupons(
        self, customer: Customer, query: CouponQuery | None = None, *, deadline: float | None = None
    ) -> CustomerCoupons:
        """Which coupons a customer holds; see `FindsCustomerCoupons.customer_coupons`."""
        asked = require(self._adapter, self._name, FindsCustomerCoupons)
        return asked.customer_coupons(customer, query or CouponQuery(), deadline=deadline)


class Coupons:
    """The codes of a connection."""

    def __init__(self, name: str, adapter: Adapter) -> None:
        self._name = name
        self._adapter = adapter

    def find(self, codes: Sequence[str]) -> tuple[Coupon, ...]:
        """What the vendor says of each code; see `FindsCoupons.coupons_by_code`."""
        return require(self._adapter, self._name, FindsCoupons).coupons_by_code(codes)


class Usage:
    """The usage reports of a connection."""

    def __init__(self, name: str, adapter: Adapter) -> None:
        self._name = name
        self._adapter = adapter

    def request(self, list_id: str, start: date, end: date, recipients: Sequence[str]) -> str:
        """Have a report mailed; see `RequestsUsageReports.request_usage_report`."""
        asked = require(self._adapter, self._name, RequestsUsageReports)
        return asked.request_usage_report(ListId(list_id), start, end, recipients)


class Connection:
    """One account at one vendor, opened. Thread-safe.

    Attributes:
        name: As in the config.
        vendor: The vendor's name for people.
        adapter: The adapter's name, as in the config.
    """

    def __init__(
        self, *, name: str, vendor: str, adapter_name: str, adapter: Adapter, uploads: Uploads
    ) -> None:
        self.name = name
        self.vendor = vendor
        self.adapter = adapter_name
        self.lists = Lists(name, adapter)
        self.uploads = uploads
        self.customers = Customers(name, adapter)
        self.coupons = Coupons(name, adapter)
        self.usage = Usage(name, adapter)
        self._adapter = adapter

    @property
    def capabilities(self) -> Capabilities:
        """What this connection can do, with the vendor's limits."""
        return capabilities_of(self._adapter)

    def check(self) -> str:
        """Prove address, credentials and rights by the cheapest harmless call; say what was proven."""
        return self._adapter.check()

    def call(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: object = None
    ) -> object:
        """Call an endpoint of the vendor that has no method here; see `Adapter.call`."""
        return self._adapter.call(method, path, query=query, body=body)

    def close(self) -> None:
        """Release its network connections."""
        self._adapter.close()
