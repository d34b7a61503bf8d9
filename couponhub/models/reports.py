"""Usage reports: how a vendor's are read, which days of which list they cover, and what came of importing one."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from shlex import quote

import attrs

from couponhub.models.base import Documented, ListId, about, instant_field
from couponhub.models.identifiers import Identifier


class ReportColumn(StrEnum):
    """The kinds of column in a report; the values are the words of the configuration."""

    USER = "user"
    CODE = "code"
    SENT_AT = "sent_at"
    LIST = "list"
    CAMPAIGN_ID = "campaign_id"
    CAMPAIGN_NAME = "campaign_name"
    LOCALE = "locale"
    VARIATION = "variation"


@attrs.frozen(kw_only=True)
class ReportForm:
    """The way in which the usage reports of a connection are read.

    Attributes:
        identifier: Which identifier of a customer the column USER holds.
        columns: For each kind of column the headers it is known by, the likeliest first.
        vague: Those that may mean something else too, as a bare "ID" may: believed only of a report that has no other
            column that could be meant. Of USER and CODE.
        named: Those of `columns` that the connection's settings name: believed whatever stands beside them.
        max_rows: The most rows that the vendor puts into a report; one that holds as many may have been cut. None
            where it puts no end.
        max_age: How old the last covered day may be before nothing is concluded from a customer's absence.
        zone: The zone of days and of times that name none, where it is configured.
        time_format: As `datetime.strptime` takes it; None for ISO 8601.
        country_code: With and without which mobiles are looked for. None where it is not configured: then a mobile
            may stand in a report otherwise than it was given, and absence proves nothing.
        identifier_setting: The connection's setting that says what `identifier` is, for hints.
        columns_setting: The one that names columns, a table by the kind of column.
    """

    identifier: Identifier
    columns: Mapping[ReportColumn, tuple[str, ...]]
    max_rows: int | None
    max_age: timedelta
    identifier_setting: str
    columns_setting: str
    vague: Mapping[ReportColumn, tuple[str, ...]] = attrs.field(factory=dict)
    named: Mapping[ReportColumn, tuple[str, ...]] = attrs.field(factory=dict)
    zone: tzinfo | None = None
    time_format: str | None = None
    country_code: str | None = None


@attrs.frozen
class DaySpan(Documented):
    """Days from the first to the last, both included."""

    first: date = attrs.field(metadata=about(key="from"))
    last: date = attrs.field(metadata=about(key="to"))

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


@attrs.frozen(kw_only=True)
class ReportImport(Documented):
    """The outcome of importing a report.

    Attributes:
        days: What it was said to cover.
        file: The name of the file, without its folder.
        rows: How many it holds.
        added: How many of them were not known from earlier reports.
        withheld: How many were left out, because their customers were to be forgotten.
        repeated: Whether a report of this list with this very content was imported before.
        imported_at: When.
        warnings: For people.
    """

    connection: str
    list_id: ListId
    days: DaySpan
    file: str
    rows: int
    added: int
    withheld: int
    repeated: bool
    imported_at: datetime = instant_field()
    warnings: tuple[str, ...] = ()

    @property
    def known(self) -> int:
        """The number of rows that were known from earlier reports."""
        return self.rows - self.added - self.withheld


@attrs.frozen(kw_only=True)
class ReportRequest(Documented):
    """A report that would fill gaps.

    Attributes:
        days: Which to ask for.
        wait_days: 0 when the vendor's limits allow to ask today, else how many days later.
    """

    connection: str = attrs.field(metadata=about(in_json=False))
    list_id: ListId = attrs.field(metadata=about(in_json=False))
    days: DaySpan
    wait_days: int

    @property
    def command(self) -> str:
        """The command that asks, for a shell in which REPORTS_TO is an address that gets the report."""
        return (
            f"couponhub usage request {quote(self.connection)} {quote(self.list_id)}"
            f' --from {self.days.first} --to {self.days.last} --email "$REPORTS_TO"'
        )


@attrs.frozen(kw_only=True)
class ListCoverage(Documented):
    """The days of a list that imported reports cover.

    Attributes:
        list_name: None when the vendor has not shown the list yet.
        created_on: Its first day; None when the vendor has not told.
        reports: How many were imported.
        covered: The days that are wholly covered, oldest first.
        missing: The days from the first one on, up to yesterday, that are not.
        as_of: The end of the last day up to which all are covered since its creation; None when none is.
        request: What would fill its gaps; None when there is none, or its first day is not known.
    """

    connection: str
    list_id: ListId
    list_name: str | None
    created_on: date | None
    reports: int = 0
    covered: tuple[DaySpan, ...]
    missing: tuple[DaySpan, ...]
    as_of: datetime | None = instant_field()
    request: ReportRequest | None = None


@attrs.frozen(kw_only=True)
class UsageStatus(Documented):
    """The standing of a connection's usage reports.

    Attributes:
        lists: All that the vendor has ever shown, or the one asked for.
        as_of: The moment up to which absence is proven for all of them together; None when for none.
        lists_seen_at: When the vendor last showed all its lists; None when never.
        warnings: For people.
    """

    connection: str
    lists: tuple[ListCoverage, ...]
    as_of: datetime | None = instant_field()
    lists_seen_at: datetime | None = instant_field()
    warnings: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class ReportedRow(Documented):
    """One row of an imported report, and where it came from.

    Attributes:
        issued_at: What the report says; None when it has no such column.
        properties: What it says of the campaign.
        file: The report's file name.
        days: What it was said to cover.
        imported_at: When.
        row: Which row after the header it is, from 1.
    """

    code: str = attrs.field(repr=False)
    connection: str
    list_id: ListId
    list_name: str | None
    issued_at: datetime | None = instant_field()
    properties: Mapping[str, str]
    file: str
    days: DaySpan
    imported_at: datetime = instant_field()
    row: int


@attrs.frozen(kw_only=True)
class ImportedReport(Documented):
    """A report that was imported.

    Attributes:
        list_name: None when the vendor has not shown the list.
        days: What it was said to cover.
        file: The name of the file, without its folder.
        rows: How many it holds, those included that earlier reports held too.
        identifier: As which kind of identifier its customers were read.
        imported_at: When.
    """

    connection: str
    list_id: ListId
    list_name: str | None
    days: DaySpan
    file: str
    rows: int
    identifier: Identifier
    imported_at: datetime = instant_field()


class UsageGroup(StrEnum):
    """By what the codes that were given out are counted."""

    LIST = "list"
    DAY = "day"
    CAMPAIGN = "campaign"
    LOCALE = "locale"


@attrs.frozen(kw_only=True)
class UsageCount(Documented):
    """A count of the codes that were given out within one group, as imported reports say.

    Attributes:
        by: What the groups are.
        value: Which one: a list's id, a day, a campaign's id (its name where it has none) or a locale; None for codes of which
            no report says.
        name: The list's or the campaign's name; None where there is none.
        codes: How many codes, each counted once however many reports hold it.
        customers: To how many customers.
        first_issued_at: When the first of them was given out; None where no report says.
        last_issued_at: The same of the last.
    """

    connection: str
    by: UsageGroup
    value: str | None
    name: str | None
    codes: int
    customers: int
    first_issued_at: datetime | None = instant_field()
    last_issued_at: datetime | None = instant_field()


@attrs.frozen(kw_only=True)
class UsageRow(Documented):
    """One code that was given out, as an imported report says.

    Attributes:
        list_name: None when the vendor has not shown the list.
        customer: A keyed hash of the customer's identifier: the same for the same customer, and nobody is found by it.
        issued_at: None where the report does not say.
        campaign_id: None where the report does not say; so with the rest of the campaign.
        file: The name of the report's file.
        row: Which row after the header it is, from 1.
        imported_at: When.
    """

    connection: str
    list_id: ListId
    list_name: str | None
    code: str = attrs.field(repr=False)
    customer: str
    issued_at: datetime | None = instant_field()
    campaign_id: str | None
    campaign_name: str | None
    locale: str | None
    variation: str | None
    file: str
    row: int
    imported_at: datetime = instant_field()


@attrs.frozen(kw_only=True)
class ForgottenRows(Documented):
    """The outcome of forgetting: the number of customers asked for, and of their rows that were removed."""

    customers: int
    rows: int
