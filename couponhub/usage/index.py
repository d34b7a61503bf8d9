"""The usage index: who was given which code, as imported reports say, and which days of which lists they cover."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import attrs

from couponhub.clock import utc_now
from couponhub.models import (
    CouponList,
    Customer,
    ForgottenRows,
    ReportColumn,
    ReportedRow,
)
from couponhub.state import ReportChange, ReportIndex, ReportSnapshot
from couponhub.state.hashing import HashKey
from couponhub.state.report_lines import ReportLine
from couponhub.state.reports import NO_CATALOGUE, Catalogue, KnownList, KnownReport
from couponhub.usage.cells import same_customer

_CAMPAIGN = (
    ReportColumn.CAMPAIGN_ID.value,
    ReportColumn.CAMPAIGN_NAME.value,
    ReportColumn.LOCALE.value,
    ReportColumn.VARIATION.value,
)


@attrs.frozen(kw_only=True)
class IssuedCode:
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
class CustomerCodes:
    """The codes of a customer, as the index knows them.

    Attributes:
        issued: Each code of each list once.
        forgotten: True when rows of theirs were removed, so that absence proves nothing.
    """

    catalogue: Catalogue
    issued: Sequence[IssuedCode]
    forgotten: bool


class UsageIndex:
    """Reads and changes the index. Thread-safe, and safe with other processes: what one has written the others read.

    Nothing is opened before the first use, and reading makes no file. Methods raise LocalError when this machine
    fails.

    Args:
        stored: Where it is kept.
    """

    def __init__(self, stored: ReportIndex) -> None:
        self.stored = stored
        self._catalogue = NO_CATALOGUE

    def catalogue(self) -> Catalogue:
        """Return which lists and reports it knows; nothing when there is no index."""
        with self.stored.reading() as found:
            return NO_CATALOGUE if found is None else self._current(found)

    def codes_of(self, customer: Customer) -> CustomerCodes:
        """Return what it knows of a customer, at every connection."""
        with self.stored.reading() as found:
            if found is None:
                return CustomerCodes(catalogue=NO_CATALOGUE, issued=(), forgotten=False)
            digest = digest_of(customer, found.key)
            catalogue = self._current(found)
            return CustomerCodes(
                catalogue=catalogue,
                issued=[_issued(found, catalogue, line) for line in found.lines_of(digest)],
                forgotten=found.is_forgotten(digest),
            )

    def explain(self, sought: Customer | str) -> tuple[ReportedRow, ...]:
        """Return the rows about a customer, or with a code, and which import each came from; newest import first.

        Of a row that several reports hold it is the first that was imported. A code is looked for in every row,
        which takes a second or two for each 10 million.
        """
        with self.stored.reading() as found:
            if found is None:
                return ()
            catalogue = self._current(found)
            lines = (
                found.lines_with(sought)
                if isinstance(sought, str)
                else found.lines_of(digest_of(sought, found.key))
            )
            rows = [_issued(found, catalogue, line) for line in lines]
        rows.sort(key=lambda row: (-row.report.number, row.row))
        return tuple(map(_reported, rows))

    def forget(self, customers: Iterable[Customer]) -> ForgottenRows:
        """Remove all rows of these customers, and keep their hashes, so that no later import brings them back.

        Other processes notice at their next read. What was forgotten cannot prove absence any more.
        """
        count = rows = 0
        with self.stored.changing() as change:
            key, now = self.stored.key(), utc_now()
            for customer in customers:
                count += 1
                rows += change.forget(digest_of(customer, key), now)
        return ForgottenRows(customers=count, rows=rows)

    def remember_lists(self, connection: str, lists: Iterable[CouponList], seen_at: datetime) -> None:
        """Write down all lists that the vendor showed at that moment; those it no longer shows stay known."""
        with self.changing() as change:
            change.see(connection, lists, seen_at)

    def changing(self) -> AbstractContextManager[ReportChange]:
        """Change the index: all of the block or nothing."""
        return self.stored.changing()

    def _current(self, found: ReportSnapshot) -> Catalogue:
        known = self._catalogue
        if known.generation != found.generation:
            known = self._catalogue = found.catalogue()
        return known


def digest_of(customer: Customer, key: HashKey) -> str:
    """Return the hash of a customer, the same for all spellings of the identifier."""
    kind = customer.identifier
    return key.of_all([same_customer(kind, customer.plain)], kind)[0]


def _issued(found: ReportSnapshot, catalogue: Catalogue, line: ReportLine) -> IssuedCode:
    moment = datetime.fromisoformat(line.moment).astimezone(UTC) if line.moment else None
    told = found.campaign(line) if line.campaign else ()
    return IssuedCode(
        known=catalogue.lists[line.list_number],
        report=catalogue.reports[line.import_number],
        code=line.code,
        issued_at=moment,
        row=line.row,
        properties={word: text for word, text in zip(_CAMPAIGN, told, strict=False) if text},
    )


def _reported(issued: IssuedCode) -> ReportedRow:
    return ReportedRow(
        connection=issued.known.connection,
        list_id=issued.known.list_id,
        list_name=issued.known.name,
        code=issued.code,
        issued_at=issued.issued_at,
        properties=issued.properties,
        file=issued.report.file,
        days=issued.report.days,
        imported_at=issued.report.imported_at,
        row=issued.row,
    )
