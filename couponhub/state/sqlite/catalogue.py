"""The content of the usage index, to be read and changed within a transaction of its database."""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from types import MappingProxyType

import attrs

from couponhub.models import CouponList, DaySpan, Identifier, ListId
from couponhub.shown import encodable
from couponhub.state.hashing import HashKey
from couponhub.state.report_lines import ReportLine
from couponhub.state.reports import Catalogue, KnownList, KnownReport
from couponhub.state.sqlite import pages


class SqliteReportChange:
    """A `ReportChange` within one transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def catalogue(self) -> Catalogue:
        """As `ReportChange.catalogue`."""
        return read_catalogue(self._database, -1)

    def see(self, connection: str, lists: Iterable[CouponList], seen_at: datetime | None) -> None:
        """As `ReportChange.see`."""
        self._database.executemany(
            "INSERT INTO lists (connection, list_id, name, label, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (connection, list_id) DO UPDATE SET name = excluded.name, label = excluded.label,"
            " created_at = coalesce(min(created_at, excluded.created_at), created_at, excluded.created_at),"
            " expires_at = excluded.expires_at",
            [
                (
                    connection,
                    encodable(one.id),
                    encodable(one.name or "") or None,
                    encodable(one.label or "") or None,
                    _text(one.created_at),
                    _text(one.expires_at),
                )
                for one in lists
            ],
        )
        if seen_at is not None:
            self._database.execute(
                "INSERT INTO sightings (connection, lists_seen_at) VALUES (?, ?) ON CONFLICT (connection)"
                " DO UPDATE SET lists_seen_at = max(lists_seen_at, excluded.lists_seen_at)",
                (connection, _text(seen_at)),
            )

    def lines_of(self, customer: str) -> Sequence[ReportLine]:
        """As `ReportChange.lines_of`."""
        return pages.lines_of(self._database, customer)

    def number_of(self, connection: str, list_id: ListId) -> int:
        """As `ReportChange.number_of`."""
        self._database.execute(
            "INSERT OR IGNORE INTO lists (connection, list_id) VALUES (?, ?)", (connection, list_id)
        )
        (number,) = self._database.execute(
            "SELECT number FROM lists WHERE connection = ? AND list_id = ?", (connection, list_id)
        ).fetchone()
        return int(number)

    def forgotten(self) -> frozenset[str]:
        """As `ReportChange.forgotten`."""
        return frozenset(row[0] for row in self._database.execute("SELECT customer FROM forgotten"))

    def add_report(self, report: KnownReport, content: bytes, campaigns: Iterable[tuple[str, ...]]) -> int:
        """As `ReportChange.add_report`."""
        cursor = self._database.execute(
            "INSERT INTO imports (list, identifier, first, last, file, content, rows, made_at, imported_at, approximate)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                report.list_number,
                report.identifier.value,
                report.days.first.isoformat(),
                report.days.last.isoformat(),
                report.file,
                content,
                report.rows,
                _text(report.made_at),
                _text(report.imported_at),
                report.approximate,
            ),
        )
        number = int(cursor.lastrowid or 0)
        self._database.executemany(
            "INSERT INTO campaigns (import, number, id, name, locale, variation) VALUES (?, ?, ?, ?, ?, ?)",
            ((number, at, *campaign) for at, campaign in enumerate(campaigns)),
        )
        return number

    def add_lines(self, fresh: Iterable[tuple[int, str]], *, list_number: int) -> int:
        """As `ReportChange.add_lines`."""
        return pages.add(self._database, fresh, list_number=list_number)

    def forget(self, customer: str, at: datetime) -> int:
        """As `ReportChange.forget`."""
        self._database.execute(
            "INSERT OR IGNORE INTO forgotten (customer, at) VALUES (?, ?)", (customer, at.isoformat())
        )
        return pages.remove(self._database, customer)

    def imported_before(self, content: bytes, *, list_number: int, identifier: Identifier) -> list[datetime]:
        """As `ReportChange.imported_before`."""
        found = self._database.execute(
            "SELECT imported_at FROM imports WHERE content = ? AND list = ? AND identifier = ? AND rows > 0",
            (content, list_number, identifier.value),
        )
        return [datetime.fromisoformat(row[0]) for row in found]


@attrs.frozen
class SqliteReportSnapshot:
    """A `ReportSnapshot` within one transaction."""

    database: sqlite3.Connection
    key: HashKey
    generation: int

    def catalogue(self) -> Catalogue:
        """As `ReportSnapshot.catalogue`."""
        return read_catalogue(self.database, self.generation)

    def lines_of(self, customer: str) -> Sequence[ReportLine]:
        """As `ReportSnapshot.lines_of`."""
        return pages.lines_of(self.database, customer)

    def lines_with(self, code: str) -> Sequence[ReportLine]:
        """As `ReportSnapshot.lines_with`."""
        return pages.lines_with(self.database, code)

    def lines_from(self, place: int) -> tuple[Sequence[ReportLine], int | None]:
        """As `ReportSnapshot.lines_from`."""
        return pages.lines_from(self.database, place)

    def campaign(self, line: ReportLine) -> tuple[str, str, str, str]:
        """As `ReportSnapshot.campaign`."""
        if not line.campaign:
            return ("", "", "", "")
        found: tuple[str, str, str, str] = self.database.execute(
            "SELECT id, name, locale, variation FROM campaigns WHERE import = ? AND number = ?",
            (line.import_number, int(line.campaign)),
        ).fetchone()
        return found

    def is_forgotten(self, customer: str) -> bool:
        """As `ReportSnapshot.is_forgotten`."""
        found = self.database.execute("SELECT 1 FROM forgotten WHERE customer = ?", (customer,))
        return found.fetchone() is not None


def read_catalogue(database: sqlite3.Connection, generation: int) -> Catalogue:
    """Read them."""
    lists = {
        number: KnownList(
            number=number,
            connection=connection,
            list_id=ListId(list_id),
            name=name,
            label=label,
            created_at=_moment_of(created_at),
            expires_at=_moment_of(expires_at),
        )
        for number, connection, list_id, name, label, created_at, expires_at in database.execute(
            "SELECT number, connection, list_id, name, label, created_at, expires_at FROM lists ORDER BY number"
        )
    }
    reports = {
        number: KnownReport(
            number=number,
            list_number=list_number,
            identifier=Identifier(identifier),
            days=DaySpan(date.fromisoformat(first), date.fromisoformat(last)),
            file=file,
            rows=rows,
            made_at=datetime.fromisoformat(made_at),
            imported_at=datetime.fromisoformat(imported_at),
            approximate=bool(approximate),
        )
        for number, list_number, identifier, first, last, file, rows, made_at, imported_at, approximate in database.execute(
            "SELECT number, list, identifier, first, last, file, rows, made_at, imported_at, approximate FROM imports ORDER BY number"
        )
    }
    seen_at = {
        connection: datetime.fromisoformat(moment)
        for connection, moment in database.execute("SELECT connection, lists_seen_at FROM sightings")
    }
    return Catalogue(
        generation, MappingProxyType(lists), MappingProxyType(reports), MappingProxyType(seen_at)
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _moment_of(text: str | None) -> datetime | None:
    """The moment that a text tells, in UTC."""
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
