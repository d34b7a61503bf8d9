"""Customers in the imported reports of one connection; nobody is called."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Self

import attrs

from couponhub.capabilities import Offered
from couponhub.clock import utc_now
from couponhub.errors import LocalError, Unsupported
from couponhub.models import (
    MAY_BE_SPELLED_OTHERWISE,
    Coupon,
    CouponList,
    CouponQuery,
    CouponStatus,
    Customer,
    CustomerCoupons,
    Identifier,
    ReportForm,
    Source,
    Telephone,
    masked_form,
    selected,
)
from couponhub.protocols import FindsCustomerCoupons, RequestsUsageReports
from couponhub.state.reports import Catalogue, KnownList
from couponhub.usage.coverage import ListCoverageState, Proof, coverage_of, prove
from couponhub.usage.days import Days
from couponhub.usage.index import CustomerCodes, IssuedCode, UsageIndex

_FARTHEST_ZONE = timedelta(hours=14)
_ZONE_IS_A_GUESS = "in which zone reports tell times is a guess, so that coupons may be of the days asked for or not: set timezone"


@attrs.frozen(kw_only=True)
class Standings:
    """The standing of a connection's lists, at one state of the index.

    Attributes:
        seen_at: When the vendor last showed all of them.
        newest: The moment of which the newest report speaks at most; None when there is none.
    """

    catalogue: Catalogue
    zones: Days
    lists: tuple[ListCoverageState, ...]
    seen_at: datetime | None
    newest: datetime | None

    def proof(self, query: CouponQuery, *, now: datetime, max_age: timedelta) -> Proof:
        """Return what a customer's absence proves; see `prove`."""
        return prove(self.lists, query, self.zones, lists_seen_at=self.seen_at, now=now, max_age=max_age)


@attrs.frozen(kw_only=True)
class Doubts:
    """Doubts about what reports hold of a customer.

    Attributes:
        forgotten: Rows of the customer were removed, so that absence proves nothing.
        timeless: Coupons have no time of issue, and days were asked for.
        guessed: Times of issue whose zone is a guess may lie on the other side of those days' ends.
        unspelled: The customer may stand in the reports otherwise than asked for, and nothing was found.
    """

    forgotten: bool
    timeless: bool
    guessed: bool
    unspelled: bool

    @classmethod
    def of(cls, held: CustomerCodes, customer: Customer, query: CouponQuery, form: ReportForm) -> Self:
        """Collect the doubts about what was found for a question."""
        edges = [edge for edge in (query.since, query.until) if edge is not None]
        is_spelled = customer.identifier is not Identifier.MOBILE or form.country_code is not None
        return cls(
            forgotten=held.forgotten,
            timeless=bool(edges) and any(one.issued_at is None for one in held.issued),
            guessed=any(_may_cross(one, edge) for one in held.issued for edge in edges),
            unspelled=not (is_spelled or held.issued),
        )

    @property
    def complete(self) -> bool:
        """True when all coupons of the days asked for are certainly among those that were found."""
        return not (self.timeless or self.guessed)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The doubts in words, for people; empty where there are none."""
        said = (
            (self.forgotten, "rows of this customer were removed, because they were to be forgotten"),
            (
                self.timeless,
                "of coupons without a time of issue it cannot be told whether they are of the days asked for",
            ),
            (self.guessed, _ZONE_IS_A_GUESS),
            (self.unspelled, MAY_BE_SPELLED_OTHERWISE),
        )
        return tuple(text for holds, text in said if holds)


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
        """The way in which they are read.

        Raises:
            Unsupported: The vendor has no usage reports.
        """
        return self._offered.require(RequestsUsageReports).report_form

    def answer(self) -> bool:
        """True when they answer for the vendor, which cannot be asked itself: at least one was imported.

        Raises:
            LocalError: This machine failed.
        """
        if self._has_live or not self._has_form:
            return False
        return self._of(self.index.catalogue()).newest is not None

    @property
    def are_missing(self) -> bool:
        """True when they would answer for the vendor, which cannot be asked itself, if any had been imported."""
        return self._has_form and not self._has_live

    @property
    def identifiers(self) -> frozenset[Identifier] | None:
        """The kinds of identifier that they know customers by; None when they do not answer, or cannot be read."""
        try:
            return frozenset({self.form.identifier}) if self.answer() else None
        except LocalError:
            return None  # it is told when a customer is asked about

    def zones(self, lists: Iterable[CouponList]) -> Days:
        """The vendor's days, as far as its lists tell where they begin."""
        return Days(tuple(self._offered.require(RequestsUsageReports).report_zones(tuple(lists))))

    def coupons(self, customer: Customer, query: CouponQuery) -> CustomerCoupons | None:
        """Return the coupons that a customer was given, and whether silence proves anything; None as of `answer`.

        Raises:
            Unsupported: The customer is named by another identifier than reports hold, or a store is asked for.
            LocalError: This machine failed.
        """
        if self._has_live or not self._has_form:
            return None
        form, now = self.form, self._now()
        asked = spellings_in_reports(customer, form.country_code)
        held = self._holding(asked)
        standings = self._of(held.catalogue)
        if standings.newest is None:
            return None
        self._refuse_unanswerable(customer, query, form)
        proof = standings.proof(query, now=now, max_age=form.max_age)
        doubts = Doubts.of(held, customer, query, form)
        return CustomerCoupons(
            coupons=selected((_coupon(one, standings.seen_at) for one in held.issued), query),
            complete=doubts.complete,
            warnings=doubts.warnings,
            source=Source.REPORT,
            as_of=proof.as_of or standings.newest,
            covered=proof.holds and not doubts.forgotten,
            every_form=not doubts.unspelled,
            coverage=proof.coverage,
            asked_as=tuple(masked_form(one.value) for one in asked),
        )

    def _holding(self, asked: Sequence[Customer]) -> CustomerCodes:
        """Return what reports hold under any of the spellings, of which one customer may have several."""
        every = [self.index.codes_of(customer) for customer in asked]
        issued = {
            (one.known.list_id, one.code): one for held in every for one in filter(self._is_ours, held.issued)
        }
        forgotten = any(held.forgotten for held in every)
        # Of the first reading: what another process has imported since proves nothing of the earlier spellings.
        return attrs.evolve(every[0], issued=tuple(issued.values()), forgotten=forgotten)

    def _is_ours(self, issued: IssuedCode) -> bool:
        return issued.known.connection == self.connection

    def _refuse_unanswerable(self, customer: Customer, query: CouponQuery, form: ReportForm) -> None:
        kind = form.identifier.value
        if customer.identifier is not form.identifier:
            raise Unsupported(
                f"imported reports know customers by {kind} only",
                hint=f"ask by {kind}; {form.identifier_setting} of the connection says which identifier reports hold",
                connection=self.connection,
            )
        if query.store_id is not None:
            raise Unsupported(
                "imported reports tell nothing of stores", hint="ask without one", connection=self.connection
            )

    def kept(self) -> Standings:
        """Return the standing of the connection's lists in the index as it is now.

        Raises:
            LocalError: This machine failed.
        """
        return self._of(self.index.catalogue())

    def _of(self, catalogue: Catalogue) -> Standings:
        known = self._standings
        if known is None or known.catalogue is not catalogue:
            known = self._standings = self.standings(catalogue)
        return known

    def standings(self, catalogue: Catalogue) -> Standings:
        """Return the standing of the connection's lists at a state of the index."""
        lists = catalogue.of(self.connection)
        zones = self.zones(map(_shown, lists))
        seen_at = catalogue.seen_at.get(self.connection)
        # Whoever was read as another identifier, before that setting was changed, is found by none of these.
        identifier = self.form.identifier
        reports = {known.number: catalogue.reports_of(known, identifier) for known in lists}
        return Standings(
            catalogue=catalogue,
            zones=zones,
            lists=tuple(coverage_of(known, reports[known.number], zones, seen_at) for known in lists),
            seen_at=seen_at,
            newest=max((report.made_at for each in reports.values() for report in each), default=None),
        )


