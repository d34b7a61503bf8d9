"""One opened connection: the same surface whatever the vendor; what the vendor lacks is refused when called."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import TypeVar

import attrs

from couponhub.ambiguity import change_once, write_once
from couponhub.capabilities import Capabilities, Offered, capabilities_of
from couponhub.errors import UnreadableReply
from couponhub.located import Located
from couponhub.models import (
    CodeFileRules,
    Coupon,
    CouponList,
    CouponQuery,
    Customer,
    CustomerCoupons,
    Identifier,
    ListChange,
    ListId,
    ListStatus,
    Meaning,
    NewCouponList,
    in_order,
)
from couponhub.protocols import (
    ActivatesLists,
    Adapter,
    ArchivesLists,
    ExplainsCoupons,
    FindsCoupons,
    FindsCustomerCoupons,
    ReadsLists,
    WritesLists,
)
from couponhub.store import Ledger
from couponhub.uploads import Uploads
from couponhub.usage import Reports, Usage, UsageIndex

T = TypeVar("T")


class Lists:
    """The coupon lists of a connection. Every method may raise `Unsupported` and `VendorError`.

    Args:
        name: The connection's name.
        offered: What its adapter offers.
        settle: Seconds after a lost answer until absence at the vendor counts as proof.
        sleep: How to wait; tests pass their own.
    """

    def __init__(
        self,
        name: str,
        offered: Offered,
        *,
        settle: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name = name
        self._offered = offered
        self._settle = settle
        self._sleep = sleep

    def get(self, list_id: str) -> CouponList:
        """One list by the vendor's id; see `ReadsLists.get_list`."""
        with Located(self._name, "read list"):
            return self._offered.require(ReadsLists).get_list(ListId(list_id))

    def iterate(self, status: ListStatus | str | None = None) -> Iterator[CouponList]:
        """All lists of that status, or of any; see `ReadsLists.iterate_lists`."""
        wanted = None if status is None else ListStatus(status)
        at = Located(self._name, "read lists")
        with at:
            lists = self._offered.require(ReadsLists).iterate_lists(wanted)
        return at.each(lists)

    def create(self, new: NewCouponList) -> CouponList:
        """Create a list; see `WritesLists.create_list`.

        When the answer is lost the list is looked for, at once and after the settling time; found, it is the
        answer, and proven absent it is created once more.

        Raises:
            OutcomeUnknown: The answer was lost, and whether the list is there cannot be found out.
        """
        with Located(self._name, "create list"):
            writer = self._offered.require(WritesLists)
            return write_once(
                lambda: writer.create_list(new),
                lambda: writer.find_created(new),
                settle=lambda: self._sleep(self._settle),
                what="the new list",
                hint=f"see whether it is there with `couponhub lists ls {self._name}`",
            )

    def update(self, list_id: str, change: ListChange) -> CouponList:
        """Change a list; see `WritesLists.update_list`.

        When the answer is lost the list is looked at, at once and after the settling time; so `activate` and
        `archive` do. Changed, it is the answer; not to be seen, the change is made once more.

        Raises:
            OutcomeUnknown: The answer was lost, and whether the list is changed cannot be found out.
        """
        with Located(self._name, "update list"):
            writer = self._offered.require(WritesLists)
            return self._changed(
                lambda: writer.update_list(ListId(list_id), change),
                lambda: writer.find_changed(ListId(list_id), change),
            )

    def activate(self, list_id: str, expires: date) -> None:
        """Bring a list back; see `ActivatesLists.activate_list`."""

        def active() -> CouponList | None:
            asked = self._offered.require(WritesLists)
            found = asked.find_changed(ListId(list_id), ListChange(expires=expires))
            return found and _if_it_is(found, ListStatus.ACTIVE)

        with Located(self._name, "activate list"):
            vendor = self._offered.require(ActivatesLists)
            self._changed(lambda: vendor.activate_list(ListId(list_id), expires), active)

    def archive(self, list_id: str) -> None:
        """Retire a list and its codes; see `ArchivesLists.archive_list`."""

        def archived() -> CouponList | None:
            found = self._offered.require(ReadsLists).get_list(ListId(list_id))
            return _if_it_is(found, ListStatus.ARCHIVED)

        with Located(self._name, "archive list"):
            vendor = self._offered.require(ArchivesLists)
            self._changed(lambda: vendor.archive_list(ListId(list_id)), archived)

    def _changed(self, change: Callable[[], T], look: Callable[[], T | None]) -> T:
        return change_once(change, look, settle=lambda: self._sleep(self._settle))


