"""Imported reports in all: a list of them, counts of the codes that were given out, and every one of these."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime, tzinfo

import attrs

from couponhub.models import ImportedReport, UsageCount, UsageGroup, UsageRow
from couponhub.state import ReportIndex
from couponhub.state.report_lines import ReportLine
from couponhub.state.reports import Catalogue, KnownList, KnownReport

Campaign = tuple[str, str, str, str]
"""Id, name, locale and variation; "" each where there is none."""

_NONE: Campaign = ("", "", "", "")


@attrs.frozen
class _Line:
    """A line, and what it names."""

    line: ReportLine
    known: KnownList
    report: KnownReport
    campaign: Campaign
    issued_at: datetime | None


@attrs.define
class _Tally:
    name: str | None
    codes: int = 0
    customers: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, issued_at: datetime | None) -> None:
        self.codes += 1
        if issued_at is not None:
            self.first = issued_at if self.first is None else min(self.first, issued_at)
            self.last = issued_at if self.last is None else max(self.last, issued_at)


def imported_reports(catalogue: Catalogue, lists: Collection[KnownList]) -> tuple[ImportedReport, ...]:
    """Return the reports of these lists, oldest import first."""
    known = {one.number: one for one in lists}
    return tuple(
        ImportedReport(
            connection=known[report.list_number].connection,
            list_id=known[report.list_number].list_id,
            list_name=known[report.list_number].name,
            days=report.days,
            file=report.file,
            rows=report.rows,
            identifier=report.identifier,
            imported_at=report.imported_at,
        )
        for report in sorted(catalogue.reports.values(), key=lambda report: report.number)
        if report.list_number in known
    )


def counts(
    index: ReportIndex, catalogue: Catalogue, lists: Collection[KnownList], by: UsageGroup, zone: tzinfo
) -> tuple[UsageCount, ...]:
    """Return how many codes of these lists were given out: by day in their order, else the most first.

    Args:
        index: Where reports were imported into.
        catalogue: What it holds; what was imported later does not count.
        lists: Of one connection.
        by: By what.
        zone: Of the days.
    """
    group = _GROUPS[by]
    tallies: dict[str | None, _Tally] = {}
    for part in _parts(index, catalogue, lists):
        met: set[tuple[str, str | None]] = set()
        for one in part:
            value, name = group(one, zone)
            tally = tallies.setdefault(value, _Tally(name))
            tally.name = name or tally.name
            tally.add(one.issued_at)
            customer = one.line.customer, value
            if customer not in met:  # all that a customer has is in one part
                met.add(customer)
                tally.customers += 1
    connection = next((known.connection for known in lists), "")
    order = sorted(
        tallies.items(),
        key=lambda item: (item[0] is None, "" if by is UsageGroup.DAY else -item[1].codes, item[0]),
    )
    return tuple(
        UsageCount(
            connection=connection,
            by=by,
            value=value,
            name=tally.name,
            codes=tally.codes,
            customers=tally.customers,
            first_issued_at=tally.first,
            last_issued_at=tally.last,
        )
        for value, tally in order
    )


def usage_rows(index: ReportIndex, catalogue: Catalogue, lists: Collection[KnownList]) -> Iterator[UsageRow]:
    """Give every code of these lists that was given out, all of a customer's together."""
    for part in _parts(index, catalogue, lists):
        for one in part:
            campaign_id, campaign_name, locale, variation = (text or None for text in one.campaign)
            yield UsageRow(
                connection=one.known.connection,
                list_id=one.known.list_id,
                list_name=one.known.name,
                code=one.line.code,
                customer=one.line.customer,
                issued_at=one.issued_at,
                campaign_id=campaign_id,
                campaign_name=campaign_name,
                locale=locale,
                variation=variation,
                file=one.report.file,
                row=one.line.row,
                imported_at=one.report.imported_at,
            )


def _parts(
    index: ReportIndex, catalogue: Catalogue, lists: Collection[KnownList]
) -> Iterator[Iterator[_Line]]:
    """Give the lines of these lists part by part: others read the index in between."""
    known = {one.number: one for one in lists}
    campaigns: dict[tuple[int, str], Campaign] = {}
    place: int | None = 0
    while place is not None:
        with index.reading() as found:
            if found is None:
                return
            lines, place = found.lines_from(place)
            kept = _once(line for line in lines if line.list_number in known)
            for line in kept:
                key = line.import_number, line.campaign
                if line.campaign and key not in campaigns:
                    campaigns[key] = found.campaign(line)
        yield (
            _Line(
                line,
                known[line.list_number],
                catalogue.reports[line.import_number],
                campaigns.get((line.import_number, line.campaign), _NONE),
                datetime.fromisoformat(line.moment).astimezone(UTC) if line.moment else None,
            )
            for line in kept
            if line.import_number in catalogue.reports
        )


def _once(lines: Iterator[ReportLine]) -> list[ReportLine]:
    """Each code that a customer has of a list once, as the report that was imported first says."""
    ordered = sorted(lines, key=lambda line: (line.customer, line.import_number, line.row))
    return list({(line.customer, line.list_number, line.code): line for line in reversed(ordered)}.values())[
        ::-1
    ]


def _by_list(one: _Line, _: tzinfo) -> tuple[str | None, str | None]:
    return one.known.list_id, one.known.name


def _by_day(one: _Line, zone: tzinfo) -> tuple[str | None, str | None]:
    return None if one.issued_at is None else one.issued_at.astimezone(zone).date().isoformat(), None


def _by_campaign(one: _Line, _: tzinfo) -> tuple[str | None, str | None]:
    campaign_id, name, _locale, _variation = one.campaign
    return campaign_id or name or None, name or None


def _by_locale(one: _Line, _: tzinfo) -> tuple[str | None, str | None]:
    return one.campaign[2] or None, None


_GROUPS: Mapping[UsageGroup, Callable[[_Line, tzinfo], tuple[str | None, str | None]]] = {
    UsageGroup.LIST: _by_list,
    UsageGroup.DAY: _by_day,
    UsageGroup.CAMPAIGN: _by_campaign,
    UsageGroup.LOCALE: _by_locale,
}
