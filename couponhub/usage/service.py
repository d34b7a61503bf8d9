"""The usage reports of a connection, as users hold them: requested, imported, and accounted for."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import attrs

from couponhub.capabilities import Offered
from couponhub.clock import utc_now
from couponhub.error_context import ErrorContext
from couponhub.errors import CouponhubError, LocalError, NotFound, UsageError
from couponhub.models import (
    CouponList,
    CouponQuery,
    DaySpan,
    ImportedReport,
    ListCoverage,
    ReportImport,
    ReportRequest,
    UsageCount,
    UsageGroup,
    UsageRow,
    UsageStatus,
)
from couponhub.models.base import given_list_id
from couponhub.models.given import given_day, given_flag, given_ids, given_word
from couponhub.protocols import ReadsLists, RequestsUsageReports
from couponhub.rooted import Rooted
from couponhub.state import Ledger
from couponhub.state.reports import Catalogue, KnownList
from couponhub.usage.analysis import counts, imported_reports, usage_rows
from couponhub.usage.codesets import known_elsewhere
from couponhub.usage.coverage import ListCoverageState
from couponhub.usage.reports import Reports, Standings

if TYPE_CHECKING:
    from couponhub.usage.opening import ReportSource

_log = logging.getLogger(__name__)
_DAY = timedelta(days=1)
_DAILY = "usage_report_per_day"
_UNKNOWN_ZONE = "it is not known in which zone the vendor's days begin: set timezone of the connection"


class Usage(Rooted):
    """The usage reports of a connection. Thread-safe.

    An argument that is nothing of what it may be is a `UsageError`, before anything is sent or written.

    Args:
        name: The connection's name.
        offered: What its adapter offers.
        reports: What was imported.
        ledger: Opens the ledger of uploads, which knows the codes of other lists.
        now: The clock, for tests.
    """

    def __init__(
        self,
        name: str,
        offered: Offered,
        reports: Reports,
        *,
        ledger: Callable[[], Ledger],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._name = name
        self._offered = offered
        self._reports = reports
        self._ledger = ledger
        self._now = now

    def request(self, list_id: str, start: date, end: date, recipients: str | Iterable[str]) -> str:
        """Have the vendor mail a report of who was given which code; return the vendor's sentence about it.

        Args:
            list_id: The vendor's id of the list.
            start: The first day that it is to cover, in the zone that the vendor uses for the account.
            end: The last, included.
            recipients: An e-mail address, or several, that are mailed the report.

        Raises:
            Unsupported: The vendor has no usage reports.
            UsageError: The days are in the wrong order, or an address is blank.
            NotFound: The vendor knows no such list.
            QuotaExhausted: No more reports can be had today.
            OutcomeUnknown: The answer was lost; if no mail comes, request it again.
        """
        with ErrorContext(self._name, "request usage report"):
            asked = self._offered.require(RequestsUsageReports)
            return asked.request_usage_report(
                given_list_id(list_id),
                given_day(start, "the first day"),
                given_day(end, "the last day"),
                given_ids(recipients, "recipients"),
            )

    def import_report(
        self,
        list_id: str,
        source: "ReportSource",
        start: date,
        end: date,
        *,
        include_forgotten: bool = False,
        shared_codes: bool = False,
    ) -> ReportImport:
        """Import a report of a list for the days `start` to `end`, both included, and return what came of it.

        Rows that earlier reports held are not doubled. All is written at once, or nothing is.

        Args:
            list_id: The list that it is of.
            source: The report as it was saved, in whatever a code file may come, or its mail: a path, an address or a binary file
                object.
            start: The first day that it was requested for.
            end: The last.
            include_forgotten: Take rows in of customers who are to be forgotten. What was removed does not come
                back by that, so that such a customer's absence still proves nothing.
            shared_codes: Believe that codes which are known of another list stand in this one too.

        Raises:
            Unsupported: The vendor has no usage reports.
            LocalError: It is no whole report of that list and those days, or this machine failed; nothing was written.
            NotFound: The vendor has no such list.
        """
        from couponhub.usage.importing import ImportRequest, check_days, import_report  # noqa: PLC0415 - lookups need none of it

        with ErrorContext(self._name, "import usage report"):
            wanted = given_list_id(list_id)
            start, end = given_day(start, "the first day"), given_day(end, "the last day")
            given_flag(include_forgotten, "include_forgotten")
            given_flag(shared_codes, "shared_codes")
            if not isinstance(source, (str, os.PathLike)) and not callable(getattr(source, "read", None)):
                raise UsageError("the report must be a path or a binary file object")
            form, now = self._reports.form, self._now()
            if start > end:
                raise LocalError(f"the report's first day, {start}, lies after its last, {end}")
            lists, seen_at, warnings = self._shown(now)
            standings = self._standings(lists, seen_at)
            known = next((one.known for one in standings.lists if one.known.list_id == list_id), None)
            if known is None and seen_at is not None:
                raise NotFound("there is no such list", hint=f"see `couponhub lists ls {self._name}`")
            days = DaySpan(start, end)
            check_days(days, standings.zones, now, known.created_at if known else None)
            others = [one.known.list_id for one in standings.lists if one.known.list_id != list_id]
            done = import_report(
                self._reports.index,
                source,
                ImportRequest(
                    connection=self._name,
                    list_id=wanted,
                    days=days,
                    form=form,
                    zones=standings.zones,
                    lists=lists,
                    lists_seen_at=seen_at,
                    known=known,
                    now=now,
                    include_forgotten=include_forgotten,
                    shared_codes=shared_codes,
                ),
                codes_elsewhere=lambda codes: known_elsewhere(self._ledger(), wanted, others, codes),
            )
            return attrs.evolve(done, warnings=(*done.warnings, *warnings, *_zone_warnings(standings)))

    def status(self, list_id: str | None = None, *, ask_vendor: bool = True) -> UsageStatus:
        """Return which days of each list are covered, which are missing, and which requests would fill the gaps.

        The vendor is asked for its lists; when it does not answer, those are told that are known, with a warning.

        Args:
            list_id: The vendor's id of one list; None for all that the vendor has ever shown.
            ask_vendor: False calls nobody, and tells of the lists that are known.

        Raises:
            Unsupported: The vendor has no usage reports.
            NotFound: There is no such list.
        """
        with ErrorContext(self._name, "usage status"):
            wanted = None if list_id is None else given_list_id(list_id)
            given_flag(ask_vendor, "ask_vendor")
            form, now = self._reports.form, self._now()
            if ask_vendor:
                lists, seen_at, warnings = self._shown(now)
                standings = self._standings(lists, seen_at)
                warnings += self._remember(standings, lists, seen_at)
            else:
                standings, warnings = self._reports.kept(), []
            shown = [one for one in standings.lists if list_id in {None, one.known.list_id}]
            if list_id is not None and not shown:
                raise NotFound("there is no such list", hint=f"see `couponhub lists ls {self._name}`")
            query = CouponQuery(list_id=wanted)
            proof = standings.proof(query, now=now, max_age=form.max_age)
            return UsageStatus(
                connection=self._name,
                lists=tuple(self._coverages(shown, standings, now)),
                as_of=proof.as_of,
                lists_seen_at=standings.seen_at,
                warnings=(*warnings, *_zone_warnings(standings)),
            )

    def reports(self, list_id: str | None = None) -> tuple[ImportedReport, ...]:
        """Return the reports that were imported, oldest import first; () when there are none.

        Args:
            list_id: The vendor's id of one list; None for all.

        Raises:
            Unsupported: The vendor has no usage reports.
            NotFound: Neither the vendor nor a report has ever named that list here.
        """
        with ErrorContext(self._name, "read usage reports"):
            return imported_reports(*self._known(list_id))

    def stats(
        self, by: UsageGroup | str = UsageGroup.LIST, list_id: str | None = None
    ) -> tuple[UsageCount, ...]:
        """Return how many codes were given out to how many customers, as imported reports say; () for none.

        The vendor is not asked, and what no imported report covers is not counted; `status` says which days these are. Every
        row is read: a few seconds for each million.

        Args:
            by: "list", "day", "campaign" or "locale". Days begin in the connection's `timezone`, in UTC where it has none.
            list_id: The vendor's id of one list; None for all.

        Raises:
            Unsupported: The vendor has no usage reports.
            NotFound: Neither the vendor nor a report has ever named that list here.
        """
        with ErrorContext(self._name, "count usage"):
            wanted = given_word(UsageGroup, by, "by")
            catalogue, lists = self._known(list_id)
            zone = self._reports.form.zone or UTC
            return counts(self._reports.index.stored, catalogue, lists, wanted, zone)

    def rows(self, list_id: str | None = None) -> Iterator[UsageRow]:
        """Iterate over every code that was given out, as imported reports say, all of a customer's together.

        Customers are keyed hashes: the same customer has the same one, and nobody is found by it. A report that is imported
        meanwhile is left out.

        Args:
            list_id: The vendor's id of one list; None for all.

        Raises:
            Unsupported: The vendor has no usage reports.
            NotFound: Neither the vendor nor a report has ever named that list here.
        """
        at = ErrorContext(self._name, "read usage")
        with at:
            catalogue, lists = self._known(list_id)
        return at.each(usage_rows(self._reports.index.stored, catalogue, lists))

    def _known(self, list_id: str | None) -> tuple[Catalogue, list[KnownList]]:
        """Return what the index holds, and which of its lists are meant."""
        wanted = None if list_id is None else given_list_id(list_id)
        _ = self._reports.form
        catalogue = self._reports.index.catalogue()
        lists = [one for one in catalogue.of(self._name) if wanted in {None, one.list_id}]
        if wanted is not None and not lists:
            raise NotFound("no report names that list", hint=f"see `couponhub usage ls {self._name}`")
        return catalogue, lists

    def _shown(self, now: datetime) -> tuple[list[CouponList], datetime | None, list[str]]:
        """All lists that the vendor shows; when it cannot be asked, none of them, no moment, and a warning."""
        try:
            return list(self._offered.require(ReadsLists).iterate_lists(None)), now, []
        except CouponhubError as error:
            _log.info("%s: the lists could not be read (%s)", self._name, error.kind)
            warning = (
                f"the vendor's lists could not be read ({error.kind}), so that those that came since they last"
                " were are not known"
            )
            return [], None, [warning]

    def _standings(self, lists: Sequence[CouponList], seen_at: datetime | None) -> Standings:
        """Return the standing of lists, those that the vendor shows now among them."""
        catalogue = self._reports.index.catalogue()
        return self._reports.standings(catalogue.seeing(self._name, lists, seen_at))

    def _remember(
        self, standings: Standings, lists: Sequence[CouponList], seen_at: datetime | None
    ) -> list[str]:
        if seen_at is None or standings.newest is None:
            return []  # without any report nothing is ever concluded from lists
        try:
            self._reports.index.remember_lists(self._name, lists, seen_at)
        except LocalError as error:
            return [f"that the lists were seen could not be written down: {error.message}"]
        return []

    def _coverages(
        self, shown: Sequence[ListCoverageState], standings: Standings, now: datetime
    ) -> list[ListCoverage]:
        left = self._left()
        yesterday = standings.zones.last_over(now)
        coverages: list[ListCoverage] = []
        asked = 0
        for one in shown:
            gaps = one.missing(yesterday)
            request = None
            if gaps:
                # A day more, so that the last one has a neighbour.
                days = DaySpan(gaps[0].first, min(gaps[-1].last, yesterday) + _DAY)
                request = ReportRequest(
                    connection=self._name,
                    list_id=one.known.list_id,
                    days=days,
                    wait_days=left.days_until(asked),
                )
                asked += 1
            reached = None if one.begins is None else one.reaches(one.begins)
            is_covered = reached is not None and one.begins is not None and reached >= one.begins
            coverages.append(
                ListCoverage(
                    connection=self._name,
                    list_id=one.known.list_id,
                    list_name=one.known.name,
                    created_on=one.begins,
                    covered=one.whole,
                    missing=gaps,
                    as_of=standings.zones.end(reached) if is_covered and reached else None,
                    reports=one.reports,
                    request=request,
                )
            )
        return coverages

    def _left(self) -> "_Left":
        adapter = self._offered.adapter
        return _Left(today=adapter.quota_left().get(_DAILY), daily=adapter.limits.get(_DAILY, 0))


@attrs.frozen(kw_only=True)
class _Left:
    """The number of reports that may still be requested; None and 0 set no end."""

    today: int | None
    daily: int

    def days_until(self, asked: int) -> int:
        """Return the number of days to wait when so many were requested before."""
        if self.today is None or not self.daily or asked < self.today:
            return 0
        return 1 + (asked - self.today) // self.daily


def _zone_warnings(standings: Standings) -> list[str]:
    return [_UNKNOWN_ZONE] if len(standings.zones.zones) > 1 else []
