"""Importing a report: read it all, check it, then write it down in one step, so that nothing is ever half imported."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial

import attrs

from couponhub.errors import LocalError
from couponhub.models import (
    CouponList,
    DaySpan,
    ListId,
    ReportColumn,
    ReportForm,
    ReportImport,
)
from couponhub.state import ReportChange
from couponhub.state.report_lines import customer_of, ending_of
from couponhub.state.reports import KnownList, KnownReport
from couponhub.usage.days import Days
from couponhub.usage.index import UsageIndex
from couponhub.usage.opening import OpenReport, ReportSource, as_faults, faulty, opened
from couponhub.usage.rows import ReportBatch, ReportRows
from couponhub.usage.taking import Intake, ReportFacts, taken_in

MOST_BYTES = 8 << 30
"""Unpacked: 20 million rows of 400 bytes."""
_DAY = timedelta(days=1)


@attrs.frozen(kw_only=True)
class ImportRequest:
    """One report to be imported.

    Attributes:
        lists: All lists of the vendor, as far as it showed any.
        lists_seen_at: The moment at which `lists` were all; None when the vendor could not be asked.
        known: The list; None when neither the vendor nor the index has shown it.
        include_forgotten: Take rows of customers in who are to be forgotten.
        shared_codes: Believe that codes of other lists stand in this one too.
    """

    connection: str
    list_id: ListId
    days: DaySpan
    form: ReportForm
    zones: Days
    lists: Sequence[CouponList]
    lists_seen_at: datetime | None
    known: KnownList | None
    now: datetime
    include_forgotten: bool
    shared_codes: bool


def check_days(days: DaySpan, zones: Days, now: datetime, created_at: datetime | None) -> None:
    """Refuse days of which no report can be.

    Raises:
        LocalError: They end before they begin, lie in the future, or before the list was created.
    """
    if days.first > days.last:
        raise LocalError(f"the report's first day, {days.first}, lies after its last, {days.last}")
    if days.last > zones.latest(now):
        raise LocalError(f"the report's last day, {days.last}, lies in the future")
    if created_at is not None and days.first < zones.earliest(created_at):
        raise LocalError(
            f"the report's first day, {days.first}, lies before the list was created, on {zones.earliest(created_at)}",
            hint="vendors make no such report: is it of another list?",
        )


def import_report(
    index: UsageIndex,
    source: ReportSource,
    request: ImportRequest,
    *,
    codes_elsewhere: Callable[[frozenset[str]], bool],
    most_bytes: int = MOST_BYTES,
) -> ReportImport:
    """Import a report whose days have been checked.

    Args:
        index: Into which.
        source: The report.
        request: What it is said to be.
        codes_elsewhere: Whether codes are known to have been sent to another list of the connection, and not to
            this one.
        most_bytes: More than that, unpacked, is no report.
    """
    key = index.stored.key()
    fingerprint = key.fingerprint()
    with opened(source) as report, index.stored.workspace() as folder, ExitStack() as held:
        fault = partial(faulty, report.name)
        intake = Intake(
            form=request.form,
            key=key,
            check=lambda batch: _refuse_other_list(batch, request, fault),
            fault=fault,
        )
        with as_faults(report.name):
            rows = ReportRows(
                report.content, request.form, fault, most_bytes=most_bytes, told=fingerprint.update
            )
            lines = taken_in(rows, intake, folder, held)
        facts = intake.facts
        _refuse_cut(facts, request.form, fault)
        _refuse_other_days(facts, request, fault)
        if not request.shared_codes and codes_elsewhere(frozenset(code for _, code in facts.sample)):
            raise _of_another_list(fault)
        write = partial(
            _write,
            request=request,
            facts=facts,
            pages=lines.pages,
            report=report,
            content=fingerprint.digest(),
        )
        return index.stored.change(write, folder)


def _write(
    change: ReportChange,
    *,
    request: ImportRequest,
    facts: ReportFacts,
    pages: Callable[[str], Iterable[tuple[int, str]]],
    report: OpenReport,
    content: bytes,
) -> ReportImport:
    change.see(request.connection, request.lists, request.lists_seen_at)
    number = change.number_of(request.connection, request.list_id)
    if not request.shared_codes:
        _refuse_known_elsewhere(change, facts, number, request.connection, partial(faulty, report.name))
    before = change.imported_before(content, list_number=number, identifier=request.form.identifier)
    import_number = change.add_report(
        KnownReport(
            number=0,
            list_number=number,
            identifier=request.form.identifier,
            days=request.days,
            file=report.name,
            rows=facts.rows,
            made_at=_made_at(report, request),
            imported_at=request.now,
            approximate=facts.approximate,
        ),
        content,
        facts.campaigns.told,
    )
    withheld = _Withheld(frozenset() if request.include_forgotten else change.forgotten())
    added = change.add_lines(withheld.of(pages(ending_of(number, import_number))), list_number=number)
    return ReportImport(
        connection=request.connection,
        list_id=request.list_id,
        days=request.days,
        file=report.name,
        rows=facts.rows,
        added=added,
        withheld=withheld.count,
        repeated=bool(before) and facts.rows > 0,
        imported_at=request.now,
        warnings=tuple(_warnings(facts, before)),
    )


def _made_at(report: OpenReport, request: ImportRequest) -> datetime:
    """The moment by which it had been made, as far as anything tells."""
    last_begins = request.zones.end(request.days.last - _DAY)
    # A file is as old as its report or younger; a date before the report's last day was set by something else.
    saved_at = report.saved_at if report.saved_at is not None and report.saved_at >= last_begins else None
    return min(moment for moment in (request.now, report.mailed_at, saved_at) if moment is not None)


class _Withheld:
    """Leaves customers out who are to be forgotten, and counts their rows."""

    def __init__(self, customers: frozenset[str]) -> None:
        self._customers = customers
        self.count = 0

    def of(self, fresh: Iterable[tuple[int, str]]) -> Iterable[tuple[int, str]]:
        return map(self._kept, fresh) if self._customers else fresh

    def _kept(self, page: tuple[int, str]) -> tuple[int, str]:
        number, text = page
        lines = text.split("\n")[:-1]
        kept = [f"{line}\n" for line in lines if customer_of(line) not in self._customers]
        self.count += len(lines) - len(kept)
        return number, "".join(kept)


def _refuse_other_list(batch: ReportBatch, request: ImportRequest, fault: Callable[..., LocalError]) -> None:
    told = {cell.strip() for cell in batch.columns.get(ReportColumn.LIST, ())} - {""}
    if told <= {request.list_id}:
        return
    known = request.known
    own = {request.list_id} if known is None else {request.list_id, known.name, known.label}
    if not {word.casefold() for word in told} <= {word.casefold() for word in own if word}:
        raise fault(
            f"its column of the {ReportColumn.LIST.value} names another list than {request.list_id}",
            "import it with the list that it is of",
        )


def _refuse_cut(facts: ReportFacts, form: ReportForm, fault: Callable[..., LocalError]) -> None:
    if form.max_rows is not None and facts.rows >= form.max_rows:
        raise fault(
            f"it holds {facts.rows:,} rows, and the vendor cuts reports off at {form.max_rows:,}",
            "request fewer days at a time",
        )


def _refuse_other_days(facts: ReportFacts, request: ImportRequest, fault: Callable[..., LocalError]) -> None:
    if facts.first is None or facts.last is None:
        return
    # A day more on both sides: the vendor's days may begin elsewhere than we know.
    begin, end = (
        request.zones.end(request.days.first - 2 * _DAY),
        request.zones.end(request.days.last + 2 * _DAY),
    )
    if not begin <= facts.first <= facts.last < end:
        raise fault(
            f"it holds rows from {facts.first:%Y-%m-%d} to {facts.last:%Y-%m-%d}, not only of the days {request.days}",
            "give the days that it was requested for",
        )


def _refuse_known_elsewhere(
    change: ReportChange, facts: ReportFacts, number: int, connection: str, fault: Callable[..., LocalError]
) -> None:
    catalogue = change.catalogue()
    others = {known.number for known in catalogue.of(connection)} - {number}
    for customer, code in facts.sample:
        lists = {line.list_number for line in change.lines_of(customer) if line.code == code}
        if lists & others and number not in lists:
            raise _of_another_list(fault)


def _of_another_list(fault: Callable[..., LocalError]) -> LocalError:
    return fault(
        "codes in it are known to be of another list",
        "import it with the list that it is of; or, if codes really stand in several lists, with --shared-codes",
    )


def _warnings(facts: ReportFacts, before: Sequence[datetime]) -> Iterator[str]:
    if before and facts.rows:
        yield f"this report was imported before, at {before[-1]:%Y-%m-%d %H:%M} UTC; nothing is doubled"
    if facts.campaigns.are_too_many:
        yield "it names more campaigns than are kept; some coupons have no campaign"
