"""The days that imported reports cover, and what may be concluded from a customer's absence in them.

A report speaks of whole days, the last included. Its first and last day count as covered only in part, unless
the neighbouring day is covered too: a day may begin elsewhere at the vendor than it does here, and a report that
is made today knows only a part of today. Before the day of its creation a list gave nothing out, so that day
needs no neighbour.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

import attrs

from couponhub.models import CouponQuery, DaySpan
from couponhub.state.reports import KnownList, KnownReport
from couponhub.usage.days import Days

_DAY = timedelta(days=1)


@attrs.frozen(kw_only=True)
class ListCoverageState:
    """The state of one list.

    Attributes:
        begins: The day of its creation; None when the vendor has not told.
        ends: The day of its expiry, when the vendor last showed it as over; else None.
        quiet_until: The last day up to which, in that case, it gave nothing out after its expiry.
        whole: The days that are wholly covered, oldest first.
        reports: How many were imported.
    """

    known: KnownList
    begins: date | None
    ends: date | None
    quiet_until: date
    whole: tuple[DaySpan, ...]
    reports: int

    def reaches(self, day: date) -> date:
        """The last day up to which all are covered from `day` on; the day before it when it is not covered."""
        last = next((span.last for span in self.whole if span.first <= day <= span.last), day - _DAY)
        return last if self.ends is None or last < self.ends else max(last, self.quiet_until)

    def missing(self, until: date) -> tuple[DaySpan, ...]:
        """The days from its creation to `until` that are not covered; () when its creation is not known."""
        if self.begins is None:
            return ()
        until = until if self.ends is None else min(until, self.ends)
        gaps, day = [], self.begins
        for span in self.whole:
            if day < span.first <= until:
                gaps.append(DaySpan(day, span.first - _DAY))
            day = max(day, span.last + _DAY)
        if day <= until:
            gaps.append(DaySpan(day, until))
        return tuple(gaps)


@attrs.frozen(kw_only=True)
class Proof:
    """A proof, or none, that a customer whom the reports do not name was given nothing.

    Attributes:
        holds: Whether it is proven that nothing else was given out.
        as_of: The end of the last day up to which all that matter are covered; None when there is no such day.
        coverage: The same for people.
    """

    holds: bool
    as_of: datetime | None
    coverage: str


def coverage_of(
    known: KnownList, reports: Sequence[KnownReport], days: Days, lists_seen_at: datetime | None
) -> ListCoverageState:
    """Return how a list stands after these reports of it."""
    begins = None if known.created_at is None else days.earliest(known.created_at)
    # A report reaches into the day on which it was made, and no further, whatever days it is said to be of.
    touched = merged(_until(report.days, days.earliest(report.made_at)) for report in reports)
    ended = merged(_until(report.days, days.last_over(report.made_at)) for report in reports)
    whole = []
    for span in ended:
        first = span.first if begins is not None and span.first <= begins else span.first + _DAY
        goes_on = any(other.first <= span.last + _DAY <= other.last for other in touched)
        last = span.last if goes_on else span.last - _DAY
        if first <= last:
            whole.append(DaySpan(first, last))
    expiry = known.expires_at
    is_over = expiry is not None and lists_seen_at is not None and expiry < lists_seen_at
    return ListCoverageState(
        known=known,
        begins=begins,
        ends=days.latest(expiry) if is_over and expiry is not None else None,
        quiet_until=days.last_over(lists_seen_at) if lists_seen_at is not None else date.min,
        whole=tuple(whole),
        reports=len(reports),
    )


def _until(span: DaySpan, last: date) -> DaySpan:
    """The days of a span up to a last one; without any when it ends before it begins."""
    return DaySpan(span.first, min(span.last, last))


def merged(spans: Iterable[DaySpan]) -> list[DaySpan]:
    """Return these days as spans that neither overlap nor touch, oldest first; those without a day fall away."""
    joined: list[DaySpan] = []
    for span in sorted((span for span in spans if span.first <= span.last), key=lambda span: span.first):
        if joined and span.first <= joined[-1].last + _DAY:
            joined[-1] = DaySpan(joined[-1].first, max(joined[-1].last, span.last))
        else:
            joined.append(span)
    return joined


def prove(  # noqa: PLR0911 - each is a way to know nothing
    standings: Sequence[ListCoverageState],
    query: CouponQuery,
    days: Days,
    *,
    lists_seen_at: datetime | None,
    now: datetime,
    max_age: timedelta,
) -> Proof:
    """Return what may be concluded from a customer's absence, for the lists and days that a question means.

    A list that came after `as_of` had given nothing out by then. So `as_of` never lies behind the moment at which
    the vendor last showed all its lists, unless the question is about one that is known.
    """
    meant = [one for one in standings if query.list_id in {None, one.known.list_id}]
    if query.list_id is not None and not meant:
        return _nothing("that list is not known yet")
    meant = [one for one in meant if not _came_after(one.known, query.until)]
    since = None if query.since is None else days.earliest(query.since)
    begins = [_later(one.begins, since) for one in meant]
    if None in begins:
        return _nothing("the vendor has not told when each list was created")
    reached = [one.reaches(day) for one, day in zip(meant, begins, strict=True) if day is not None]
    limits = list(reached)
    if query.list_id is None:
        if lists_seen_at is None:
            return _nothing("the vendor has not shown its lists yet")
        limits.append(days.last_over(lists_seen_at))
    if not limits:
        return Proof(holds=True, as_of=query.until, coverage="the list came later")
    last = min(limits)
    lacking = [one for one, day in zip(meant, reached, strict=True) if day == last]
    what = (
        _words(lacking, len(meant)) + f" {last + _DAY}"
        if lacking
        else f"lists that came after {last} are not known"
    )
    if meant and not any(day is not None and day <= last for day in begins):
        return _nothing(what)
    as_of = days.end(last)
    if (query.until is not None and query.until <= as_of) or now - as_of <= max_age:
        return Proof(holds=True, as_of=as_of, coverage=f"{_all(len(meant))}, every day until {last}")
    return Proof(holds=False, as_of=as_of, coverage=what)


def _nothing(coverage: str) -> Proof:
    return Proof(holds=False, as_of=None, coverage=coverage)


def _came_after(known: KnownList, until: datetime | None) -> bool:
    return until is not None and known.created_at is not None and known.created_at >= until


def _later(begins: date | None, since: date | None) -> date | None:
    return since if begins is None else begins if since is None else max(begins, since)


def _all(count: int) -> str:
    return "the list" if count == 1 else f"all {count} lists"


def _words(lacking: Sequence[ListCoverageState], count: int) -> str:
    if len(lacking) == 1:
        return f"the list {lacking[0].known.name or lacking[0].known.list_id} lacks"
    return f"{len(lacking)} of {count} lists lack"
