"""Files of customers, and how they are told from exports."""

import os
from collections.abc import Iterator

from couponhub.codes.words import CODE_WORDS
from couponhub.errors import UsageError
from couponhub.holdings.columns import IDENTIFIERS
from couponhub.holdings.tables import Table, TableSource, table_of
from couponhub.intake.workbook import NotText
from couponhub.models import Customer, Identifier

_HEADER = "its first row must name one column mobile, email, external_id or id"
_KNOWN = (*IDENTIFIERS, "code", "coupon_code")


def read_customers(source: TableSource) -> Iterator[Customer]:
    """Read a file of customers: of any kind that code files come in, with one column `mobile|email|external_id|id`.

    Other columns may stand beside it, but none of codes. Each row is given as it stands, those that repeat too. Rows are
    given as they are read, so that of faulty ones is told at the end: whoever may not begin with half of them reads the
    file through first.

    Args:
        source: A path, or an open file, which stays so.

    Raises:
        LocalError: It cannot be read.
        UsageError: It is no such file, or rows of it are faulty: ten of them are told by line.
    """
    with table_of(source, known=_KNOWN) as table:
        at = _column(table)
        kind = IDENTIFIERS[table.words[at]]
        for line, row in table.rows:
            try:
                customer = _customer(kind, row[at])
            except UsageError as error:
                table.faults.add(line, error.message)
                continue
            if not table.faults.count:
                yield customer
        table.faults.refuse()


def is_export(source: TableSource) -> bool:
    """Tell a table of codes from a file of customers: it has a column of codes. An open file is then where it was.

    Raises:
        LocalError: It cannot be read.
        UsageError: It is no table, or is open and cannot be read twice, as a pipe.
    """
    if isinstance(source, (str, os.PathLike)):
        with table_of(source, known=_KNOWN) as table:
            return _has_codes(table)
    if not (hasattr(source, "seekable") and source.seekable()):
        raise UsageError("a pipe cannot be looked at before it is read", hint="save it, and give the file")
    place = source.tell()
    try:
        with table_of(source, known=_KNOWN) as table:
            return _has_codes(table)
    finally:
        source.seek(place)


def _customer(kind: Identifier, cell: str) -> Customer:
    if isinstance(cell, NotText):
        raise UsageError(f"the {kind} is {cell}, where text is needed")
    customer = Customer(**{kind: cell.strip()})
    _ = customer.plain  # raises for what is none of its kind
    return customer


def _has_codes(table: Table) -> bool:
    return any(word in CODE_WORDS for word in table.words)


def _column(table: Table) -> int:
    if _has_codes(table):
        raise UsageError("the file has a column of codes: it is a table of codes, and no file of customers")
    found = [at for at, word in enumerate(table.words) if word in IDENTIFIERS]
    if len(found) != 1:
        what = f"names {len(found)} of them" if found else "names none"
        raise UsageError(f"the file of customers {what} in its first row", hint=_HEADER)
    return found[0]
