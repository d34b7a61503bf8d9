"""The content of the usage index, to be read and changed within a transaction of its database, whichever that is."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from types import MappingProxyType

import attrs

from couponhub.models import CouponList, DaySpan, Identifier, ListId
from couponhub.state.hashing import HashKey
from couponhub.state.report_lines import ReportLine
from couponhub.state.reports import Catalogue, KnownList, KnownReport
from couponhub.state.sql.database import Statements
from couponhub.state.sql.ledger import storable
from couponhub.state.sql.report_pages import ReportPages


class CatalogueChange:
    """A `ReportChange` within one transaction, in which nobody else changes the index.

    Args:
        database: Runs statements in it.
        pages: Its pages.
    """

    def __init__(self, database: Statements, pages: ReportPages) -> None:
        self.database = database
        self.pages = pages

    def catalogue(self) -> Catalogue:
        """As `ReportChange.catalogue`."""
        return read_catalogue(self.database, -1)

    def see(self, connection: str, lists: Iterable[CouponList], seen_at: datetime | None) -> None:
        """As `ReportChange.see`."""
        self.database.executemany(
            "INSERT INTO lists (number, connection, list_id, name, label, created_at, expires_at)"
            " VALUES ((SELECT coalesce(max(number), 0) + 1 FROM lists), ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (connection, list_id) DO UPDATE SET name = excluded.name, label = excluded.label,"
            " created_at = CASE WHEN excluded.created_at IS NULL OR lists.created_at < excluded.created_at"
            " THEN lists.created_at ELSE excluded.created_at END, expires_at = excluded.expires_at",
            [
                (
                    connection,
                    storable(one.id),
                    storable(one.name or "") or None,
                    storable(one.label or "") or None,
                    _text(one.created_at),
                    _text(one.expires_at),
                )
                for one in lists
            ],
        )
        if seen_at is not None:
            self.database.execute(
                "INSERT INTO sightings (connection, lists_seen_at) VALUES (?, ?) ON CONFLICT (connection)"
                " DO UPDATE SET lists_seen_at = excluded.lists_seen_at"
                " WHERE sightings.lists_seen_at < excluded.lists_seen_at",
                (connection, _text(seen_at)),
            )

    def lines_of(self, customer: str) -> Sequence[ReportLine]:
        """As `ReportChange.lines_of`."""
        return self.pages.lines_of(customer)

    def number_of(self, connection: str, list_id: ListId) -> int:
        """As `ReportChange.number_of`."""
        key = (connection, storable(list_id))
        self.database.execute(
            "INSERT INTO lists (number, connection, list_id)"
            " VALUES ((SELECT coalesce(max(number), 0) + 1 FROM lists), ?, ?)"
            " ON CONFLICT (connection, list_id) DO NOTHING",
            key,
        )
        (number,) = self.database.execute(
            "SELECT number FROM lists WHERE connection = ? AND list_id = ?", key
        ).fetchone()
        return int(number)

    def forgotten(self) -> frozenset[str]:
        """As `ReportChange.forgotten`."""
        return frozenset(row[0] for row in self.database.execute("SELECT customer FROM forgotten"))

    def add_report(self, report: KnownReport, content: bytes, campaigns: Iterable[tuple[str, ...]]) -> int:
        """As `ReportChange.add_report`."""
        found = self.database.execute("SELECT coalesce(max(number), 0) + 1 FROM imports").fetchone()
        number = int(found[0])
        self.database.execute(
            "INSERT INTO imports (number, list, identifier, first, last, file, content, rows, made_at, imported_at,"
            " approximate) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                report.list_number,
                report.identifier.value,
                report.days.first.isoformat(),
                report.days.last.isoformat(),
                storable(report.file),
                content,
                report.rows,
                _text(report.made_at),
                _text(report.imported_at),
                int(report.approximate),
            ),
        )
        self.database.executemany(
            "INSERT INTO campaigns (import, number, id, name, locale, variation) VALUES (?, ?, ?, ?, ?, ?)",
            ((number, at, *map(storable, campaign)) for at, campaign in enumerate(campaigns)),
        )
        return number

    def add_lines(self, fresh: Iterable[tuple[int, str]], *, list_number: int) -> int:
        """As `ReportChange.add_lines`."""
        return self.pages.add(fresh, list_number=list_number)

    def forget(self, customer: str, at: datetime) -> int:
        """As `ReportChange.forget`."""
        self.database.execute(
            "INSERT INTO forgotten (customer, at) VALUES (?, ?) ON CONFLICT (customer) DO NOTHING",
            (customer, at.isoformat()),
        )
        return self.pages.remove(customer)

    def imported_before(self, content: bytes, *, list_number: int, identifier: Identifier) -> list[datetime]:
        """As `ReportChange.imported_before`."""
        found = self.database.execute(
            "SELECT imported_at FROM imports WHERE content = ? AND list = ? AND identifier = ? AND rows > 0",
            (content, list_number, identifier.value),
        )
        return [datetime.fromisoformat(row[0]) for row in found]


@attrs.frozen
class CatalogueSnapshot:
    """A `ReportSnapshot` within one transaction."""

    database: Statements
    pages: ReportPages
    key: HashKey
    generation: int

    def catalogue(self) -> Catalogue:
        """As `ReportSnapshot.catalogue`."""
        return read_catalogue(self.database, self.generation)

    def lines_of(self, customer: str) -> Sequence[ReportLine]:
        """As `ReportSnapshot.lines_of`."""
        return self.pages.lines_of(customer)

    def lines_with(self, code: str) -> Sequence[ReportLine]:
        """As `ReportSnapshot.lines_with`."""
        return self.pages.lines_with(code)

    def lines_from(self, place: int) -> tuple[Sequence[ReportLine], int | None]:
        """As `ReportSnapshot.lines_from`."""
        return self.pages.lines_from(place)

    def campaign(self, line: ReportLine) -> tuple[str, str, str, str]:
        """As `ReportSnapshot.campaign`."""
        if not line.campaign:
            return ("", "", "", "")
        campaign_id, name, locale, variation = self.database.execute(
            "SELECT id, name, locale, variation FROM campaigns WHERE import = ? AND number = ?",
            (line.import_number, int(line.campaign)),
        ).fetchone()
        return campaign_id, name, locale, variation

    def is_forgotten(self, customer: str) -> bool:
        """As `ReportSnapshot.is_forgotten`."""
        found = self.database.execute("SELECT 1 FROM forgotten WHERE customer = ?", (customer,))
        return found.fetchone() is not None


def read_catalogue(database: Statements, generation: int) -> Catalogue:
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
