"""The index of usage reports: who was given which code, as imported reports say."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

import attrs

from couponhub.models import CouponList, DaySpan, Identifier, ListId
from couponhub.state.hashing import HashKey
from couponhub.state.report_lines import ReportLine

_T = TypeVar("_T")


@attrs.frozen(kw_only=True)
class KnownList:
    """A list that the vendor has shown, or of which a report was imported.

    Attributes:
        number: Its number in the index.
        name: None when the vendor has not shown it; so with the rest.
    """

    number: int
    connection: str
    list_id: ListId
    name: str | None = None
    label: str | None = None
    created_at: datetime | None = None
    expires_at: datetime | None = None


@attrs.frozen(kw_only=True)
class KnownReport:
    """A report that was imported.

    Attributes:
        number: Its number in the index.
        list_number: That of its list.
        identifier: As which its customers were read; it says nothing of other identifiers.
        made_at: The moment by which it had been made.
        approximate: Whether the zone of its times is a guess.
    """

    number: int
    list_number: int
    identifier: Identifier
    days: DaySpan
    file: str
    rows: int
    made_at: datetime
    imported_at: datetime
    approximate: bool


@attrs.frozen
class Catalogue:
    """The small tables of the index, as they stand at one generation.

    Attributes:
        lists: By number.
        reports: By number.
        seen_at: When each connection's vendor last showed all its lists.
    """

    generation: int
    lists: Mapping[int, KnownList] = attrs.field(factory=dict)
    reports: Mapping[int, KnownReport] = attrs.field(factory=dict)
    seen_at: Mapping[str, datetime] = attrs.field(factory=dict)

    def of(self, connection: str) -> list[KnownList]:
        """Return the lists of a connection."""
        return [known for known in self.lists.values() if known.connection == connection]

    def seeing(self, connection: str, lists: Iterable[CouponList], seen_at: datetime | None) -> "Catalogue":
        """Return the same after the vendor has shown these lists, without a change of the index."""
        numbers = {known.list_id: known.number for known in self.of(connection)}
        known_lists = dict(self.lists)
        for fresh, one in enumerate(lists, 1):
            number = numbers.get(one.id, -fresh)
            before = known_lists.get(number)
            known_lists[number] = KnownList(
                number=number,
                connection=connection,
                list_id=one.id,
                name=one.name,
                label=one.label,
                created_at=_earlier(before.created_at if before else None, one.created_at),
                expires_at=one.expires_at,
            )
        moments = dict(self.seen_at) if seen_at is None else {**self.seen_at, connection: seen_at}
        return attrs.evolve(self, lists=known_lists, seen_at=moments)

    def reports_of(self, known: KnownList, identifier: Identifier) -> list[KnownReport]:
        """Return the reports of a list whose customers were read as that identifier, oldest import first."""
        return [
            report
            for report in self.reports.values()
            if report.list_number == known.number and report.identifier is identifier
        ]


NO_CATALOGUE = Catalogue(-1)
"""Of an index that is not there."""


class ReportSnapshot(Protocol):
    """The index at one moment. For one thread, within the block that gives it."""

    @property
    def generation(self) -> int:
        """A number that is another after each change of the index."""
        ...

    @property
    def key(self) -> HashKey:
        """The key that its customers' hashes were made with."""
        ...

    def catalogue(self) -> Catalogue:
        """Read which lists and reports are known."""
        ...

    def lines_of(self, customer: str) -> Sequence[ReportLine]:
        """Return all lines of a customer's hash, oldest import first, each code of a list once."""
        ...

    def lines_with(self, code: str) -> Sequence[ReportLine]:
        """Return all lines with a code, whoever has it; reads through everything."""
        ...

    def lines_from(self, place: int) -> tuple[Sequence[ReportLine], int | None]:
        """Return some thousand lines from a place on, all of a customer together, and the place behind them.

        Args:
            place: 0 for the first.

        Returns:
            The lines in no order, and None when there are no more.
        """
        ...

    def campaign(self, line: ReportLine) -> tuple[str, str, str, str]:
        """Return id, name, locale and variation of a line's campaign; "" each where there is none."""
        ...

    def is_forgotten(self, customer: str) -> bool:
        """Return True when rows of a customer's hash were removed, so that absence proves nothing."""
        ...