def spellings_in_reports(customer: Customer, country_code: str | None) -> tuple[Customer, ...]:
    """The customer by each text that reports may hold: nobody documents how a vendor spells a mobile.

    Raises:
        UsageError: As of `Customer.plain`.
    """
    if customer.identifier is not Identifier.MOBILE:
        return (customer.read(),)
    number = Telephone.read(customer.plain)
    forms = number.forms(country_code)
    texts = [*forms, number.digits]
    full = forms[0]
    if country_code is not None and full.startswith(country_code):
        # As in 0091 98765 43210 and +91 (0)98765 43210; of a foreign number they would be somebody else's.
        inside = [form for form in forms if form not in {full, f"00{full}"}]
        inside += [f"0{form}" for form in inside if not form.startswith("0")]
        texts += [
            f"0{full}",
            *inside,
            *(f"{front}{country_code}{form}" for form in inside for front in ("", "00")),
        ]
    return tuple(Customer(mobile=text) for text in dict.fromkeys(texts))


def _shown(known: KnownList) -> CouponList:
    return CouponList(
        connection=known.connection,
        id=known.list_id,
        name=known.name or "",
        label=known.label,
        created_at=known.created_at,
        expires_at=known.expires_at,
    )


def _coupon(issued: IssuedCode, seen_at: datetime | None) -> Coupon:
    ends = issued.known.expires_at
    # A list can be extended until it ends, and after: it is over when the vendor, asked since, has shown it so.
    is_over = ends is not None and seen_at is not None and ends < seen_at
    return Coupon(
        connection=issued.known.connection,
        code=issued.code,
        list_id=issued.known.list_id,
        list_name=issued.known.name,
        status=CouponStatus.EXPIRED if is_over else CouponStatus.UNKNOWN,
        issued_at=issued.issued_at,
        expires_at=ends,
        properties=issued.properties,
        approximate=("issued_at",) if issued.report.approximate and issued.issued_at else (),
        source=Source.REPORT,
        as_of=issued.report.made_at,
    )


def _may_cross(issued: IssuedCode, edge: datetime) -> bool:
    """Tell whether a moment whose zone is a guess may lie on the other side of `edge`; zones lie within 14 hours of UTC."""
    if issued.issued_at is None or not issued.report.approximate:
        return False
    return abs(issued.issued_at - edge) <= _FARTHEST_ZONE
