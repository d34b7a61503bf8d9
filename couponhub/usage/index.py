"""The usage index: who was given which code, as imported reports say, and which days of which lists they cover."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

import attrs

from couponhub.models import (
    CouponList,
    Customer,
    ForgottenRows,
    ReportColumn,
    ReportedRow,
)
from couponhub.models.base import utc_now
from couponhub.store import StoreSettings
from couponhub.usage import pages
from couponhub.usage.catalogue import NOTHING, Catalogue, Change, moment_of, read_catalogue
from couponhub.usage.coverage import KnownList, KnownReport
from couponhub.usage.database import IndexDatabase, OpenIndex

_CAMPAIGN = (
    ReportColumn.CAMPAIGN_ID.value,
    ReportColumn.CAMPAIGN_NAME.value,
    ReportColumn.LOCALE.value,
    ReportColumn.VARIATION.value,
)


@attrs.frozen(kw_only=True)
class Given:
    """One code that a customer was given, and the report that says so.

    Attributes:
        issued_at: None when the report does not say.
    """

    known: KnownList
    report: KnownReport
    code: str = attrs.field(repr=False)
    issued_at: datetime | None
    row: int
    properties: Mapping[str, str]


@attrs.frozen(kw_only=True)
class Holdings:
    """What the index knows of a customer.

    Attributes:
        given: Each code of each list once.
        forgotten: Whether rows of theirs were removed, so that absence proves nothing.
    """

    catalogue: Catalogue
    given: Sequence[Given]
    forgotten: bool


class UsageIndex:
    """Reads and changes the index. Thread-safe, and safe with other processes: what one has written the others read.

    Nothing is opened before the first use, and reading makes no file. Methods raise LocalError when this machine
    fails.

    Args:
        settings: Of the store, beside which it lies.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self.database = IndexDatabase(settings)
        self._catalogue = NOTHING

    def catalogue(self) -> Catalogue:
        """Which lists and reports it knows; nothing when there is no index."""
        with self.database.reading() as found:
            return NOTHING if found is None else self._current(found)

    def holdings(self, customer: Customer) -> Holdings:
        """What it knows of a customer, at every connection."""
        with self.database.reading() as found:
            if found is None:
                return Holdings(catalogue=NOTHING, given=(), forgotten=False)
            database, digest = found.database, found.key.of(customer)
            catalogue = self._current(found)
            return Holdings(
                catalogue=catalogue,
                given=[_given(database, catalogue, line) for line in pages.lines_of(database, digest)],
                forgotten=_is_forgotten(database, digest),
            )

    def explain(self, sought: Customer | str) -> tuple[ReportedRow, ...]:
        """The rows about a customer, or with a code, and which import each came from; newest import first.

        Of a row that several reports hold it is the first that was imported. A code is looked for in every row,
        which takes a second or two for each 10 million.
        """
        with self.database.reading() as found:
            if found is None:
                return ()
            database, catalogue = found.database, self._current(found)
            lines = (
                pages.lines_with(database, sought)
                if isinstance(sought, str)
                else pages.lines_of(database, found.key.of(sought))
            )
            rows = [_given(database, catalogue, line) for line in lines]
        rows.sort(key=lambda row: (-row.report.number, row.row))
        return tuple(map(_reported, rows))

    def forget(self, customers: Iterable[Customer]) -> ForgottenRows:
        """Remove all rows of these customers, and keep their hashes, so that no later import brings them back.

        Other processes notice at their next read. What was forgotten cannot prove absence any more.
        """
        count = rows = 0
        with self.database.writing() as database:
            key = self.database.key()
            for customer in customers:
                digest = key.of(customer)
                count += 1
                rows += pages.remove(database, digest)
                database.execute(
                    "INSERT OR IGNORE INTO forgotten (customer, at) VALUES (?, ?)",
                    (digest, utc_now().isoformat()),
                )
        return ForgottenRows(customers=count, rows=rows)

    def remember_lists(self, connection: str, lists: Iterable[CouponList], seen_at: datetime) -> None:
        """Write down all lists that the vendor showed at that moment; those it no longer shows stay known."""
        with self.changing() as change:
            change.see(connection, lists, seen_at)

    @contextmanager
    def changing(self) -> Iterator["Change"]:
        """Change the index: all of the block or nothing."""
        with self.database.writing() as database:
            yield Change(database)

    def close(self) -> None:
        """Close it; a later use opens it again."""
        self.database.close()

    def _current(self, found: OpenIndex) -> Catalogue:
        known = self._catalogue
        if known.generation != found.generation:
            known = self._catalogue = read_catalogue(found.database, found.generation)
        return known


def _given(database: sqlite3.Connection, catalogue: Catalogue, line: pages.Line) -> Given:
    return Given(
        known=catalogue.lists[line.list_number],
        report=catalogue.reports[line.import_number],
        code=line.code,
        issued_at=moment_of(line.moment or None),
        row=line.row,
        properties=_properties(database, line),
    )


def _properties(database: sqlite3.Connection, line: pages.Line) -> Mapping[str, str]:
    if not line.campaign:
        return {}
    row = database.execute(
        "SELECT id, name, locale, variation FROM campaigns WHERE import = ? AND number = ?",
        (line.import_number, int(line.campaign)),
    ).fetchone()
    return {word: told for word, told in zip(_CAMPAIGN, row, strict=True) if told}


def _reported(given: Given) -> ReportedRow:
    return ReportedRow(
        connection=given.known.connection,
        list_id=given.known.list_id,
        list_name=given.known.name,
        code=given.code,
        issued_at=given.issued_at,
        properties=given.properties,
        file=given.report.file,
        days=given.report.days,
        imported_at=given.report.imported_at,
        row=given.row,
    )


def _is_forgotten(database: sqlite3.Connection, digest: str) -> bool:
    return database.execute("SELECT 1 FROM forgotten WHERE customer = ?", (digest,)).fetchone() is not None
