"""Pages of report lines in SQLite: each is one row of one table."""

import sqlite3
from collections.abc import Iterable, Iterator

from couponhub.state.report_lines import ReportLine, coupon_of, page_of, read_line

_AT_ONCE = 10_000
"""Lines that are read before others have their turn."""

_NEW_PAGE = "INSERT INTO pages (number, lines) VALUES (?, ?)"
_OR_LONGER = " ON CONFLICT (number) DO UPDATE SET lines = lines || excluded.lines"


def lines_of(database: sqlite3.Connection, customer: str) -> list[ReportLine]:
    """Return all lines of a customer, oldest import first, each code of a list once."""
    found = database.execute("SELECT lines FROM pages WHERE number = ?", (page_of(customer),)).fetchone()
    if found is None:
        return []
    lines = [read_line(text) for text in found[0].split("\n") if text.startswith(customer)]
    lines.sort(key=lambda line: (line.import_number, line.row))
    return list({(line.list_number, line.code): line for line in reversed(lines)}.values())[::-1]


def lines_with(database: sqlite3.Connection, code: str) -> list[ReportLine]:
    """Return all lines with a code, whoever has it. Reads through everything: a second or two for 10 million rows."""
    within = f"\t{code}\t"
    pages = database.execute("SELECT lines FROM pages WHERE instr(lines, ?) ORDER BY number", (within,))
    lines = [read_line(text) for page in pages for text in page[0].split("\n") if within in text]
    return [line for line in lines if line.code == code]


def lines_from(database: sqlite3.Connection, page: int) -> tuple[list[ReportLine], int | None]:
    """Return the lines of some pages from that one on, and the page behind them; None when there are no more."""
    lines: list[ReportLine] = []
    for number, text in database.execute(
        "SELECT number, lines FROM pages WHERE number >= ? ORDER BY number", (page,)
    ):
        if len(lines) >= _AT_ONCE:
            return lines, number
        lines += [read_line(line) for line in text.split("\n") if line]
    return lines, None


def add(
    database: sqlite3.Connection,
    fresh: Iterable[tuple[int, str]],
    *,
    list_number: int,
) -> int:
    """Add lines, page by page, but for codes that a customer is known to have of the list.

    Returns how many were added.
    """
    is_empty = database.execute("SELECT 1 FROM pages LIMIT 1").fetchone() is None
    added = 0

    def rows() -> Iterator[tuple[int, str]]:
        nonlocal added
        for page, lines in fresh:
            unknown = lines if is_empty else _unknown(database, page, lines, list_number)
            if unknown:
                added += unknown.count("\n")
                yield page, unknown

    # Of an index without pages each of them is new, and need not be looked for.
    database.executemany(_NEW_PAGE if is_empty else f"{_NEW_PAGE}{_OR_LONGER}", rows())
    return added


def remove(database: sqlite3.Connection, customer: str) -> int:
    """Remove all lines of a customer; return how many there were."""
    page = page_of(customer)
    found = database.execute("SELECT lines FROM pages WHERE number = ?", (page,)).fetchone()
    if found is None:
        return 0
    lines = found[0].split("\n")
    kept = [line for line in lines if not line.startswith(customer)]
    if any(kept):
        database.execute("UPDATE pages SET lines = ? WHERE number = ?", ("\n".join(kept), page))
    else:
        database.execute("DELETE FROM pages WHERE number = ?", (page,))
    return len(lines) - len(kept)


def _unknown(database: sqlite3.Connection, page: int, lines: str, list_number: int) -> str:
    found = database.execute("SELECT lines FROM pages WHERE number = ?", (page,)).fetchone()
    if found is None:
        return lines
    ours = f"\t{list_number}"
    known = {coupon_of(text) for text in found[0].split("\n") if text.rpartition("\t")[0].endswith(ours)}
    return "".join(f"{line}\n" for line in lines.split("\n")[:-1] if coupon_of(line) not in known)
