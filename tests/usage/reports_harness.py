"""A vendor in memory that mails reports, the reports themselves, and a connection's usage on both."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path

import attrs

from couponhub.capabilities import Offered
from couponhub.clock import Deadline
from couponhub.errors import VendorUnavailable
from couponhub.lookup import judge
from couponhub.models import (
    CouponList,
    CouponQuery,
    Customer,
    CustomerCoupons,
    DaySpan,
    Identifier,
    ListId,
    ListStatus,
    ReportColumn,
    ReportForm,
    ReportImport,
)
from couponhub.protocols import Limits
from couponhub.state import StoreSettings
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.state.sqlite.ledger import SqliteLedger
from couponhub.state.sqlite.reports import SqliteReportIndex
from couponhub.usage import Reports, Usage, UsageIndex

INDIA = timezone(timedelta(hours=5, minutes=30))
NOW = datetime(2026, 10, 20, 6, 0, tzinfo=UTC)
HEADER = ("User ID", "Coupon Code", "Campaign ID", "Campaign Name", "Locale", "Variation", "Sent At")
FORM = ReportForm(
    identifier=Identifier.EXTERNAL_ID,
    identifier_setting="user_id_is",
    columns_setting="usage_columns",
    columns={
        ReportColumn.USER: ("User ID",),
        ReportColumn.CODE: ("Coupon Code", "Code"),
        ReportColumn.SENT_AT: ("Sent At",),
        ReportColumn.LIST: ("List",),
        ReportColumn.CAMPAIGN_ID: ("Campaign ID",),
        ReportColumn.CAMPAIGN_NAME: ("Campaign Name",),
        ReportColumn.LOCALE: ("Locale",),
        ReportColumn.VARIATION: ("Variation",),
    },
    max_rows=None,
    max_age=timedelta(hours=36),
)


def day(number: int) -> date:
    """A day of October 2026; 0 and below lie in September."""
    return date(2026, 10, 1) + timedelta(days=number - 1)


def noon(number: int) -> datetime:
    """Noon in India of that day."""
    return datetime.combine(day(number), datetime.min.time(), INDIA) + timedelta(hours=12)


@attrs.frozen
class Row:
    """A row of a report: who was given what, on which day."""

    customer: str
    code: str
    day: int
    campaign: str = "Autumn"


def report_text(rows: Iterable[Row], header: Sequence[str] = HEADER) -> str:
    """The CSV of a report."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        moment = noon(row.day).astimezone(UTC).isoformat().replace("+00:00", "Z")
        writer.writerow((row.customer, row.code, "C1", row.campaign, "Default", "Variation 1", moment))
    return text.getvalue()


def report(rows: Iterable[Row]) -> io.BytesIO:
    """A report as a file."""
    return io.BytesIO(report_text(rows).encode())


class FakeMailingVendor:
    """A vendor of which nobody can ask more than its lists."""

    def __init__(self, zones: Sequence[tzinfo] = (INDIA,)) -> None:
        self.limits: Limits = {"usage_report_per_minute": 5, "usage_report_per_day": 50}
        self.report_form = FORM
        self.lists: dict[str, CouponList] = {}
        self.is_down = False
        self.calls = 0
        self.left = 50
        self.zones = zones

    def create(self, list_id: str, created: int, expires: int = 300, name: str | None = None) -> None:
        """Create a list at noon of a day, or change it."""
        self.lists[list_id] = CouponList(
            connection="engage",
            id=ListId(list_id),
            name=name or f"List {list_id}",
            label=f"label_{list_id}",
            created_at=noon(created).astimezone(UTC),
            expires_at=noon(expires).astimezone(UTC),
        )

    def get_list(self, list_id: ListId) -> CouponList:
        """One of them."""
        return self.lists[list_id]

    def iterate_lists(self, status: ListStatus | None = None) -> Iterator[CouponList]:
        """All of them; how often is counted."""
        assert status is None
        self.calls += 1
        if self.is_down:
            raise VendorUnavailable("no answer")
        return iter(tuple(self.lists.values()))

    def request_usage_report(self, list_id: ListId, start: date, end: date, recipients: Sequence[str]) -> str:
        """Never asked for here."""
        raise NotImplementedError

    def report_zones(self, lists: Sequence[CouponList]) -> Sequence[tzinfo]:
        """Those that were given."""
        assert all(isinstance(found, CouponList) for found in lists)
        return self.zones

    def advice(self, capability: str) -> str:
        """Say something."""
        return f"instead of {capability}"

    def check(self, *, deadline: Deadline | None = None) -> str:
        """Never asked for here."""
        raise NotImplementedError

    def quota_left(self) -> Mapping[str, int]:
        """As many as is set."""
        return {"usage_report_per_day": self.left}

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | Sequence[str]] | None = None,
        body: object = None,
    ) -> object:
        """Never asked for here."""
        raise NotImplementedError

    def close(self) -> None:
        """Never closed by what is tested here."""
        raise NotImplementedError


class ReportHarness:
    """A connection's usage on a vendor in memory, with a clock that is set by hand."""

    def __init__(self, folder: Path, vendor: FakeMailingVendor | None = None) -> None:
        self.settings = StoreSettings(url=f"sqlite:///{folder.as_posix()}/couponhub.db")
        self.vendor = vendor or FakeMailingVendor()
        self.now = NOW
        self.stored = SqliteReportIndex(self.settings)
        self.index = UsageIndex(self.stored)
        self.store = LedgerDatabase(self.settings)
        offered = Offered(self.vendor, "engage")
        self.reports = Reports("engage", offered, self.index, now=lambda: self.now)
        self.usage = Usage("engage", offered, self.reports, ledger=self.ledger, now=lambda: self.now)

    def ledger(self) -> SqliteLedger:
        """The ledger of what was uploaded."""
        return SqliteLedger(self.store, "engage")

    def close(self) -> None:
        """Let go of files."""
        self.stored.close()
        self.store.close()

    def take(self, list_id: str, first: int, last: int, *rows: Row, **options: bool) -> ReportImport:
        """Import a report of these rows for these days."""
        return self.usage.import_report(list_id, report(rows), day(first), day(last), **options)

    def found(self, customer: str, query: CouponQuery | None = None) -> CustomerCoupons:
        """What the reports say of a customer."""
        found = self.reports.coupons(Customer(external_id=customer), query or CouponQuery())
        assert found is not None
        return found

    def codes(self, customer: str) -> list[str]:
        """The codes of a customer, sorted."""
        return sorted(coupon.code for coupon in self.found(customer).coupons)

    def verdict(self, customer: str, query: CouponQuery | None = None) -> str:
        """What a lookup would conclude."""
        return judge(self.found(customer, query))[0].value


def until(number: int) -> datetime:
    """The end of a day in India."""
    return datetime.combine(day(number + 1), datetime.min.time(), INDIA).astimezone(UTC)


def span(first: int, last: int) -> DaySpan:
    """Days."""
    return DaySpan(day(first), day(last))
