"""The small tables of the usage index: which lists are known, and which reports were imported."""

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType

import attrs

from couponhub.models import CouponList, DaySpan, Identifier, ListId
from couponhub.shown import encodable
from couponhub.usage.coverage import KnownList, KnownReport


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
        """The lists of a connection."""
        return [known for known in self.lists.values() if known.connection == connection]

    def seeing(self, connection: str, lists: Iterable[CouponList], seen_at: datetime | None) -> "Catalogue":
        """The same after the vendor has shown these lists, without a change of the index."""
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
        """The reports of a list whose customers were read as that identifier, oldest import first."""
        return [
            report
            for report in self.reports.values()
            if report.list_number == known.number and report.identifier is identifier
        ]


NOTHING = Catalogue(-1)
"""Of an index that is not there."""


class Change:
    """What may be changed within one transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database

    def catalogue(self) -> Catalogue:
        """As it stands within the transaction."""
        return read_catalogue(self.database, -1)

    def see(self, connection: str, lists: Iterable[CouponList], seen_at: datetime | None) -> None:
        """Write down lists that the vendor showed; all that it has, if that moment is given."""
        self.database.executemany(
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
            self.database.execute(
                "INSERT INTO sightings (connection, lists_seen_at) VALUES (?, ?) ON CONFLICT (connection)"
                " DO UPDATE SET lists_seen_at = max(lists_seen_at, excluded.lists_seen_at)",
                (connection, _text(seen_at)),
            )

    def number_of(self, connection: str, list_id: ListId) -> int:
        """The number of a list, which is made known if it is not."""
        self.database.execute(
            "INSERT OR IGNORE INTO lists (connection, list_id) VALUES (?, ?)", (connection, list_id)
        )
        (number,) = self.database.execute(
            "SELECT number FROM lists WHERE connection = ? AND list_id = ?", (connection, list_id)
        ).fetchone()
        return int(number)

    def forgotten(self) -> frozenset[str]:
        """The hashes of customers who are to be forgotten."""
        return frozenset(row[0] for row in self.database.execute("SELECT customer FROM forgotten"))

    def add_report(self, report: KnownReport, content: bytes, campaigns: Iterable[tuple[str, ...]]) -> int:
        """Write down an import; answers its number, whatever that of `report` is."""
        cursor = self.database.execute(
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
        self.database.executemany(
            "INSERT INTO campaigns (import, number, id, name, locale, variation) VALUES (?, ?, ?, ?, ?, ?)",
            ((number, at, *campaign) for at, campaign in enumerate(campaigns)),
        )
        return number

    def imported_before(self, content: bytes, *, list_number: int, identifier: Identifier) -> list[datetime]:
        """When the very same content, with rows, was imported of that list, its customers read as that identifier."""
        found = self.database.execute(
            "SELECT imported_at FROM imports WHERE content = ? AND list = ? AND identifier = ? AND rows > 0",
            (content, list_number, identifier.value),
        )
        return [datetime.fromisoformat(row[0]) for row in found]


def read_catalogue(database: sqlite3.Connection, generation: int) -> Catalogue:
    """Read them."""
    lists = {
        number: KnownList(
            number=number,
            connection=connection,
            list_id=ListId(list_id),
            name=name,
            label=label,
            created_at=moment_of(created_at),
            expires_at=moment_of(expires_at),
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


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return other if one is None else one if other is None else min(one, other)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def moment_of(text: str | None) -> datetime | None:
    """The moment that a text tells, in UTC."""
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
