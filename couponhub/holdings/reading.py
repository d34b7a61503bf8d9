"""Reads tables of who holds which code, whoever wrote them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import attrs

from couponhub.codes.ruins import ruin_of
from couponhub.errors import UsageError
from couponhub.holdings.columns import TableForm, TableLayout, layout_of, names_of
from couponhub.holdings.rows import Holding
from couponhub.holdings.spool import HoldingSpool, ReadRow
from couponhub.holdings.tables import TableSource, table_of
from couponhub.holdings.times import read_time
from couponhub.intake.workbook import NotText
from couponhub.models import Customer, ExportForm, HoldingColumn, HoldingStatus, Identifier, ReportForm
from couponhub.models.base import NOTHING
from couponhub.models.damage import invisible_in
from couponhub.models.given import given_id, given_many, given_pairs, given_word


def read_holdings(
    source: TableSource,
    *,
    list_id: str | None = None,
    columns: Mapping[str, str] = NOTHING,
    identifier: Identifier | str | None = None,
    events: Mapping[str, str] = NOTHING,
    forms: Sequence[TableForm] = (),
) -> Iterator[Holding]:
    """Read who holds which code from a table, of any kind that code files come in, told apart by its header.

    Known are our own export of customers, whatever `forms` describes, and any table with a column `code` and one of
    `mobile`, `email`, `external_id`, `id`. Several rows about one code of one list and customer, as logs of events have
    them, become one: what was redeemed in any of them is redeemed; an event of a word that nobody knows leaves a code
    UNKNOWN, for it may have been used up. A code that a row gives to nobody has no customer.

    The whole table is read before this returns, in bounded memory: all of it is good, or nothing is given.

    Args:
        source: A path, or an open file, which stays so.
        list_id: The list that codes are of; with a table that names lists itself, only rows of this one are given.
        columns: Names of columns by kind, for tables that call them otherwise: `code`, `customer`, `list`, `event`,
            `event_at`, `issued_at`, `expires_at`. They come before every name that is known; "" says that there is none.
        identifier: Which identifier the customers' column holds, where its name does not say so or says it wrongly.
        events: Words of the events' column, and how a code stands after each, beside those that are known.
        forms: Of the vendors' own tables: `Connection.table_forms`.

    Returns:
        The holdings, of logs not always in the order of the table.

    Raises:
        LocalError: It cannot be read, or the disk is full.
        UsageError: It is no such table, or rows of it are faulty: ten of them are told by line.
    """
    wanted = None if list_id is None else given_id(list_id, "the list's id")
    named = {
        given_word(HoldingColumn, kind, "the kind of column"): name
        for kind, name in given_pairs(columns, "columns").items()
    }
    kind = None if identifier is None else given_word(Identifier, identifier, "identifier")
    meanings = {
        word.strip().casefold(): given_word(HoldingStatus, status, "what an event means")
        for word, status in given_pairs(events, "events").items()
    }
    described = tuple(given_many(forms, "forms", of=_form))
    with table_of(source, known=names_of(described, named)) as table:
        layout = layout_of(table.header, forms=described, columns=named, identifier=kind)
        if layout.events:
            layout = attrs.evolve(layout, events={**layout.events, **meanings})
        reader = _RowReader(layout, wanted)
        spool = HoldingSpool(fold=layout.is_log)
        try:
            for line, row in table.rows:
                try:
                    found = reader.read(line, row)
                except UsageError as error:
                    table.faults.add(line, error.message)
                    continue
                if found is not None and not table.faults.count:
                    spool.add(found)
            table.faults.refuse()
        except BaseException:
            spool.close()
            raise
    return spool.holdings()


def _form(value: object, what: str) -> TableForm:
    if isinstance(value, (ExportForm, ReportForm)):
        return value
    raise UsageError(f"{what} must be of tables, as of Connection.table_forms, not {type(value).__name__}")


@attrs.frozen
class _RowReader:
    """Reads rows of one table."""

    layout: TableLayout
    wanted: str | None

    def read(self, line: int, row: Sequence[str]) -> ReadRow | None:
        """Return a row as it was read; None for one of another list.

        Raises:
            UsageError: It is faulty; the text quotes nothing of it.
        """
        list_id = self._cell(row, HoldingColumn.LIST)
        if self.wanted is not None and list_id and list_id != self.wanted:
            return None
        status = self._status(row)
        customer = self._customer(row)
        issued_at = self._time(row, HoldingColumn.ISSUED_AT)
        if issued_at is None and status is HoldingStatus.ISSUED:
            issued_at = self._time(row, HoldingColumn.EVENT_AT)
        if customer is None and HoldingColumn.EVENT not in self.layout.places:
            status = HoldingStatus.UNKNOWN  # nothing says that it was given to anybody
        return ReadRow(
            line=line,
            code=self._code(row),
            kind=None if customer is None else customer.identifier,
            customer="" if customer is None else customer.value,
            status=status,
            issued_at=issued_at,
            expires_at=self._time(row, HoldingColumn.EXPIRES_AT),
            list_id=list_id or self.wanted,
        )

    def _cell(self, row: Sequence[str], kind: HoldingColumn) -> str:
        at = self.layout.places.get(kind)
        if at is None:
            return ""
        cell = row[at]
        if isinstance(cell, NotText):
            raise UsageError(f"the {kind} is {cell}, where text is needed")
        return cell.strip()

    def _code(self, row: Sequence[str]) -> str:
        code = self._cell(row, HoldingColumn.CODE)
        if not code:
            raise UsageError("it has no code")
        if (ruin := ruin_of(code)) is not None:
            raise UsageError(f"the code is {ruin}")
        if invisible_in(code) or not code.isprintable():
            raise UsageError("the code holds a character that nobody sees")
        return code

    def _customer(self, row: Sequence[str]) -> Customer | None:
        text = self._cell(row, HoldingColumn.CUSTOMER)
        if not text:
            return None
        customer = Customer(**{self.layout.identifier: text})
        _ = customer.plain  # raises for what is none of its kind
        return customer

    def _status(self, row: Sequence[str]) -> HoldingStatus:
        if HoldingColumn.EVENT not in self.layout.places:
            return HoldingStatus.ISSUED
        word = self._cell(row, HoldingColumn.EVENT).casefold()
        return self.layout.events.get(word, HoldingStatus.UNKNOWN)

    def _time(self, row: Sequence[str], kind: HoldingColumn) -> datetime | None:
        text = self._cell(row, kind)
        if not text:
            return None
        try:
            return read_time(
                text,
                self.layout.time_formats,
                self.layout.zone,
                is_end=kind is HoldingColumn.EXPIRES_AT,
            )
        except ValueError:
            raise UsageError(f"the {kind} is no time of a form that is known") from None