def _if_it_is(found: CouponList, status: ListStatus) -> CouponList | None:
    """The list if it is of that status.

    Raises:
        UnreadableReply: The vendor's word for its status is new to us, so that nobody can tell.
    """
    if found.status is ListStatus.UNKNOWN:
        raise UnreadableReply("the list's status is unknown to us")
    return found if found.status is status else None


class Customers:
    """The customers of a connection; of a vendor that cannot be asked, as its imported usage reports know them."""

    def __init__(self, name: str, offered: Offered, reports: Reports) -> None:
        self._name = name
        self._offered = offered
        self._reports = reports

    @property
    def identifiers(self) -> frozenset[Identifier]:
        """By which kinds of identifier they can be asked about; see `NarrowsIdentifiers` and `ReportForm`."""
        return self._reports.identifiers or self._offered.identifiers

    def coupons(
        self, customer: Customer, query: CouponQuery | None = None, *, deadline: float | None = None
    ) -> CustomerCoupons:
        """Which coupons a customer holds; see `FindsCustomerCoupons.customer_coupons`, and `Reports.coupons`."""
        with Located(self._name, "customer coupons"):
            query = query or CouponQuery()
            held = self._held(customer, query.unordered, deadline)
            if query.unordered is query:
                return held
            return attrs.evolve(held, coupons=in_order(held.coupons, query))

    def _held(self, customer: Customer, query: CouponQuery, deadline: float | None) -> CustomerCoupons:
        reported = self._reports.coupons(customer, query)
        if reported is not None:
            return reported
        asked = self._offered.require(FindsCustomerCoupons)
        return asked.customer_coupons(customer, query, deadline=deadline)


class Coupons:
    """The codes of a connection."""

    def __init__(self, name: str, offered: Offered) -> None:
        self._name = name
        self._offered = offered

    @property
    def ignores_case(self) -> bool:
        """Whether codes that differ only by case are the same code to this vendor, as far as is known."""
        rules = self._rules
        return rules is not None and rules.ignores_case

    @property
    def ignores_blanks(self) -> bool:
        """Whether codes that differ only by blanks at their ends are the same code to this vendor."""
        rules = self._rules
        return rules is not None and rules.ignores_blanks

    @property
    def _rules(self) -> CodeFileRules | None:
        return getattr(self._offered.adapter, "file_rules", None)

    def explain(self, coupon: Coupon) -> tuple[Meaning, ...]:
        """Where the fields of one of its coupons come from; () when the adapter does not say."""
        adapter = self._offered.adapter
        return adapter.explain_coupon(coupon) if isinstance(adapter, ExplainsCoupons) else ()

    def find(self, codes: Sequence[str]) -> tuple[Coupon, ...]:
        """What the vendor says of each code; see `FindsCoupons.coupons_by_code`."""
        with Located(self._name, "find coupons"):
            return self._offered.require(FindsCoupons).coupons_by_code(codes)


class Connection:
    """One account at one vendor, opened. Thread-safe.

    Attributes:
        name: As in the config.
        vendor: The vendor's name for people.
        adapter: The adapter's name, as in the config.
    """

    def __init__(
        self,
        *,
        name: str,
        vendor: str,
        adapter_name: str,
        adapter: Adapter,
        uploads: Uploads,
        index: UsageIndex,
        ledger: Callable[[], Ledger],
        settle: float = 30.0,
    ) -> None:
        offered = Offered(adapter, name)
        reports = Reports(name, offered, index)
        self.name = name
        self.vendor = vendor
        self.adapter = adapter_name
        self.lists = Lists(name, offered, settle=settle)
        self.uploads = uploads
        self.customers = Customers(name, offered, reports)
        self.coupons = Coupons(name, offered)
        self.usage = Usage(name, offered, reports, ledger=ledger)
        self._adapter = adapter

    @property
    def capabilities(self) -> Capabilities:
        """What this connection can do, with the vendor's limits."""
        return capabilities_of(self._adapter)

    def quota_left(self) -> Mapping[str, int]:
        """What is left now of every limit that has a window; see `Adapter.quota_left`."""
        with Located(self.name, "read quota"):
            return self._adapter.quota_left()

    def check(self, *, deadline: float | None = None) -> str:
        """Prove address, credentials and rights by the cheapest harmless call; say what was proven."""
        with Located(self.name, "check"):
            return self._adapter.check(deadline=deadline)

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | Sequence[str]] | None = None,
        body: object = None,
    ) -> object:
        """Call an endpoint of the vendor that has no method here; see `Adapter.call`."""
        with Located(self.name, "call"):
            return self._adapter.call(method, path, query=query, body=body)

    def close(self) -> None:
        """Release its network connections."""
        self._adapter.close()
