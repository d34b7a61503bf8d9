"""One opened connection: the same surface whatever the vendor; what the vendor lacks is refused when called."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TypeVar

import attrs

from couponhub.capabilities import Capabilities, Offered, capabilities_of
from couponhub.clock import SYSTEM_CLOCK, Clock, Deadline
from couponhub.error_context import ErrorContext
from couponhub.errors import UnreadableReply, UsageError
from couponhub.models import (
    MAY_BE_SPELLED_OTHERWISE,
    CodeFileRules,
    Coupon,
    CouponList,
    CouponQuery,
    Customer,
    CustomerCoupons,
    FieldProvenance,
    Identifier,
    ListChange,
    ListStatus,
    NewCouponList,
    in_order,
)
from couponhub.models.base import given_list_id
from couponhub.models.given import (
    given_day,
    given_ids,
    given_many,
    given_one,
    given_seconds,
    given_text,
    given_word,
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
from couponhub.rooted import Rooted
from couponhub.safe_writes import change_once, write_once
from couponhub.state import Ledger
from couponhub.uploads import Uploads
from couponhub.usage import Reports, Usage, UsageIndex

T = TypeVar("T")


class Lists(Rooted):
    """The coupon lists of a connection. Every method may raise `Unsupported` and `VendorError`.

    An argument that is nothing of what it may be is a `UsageError`, before anything is sent.

    Args:
        name: The connection's name.
        offered: What its adapter offers.
        settle: Seconds after a lost answer until absence at the vendor counts as proof.
        clock: How that time passes.
    """

    def __init__(
        self,
        name: str,
        offered: Offered,
        *,
        settle: float = 30.0,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._name = name
        self._offered = offered
        self._settle = settle
        self._clock = clock

    def get(self, list_id: str) -> CouponList:
        """One list by the vendor's id; see `ReadsLists.get_list`."""
        with ErrorContext(self._name, "read list"):
            return self._offered.require(ReadsLists).get_list(given_list_id(list_id))

    def iterate(self, status: ListStatus | str | None = None) -> Iterator[CouponList]:
        """All lists of that status, a word in any case, or of any; see `ReadsLists.iterate_lists`."""
        at = ErrorContext(self._name, "read lists")
        with at:
            wanted = None if status is None else given_word(ListStatus, status, "status")
            lists = self._offered.require(ReadsLists).iterate_lists(wanted)
        return at.each(lists)

    def create(self, new: NewCouponList) -> CouponList:
        """Create a list; see `WritesLists.create_list`.

        When the answer is lost the list is looked for, at once and after the settling time; found, it is the
        answer, and proven absent it is created once more.

        Raises:
            OutcomeUnknown: The answer was lost, and whether the list is there cannot be found out.
        """
        with ErrorContext(self._name, "create list"):
            given_one(NewCouponList, new, "the new list")
            writer = self._offered.require(WritesLists)
            return write_once(
                lambda: writer.create_list(new),
                lambda: writer.find_created(new),
                settle=lambda: self._clock.sleep(self._settle),
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
        with ErrorContext(self._name, "update list"):
            changed = given_list_id(list_id)
            given_one(ListChange, change, "the change")
            writer = self._offered.require(WritesLists)
            return self._changed(
                lambda: writer.update_list(changed, change),
                lambda: writer.find_changed(changed, change),
            )

    def activate(self, list_id: str, expires: date) -> None:
        """Bring a list back; see `ActivatesLists.activate_list`."""
        with ErrorContext(self._name, "activate list"):
            activated, day = given_list_id(list_id), given_day(expires, "expires")
            vendor = self._offered.require(ActivatesLists)

            def active() -> CouponList | None:
                asked = self._offered.require(WritesLists)
                found = asked.find_changed(activated, ListChange(expires=day))
                return found and _if_it_is(found, ListStatus.ACTIVE)

            self._changed(lambda: vendor.activate_list(activated, day), active)

    def archive(self, list_id: str) -> None:
        """Retire a list and its codes; see `ArchivesLists.archive_list`."""
        with ErrorContext(self._name, "archive list"):
            retired = given_list_id(list_id)
            vendor = self._offered.require(ArchivesLists)

            def archived() -> CouponList | None:
                found = self._offered.require(ReadsLists).get_list(retired)
                return _if_it_is(found, ListStatus.ARCHIVED)

            self._changed(lambda: vendor.archive_list(retired), archived)

    def _changed(self, change: Callable[[], T], look: Callable[[], T | None]) -> T:
        return change_once(change, look, settle=lambda: self._clock.sleep(self._settle))


def _if_it_is(found: CouponList, status: ListStatus) -> CouponList | None:
    """The list if it is of that status.

    Raises:
        UnreadableReply: The vendor's word for its status is new to us, so that nobody can tell.
    """
    if found.status is ListStatus.UNKNOWN:
        raise UnreadableReply("the list's status is unknown to us")
    return found if found.status is status else None


def _deadline(seconds: float | Deadline | None, clock: Clock) -> Deadline | None:
    if seconds is None or isinstance(seconds, Deadline):
        return seconds
    return Deadline.after(given_seconds(seconds, "the deadline"), clock)


def _query(given: Mapping[str, str | Sequence[str]]) -> Mapping[str, str | Sequence[str]]:
    given_one(Mapping, given, "the query")
    return {given_text(name, "a name in the query"): _value(value) for name, value in given.items()}


def _value(given: object) -> str | Sequence[str]:
    what = "each value in the query"
    if isinstance(given, Iterable) and not isinstance(given, str):
        return tuple(given_many(given, what, of=given_text))
    return given_text(given, what)


def _method(value: str) -> str:
    method = given_text(value, "the HTTP method")
    if not (method.isascii() and method.isalpha()):
        raise UsageError("the HTTP method is no word such as GET or POST")
    return method.upper()


class Customers(Rooted):
    """The customers of a connection; of a vendor that cannot be asked, as its imported usage reports know them."""

    def __init__(self, name: str, offered: Offered, reports: Reports, clock: Clock = SYSTEM_CLOCK) -> None:
        self._name = name
        self._offered = offered
        self._reports = reports
        self._clock = clock

    @property
    def identifiers(self) -> frozenset[Identifier]:
        """By which kinds of identifier they can be asked about; see `NarrowsIdentifiers` and `ReportForm`."""
        return self._reports.identifiers or self._offered.identifiers

    def unified(self, customer: Customer) -> Customer:
        """The customer as the vendor is asked; the same for all forms of a mobile that are one number here.

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
        """Which coupons a customer holds; see `FindsCustomerCoupons.customer_coupons`, and `Reports.coupons`.

        `deadline` is in seconds; a `Deadline` is handed down as it is.
        """
        with ErrorContext(self._name, "customer coupons"):
            given_one(Customer, customer, "customer")
            query = CouponQuery() if query is None else given_one(CouponQuery, query, "query")
            held = self._held(self.unified(customer), query.unordered, _deadline(deadline, self._clock))
            if query.unordered is query:
                return held
            return attrs.evolve(held, coupons=in_order(held.coupons, query))

    def _held(self, customer: Customer, query: CouponQuery, deadline: Deadline | None) -> CustomerCoupons:
        reported = self._reports.coupons(customer, query)
        if reported is not None:
            return reported
        asked = self._offered.require(FindsCustomerCoupons)
        found = asked.customer_coupons(customer, query, deadline=deadline)
        if found.customer_known or not self._offered.is_ambiguous(customer):
            return found
        return attrs.evolve(found, every_form=False, warnings=(*found.warnings, MAY_BE_SPELLED_OTHERWISE))


class Coupons(Rooted):
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

    def explain(self, coupon: Coupon) -> tuple[FieldProvenance, ...]:
        """Where the fields of one of its coupons come from; () when the adapter does not say."""
        adapter = self._offered.adapter
        with ErrorContext(self._name, "explain coupon"):
            given_one(Coupon, coupon, "coupon")
            return adapter.explain_coupon(coupon) if isinstance(adapter, ExplainsCoupons) else ()

    def find(self, codes: str | Iterable[str]) -> tuple[Coupon, ...]:
        """What the vendor says of each code, or of one; see `FindsCoupons.coupons_by_code`."""
        with ErrorContext(self._name, "find coupons"):
            asked = self._offered.require(FindsCoupons)
            return asked.coupons_by_code(given_ids(codes, "codes"))


class Connection(Rooted):
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
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        offered = Offered(adapter, name)
        reports = Reports(name, offered, index)
        self.name = name
        self.vendor = vendor
        self.adapter = adapter_name
        self.lists = Lists(name, offered, settle=settle, clock=clock)
        self.uploads = uploads
        self.customers = Customers(name, offered, reports, clock)
        self.coupons = Coupons(name, offered)
        self.usage = Usage(name, offered, reports, ledger=ledger)
        self._adapter = adapter
        self._clock = clock

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} at {self.vendor}>"

    @property
    def capabilities(self) -> Capabilities:
        """What this connection can do, with the vendor's limits."""
        return capabilities_of(self._adapter)

    def quota_left(self) -> Mapping[str, int]:
        """What is left now of every limit that has a window; see `Adapter.quota_left`."""
        with ErrorContext(self.name, "read quota"):
            return self._adapter.quota_left()

    def check(self, *, deadline: float | None = None) -> str:
        """Prove address, credentials and rights by the cheapest harmless call; say what was proven."""
        with ErrorContext(self.name, "check"):
            return self._adapter.check(deadline=_deadline(deadline, self._clock))

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | Sequence[str]] | None = None,
        body: object = None,
    ) -> object:
        """Call an endpoint of the vendor that has no method here; see `Adapter.call`.

        Raises:
            UsageError: The method is no word, the path leaves the vendor's base address, the query holds something
                else than texts, or JSON has no form for the body.
        """
        with ErrorContext(self.name, "call"):
            return self._adapter.call(
                _method(method),
                given_text(path, "the path"),
                query=None if query is None else _query(query),
                body=body,
            )

    def close(self) -> None:
        """Release its network connections."""
        self._adapter.close()
