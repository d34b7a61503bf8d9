"""What imported reports of one connection say of customers; nobody is called."""

from collections.abc import Callable, Iterable
from datetime import datetime

import attrs

from couponhub.capabilities import Offered
from couponhub.errors import LocalError, Unsupported
from couponhub.models import (
    Coupon,
    CouponList,
    CouponQuery,
    CouponStatus,
    Customer,
    CustomerCoupons,
    Identifier,
    ReportForm,
    Source,
    selected,
)
from couponhub.models.base import utc_now
from couponhub.protocols import FindsCustomerCoupons, RequestsUsageReports
from couponhub.usage.catalogue import Catalogue
from couponhub.usage.coverage import KnownList, Standing, prove, standing
from couponhub.usage.days import Days
from couponhub.usage.index import Given, UsageIndex


@attrs.frozen(kw_only=True)
class Standings:
    """How the lists of a connection stand, at one state of the index.

    Attributes:
        seen_at: When the vendor last showed all of them.
        newest: The moment of which the newest report speaks at most; None when there is none.
    """

    catalogue: Catalogue
    zones: Days
    lists: tuple[Standing, ...]
    seen_at: datetime | None
    newest: datetime | None


class Reports:
    """The imported reports of a connection. Thread-safe.

    Args:
        connection: The connection's name.
        offered: What its adapter offers.
        index: Where reports are imported into.
        now: The clock, for tests.
    """

    def __init__(
        self,
        connection: str,
        offered: Offered,
        index: UsageIndex,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.connection = connection
        self.index = index
        self._offered = offered
        self._now = now
        # Asked for with each lookup, and Python takes long to find out.
        self._has_form = isinstance(offered.adapter, RequestsUsageReports)
        self._has_live = isinstance(offered.adapter, FindsCustomerCoupons)
        self._standings: Standings | None = None

    @property
    def form(self) -> ReportForm:
        """How they are read.

        Raises:
            Unsupported: The vendor has no usage reports.
        """
        return self._offered.require(RequestsUsageReports).report_form

    def answer(self) -> bool:
        """Whether they answer for the vendor, which cannot be asked itself: at least one was imported.

        Raises:
            LocalError: This machine failed.
        """
        if self._has_live or not self._has_form:
            return False
        return self._of(self.index.catalogue()).newest is not None

    @property
    def identifiers(self) -> frozenset[Identifier] | None:
        """By which kinds they know customers; None when they do not answer, or cannot be read."""
        try:
            return frozenset({self.form.identifier}) if self.answer() else None
        except LocalError:
            return None  # it is told when a customer is asked about

    def zones(self, lists: Iterable[CouponList]) -> Days:
        """The vendor's days, as far as its lists tell where they begin."""
        return Days(tuple(self._offered.require(RequestsUsageReports).report_zones(tuple(lists))))

    def coupons(self, customer: Customer, query: CouponQuery) -> CustomerCoupons | None:
        """Which coupons a customer was given, and whether silence proves anything; None as of `answer`.

        Raises:
            Unsupported: The customer is named by another identifier than reports hold, or a store is asked for.
            LocalError: This machine failed.
        """
        if self._has_live or not self._has_form:
            return None
        form, now = self.form, self._now()
        held = self.index.holdings(customer)
        standings = self._of(held.catalogue)
        if standings.newest is None:
            return None
        self._refuse_unanswerable(customer, query, form)
        proof = prove(
            standings.lists,
            query,
            standings.zones,
            lists_seen_at=standings.seen_at,
            now=now,
            max_age=form.max_age,
        )
        given = [one for one in held.given if one.known.connection == self.connection]
        limited = query.since is not None or query.until is not None
        timeless = limited and any(one.issued_at is None for one in given)
        return CustomerCoupons(
            coupons=selected((_coupon(one, now) for one in given), query),
            complete=not timeless,
            warnings=tuple(_warnings(forgotten=held.forgotten, timeless=timeless)),
            source=Source.REPORT,
            as_of=proof.as_of or standings.newest,
            covered=proof.holds and not held.forgotten,
            coverage=proof.coverage,
        )

    def _refuse_unanswerable(self, customer: Customer, query: CouponQuery, form: ReportForm) -> None:
        kind = form.identifier.value
        if customer.identifier is not form.identifier:
            raise Unsupported(
                f"imported reports know customers by {kind} only",
                hint=f"ask by {kind}; user_id_is of the connection says which identifier reports hold",
                connection=self.connection,
            )
        if query.store_id is not None:
            raise Unsupported(
                "imported reports tell nothing of stores", hint="ask without one", connection=self.connection
            )

    def _of(self, catalogue: Catalogue) -> Standings:
        known = self._standings
        if known is None or known.catalogue is not catalogue:
            known = self._standings = self.standings(catalogue)
        return known

    def standings(self, catalogue: Catalogue) -> Standings:
        """How the connection's lists stand at a state of the index."""
        lists = catalogue.of(self.connection)
        zones = self.zones(map(_shown, lists))
        seen_at = catalogue.seen_at.get(self.connection)
        reports = {known.number: catalogue.reports_of(known) for known in lists}
        return Standings(
            catalogue=catalogue,
            zones=zones,
            lists=tuple(standing(known, reports[known.number], zones, seen_at) for known in lists),
            seen_at=seen_at,
            newest=max((report.made_at for each in reports.values() for report in each), default=None),
        )


def _shown(known: KnownList) -> CouponList:
    return CouponList(
        connection=known.connection,
        id=known.list_id,
        name=known.name or "",
        label=known.label,
        created_at=known.created_at,
        expires_at=known.expires_at,
    )


def _coupon(given: Given, now: datetime) -> Coupon:
    ends = given.known.expires_at
    return Coupon(
        connection=given.known.connection,
        code=given.code,
        list_id=given.known.list_id,
        list_name=given.known.name,
        status=CouponStatus.EXPIRED if ends is not None and ends < now else CouponStatus.UNKNOWN,
        issued_at=given.issued_at,
        expires_at=ends,
        properties=given.properties,
        approximate=("issued_at",) if given.report.approximate and given.issued_at else (),
        source=Source.REPORT,
        as_of=given.report.made_at,
    )


def _warnings(*, forgotten: bool, timeless: bool) -> Iterable[str]:
    if forgotten:
        yield "rows of this customer were removed, because they were to be forgotten"
    if timeless:
        yield "of coupons without a time of issue it cannot be told whether they are of the days asked for"