class ReportChange(Protocol):
    """Changes of the index, and what it holds with them. For one thread, within the block that gives it."""

    def catalogue(self) -> Catalogue:
        """Read which lists and reports are known."""
        ...

    def lines_of(self, customer: str) -> Sequence[ReportLine]:
        """As `ReportSnapshot.lines_of`."""
        ...

    def see(self, connection: str, lists: Iterable[CouponList], seen_at: datetime | None) -> None:
        """Write down lists that the vendor showed; those it no longer shows stay known.

        Args:
            connection: Whose.
            lists: The lists.
            seen_at: When the vendor showed them, if they are all that it has; else None.
        """
        ...

    def number_of(self, connection: str, list_id: ListId) -> int:
        """Return the number of a list, which is made known if it is not."""
        ...

    def imported_before(self, content: bytes, *, list_number: int, identifier: Identifier) -> list[datetime]:
        """Return when the very same content, with rows, was imported of a list, its customers read as that identifier."""
        ...

    def add_report(self, report: KnownReport, content: bytes, campaigns: Iterable[tuple[str, ...]]) -> int:
        """Write down an import; return its number, whatever that of `report` is.

        Args:
            report: The import.
            content: A hash that tells the file from others.
            campaigns: Id, name, locale and variation of each, in the order of their numbers from 0.
        """
        ...

    def add_lines(self, pages: Iterable[tuple[int, str]], *, list_number: int) -> int:
        """Add the lines of an import, but for codes that a customer is known to have of the list.

        Args:
            pages: The lines, as `in_pages` gives them; each page once.
            list_number: Of which list they are.

        Returns:
            How many lines were added.
        """
        ...

    def forgotten(self) -> frozenset[str]:
        """Return the hashes of all customers who are to be forgotten."""
        ...

    def forget(self, customer: str, at: datetime) -> int:
        """Remove all lines of a customer's hash, and keep the hash, so that no import need bring them back.

        Returns:
            How many lines there were.
        """
        ...


class ReportIndex(Protocol):
    """The usage index. Thread-safe, and safe with other processes: readers never wait for who writes.

    Reading makes nothing, and works where nothing may be written. What was removed is gone from what is stored, but
    for backups. Every method raises LocalError, with one line, when this machine or the state fails.
    """

    def key(self) -> HashKey:
        """Return the key of the customers' hashes, the same for all who share the state; made when there is no index.

        Raises:
            LocalError: There is an index, and the key that it was written with is gone.
        """
        ...

    def reading(self) -> AbstractContextManager[ReportSnapshot | None]:
        """Give what is committed at one moment; None when there is no index yet."""
        ...

    def changing(self) -> AbstractContextManager[ReportChange]:
        """Change all of the block, for good, or nothing; whoever else writes is waited for."""
        ...

    def change(self, work: Callable[[ReportChange], _T], workspace: Path) -> _T:
        """Have some work change the index: all of it, for good, or nothing; return what comes of it.

        Where there is no index yet it is made in the workspace and then put in its place, which is quicker than to change
        one that others may read. When somebody else makes one meanwhile, the work is done again in that.

        Args:
            work: Changes the index. What it does besides may be done twice.
            workspace: As `workspace` gives it.
        """
        ...

    def workspace(self) -> AbstractContextManager[Path]:
        """Give a private folder of this machine for a report in the making, which ends with the block.

        What killed processes left of theirs is removed first; folders of living ones stay.
        """
        ...


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return other if one is None else one if other is None else min(one, other)
