"""How rows lie in the index: as lines of text, many to a page, pages by the beginning of the customer's hash.

A page is one row of SQLite. Rows of their own would cost an import three times as much, and a lookup no less:
all that one customer was given lies on one page.

A line is `hash TAB code TAB moment TAB campaign TAB row TAB list TAB import`.
"""

import sqlite3
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

import attrs

from couponhub.usage.key import DIGEST_CHARS

_PAGE_BITS = 18
"""Of the hash, which makes 262,144 pages: 10 million rows lie 38 to a page, 200 million 760."""
_SPARE_BITS = 2  # of the five hexadecimal digits that hold them
_CODE_AT = DIGEST_CHARS + 1


@attrs.frozen
class Line:
    """One row of a report, as it lies on a page.

    Attributes:
        customer: The hash.
        moment: When the code was given out, ISO 8601 with its offset; "" when the report does not say.
        campaign: Its number within the import; "" when there is none.
        row: Its number within the report, from 1.
        list_number: The list's number in the index.
        import_number: The import's.
    """

    customer: str
    code: str
    moment: str
    campaign: str
    row: int
    list_number: int
    import_number: int


def lines_of(database: sqlite3.Connection, customer: str) -> list[Line]:
    """All lines of a customer, oldest import first, each code of a list once."""
    found = database.execute("SELECT lines FROM pages WHERE number = ?", (_page(customer),)).fetchone()
    if found is None:
        return []
    lines = [_read(text) for text in found[0].split("\n") if text.startswith(customer)]
    lines.sort(key=lambda line: (line.import_number, line.row))
    return list({(line.list_number, line.code): line for line in reversed(lines)}.values())[::-1]


def lines_with(database: sqlite3.Connection, code: str) -> list[Line]:
    """All lines with a code, whoever has it. Reads through everything: a second or two for 10 million rows."""
    within = f"\t{code}\t"
    pages = database.execute("SELECT lines FROM pages WHERE instr(lines, ?) ORDER BY number", (within,))
    lines = [_read(text) for page in pages for text in page[0].split("\n") if within in text]
    return [line for line in lines if line.code == code]


def in_pages(lines: list[str]) -> Iterator[list[str]]:
    """The same lines, sorted, as those of one page after the other."""
    lines.sort()
    begin, count = 0, len(lines)
    while begin < count:
        following = _page(lines[begin]) + 1
        end = (
            count if following >> _PAGE_BITS else bisect_left(lines, f"{following << _SPARE_BITS:05x}", begin)
        )
        yield lines[begin:end]
        begin = end


def add(
    database: sqlite3.Connection,
    fresh: Iterable[Sequence[str]],
    *,
    list_number: int,
    import_number: int,
) -> int:
    """Add lines without their last two cells, page by page, but for codes that a customer is known to have of the list.

    Answers how many were added.
    """
    ending = f"\t{list_number}\t{import_number}\n"
    is_empty = database.execute("SELECT 1 FROM pages LIMIT 1").fetchone() is None
    added = 0

    def rows() -> Iterator[tuple[int, str]]:
        nonlocal added
        for lines in fresh:
            page = _page(lines[0])
            unknown = lines if is_empty else _unknown(database, page, lines, list_number)
            if unknown:
                added += len(unknown)
                yield page, ending.join([*unknown, ""])

    database.executemany(
        "INSERT INTO pages (number, lines) VALUES (?, ?)"
        " ON CONFLICT (number) DO UPDATE SET lines = lines || excluded.lines",
        rows(),
    )
    return added


def remove(database: sqlite3.Connection, customer: str) -> int:
    """Remove all lines of a customer; answers how many there were."""
    page = _page(customer)
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


def customer_of(line: str) -> str:
    """The hash that a line begins with."""
    return line[:DIGEST_CHARS]


def _unknown(
    database: sqlite3.Connection, page: int, lines: Sequence[str], list_number: int
) -> Sequence[str]:
    found = database.execute("SELECT lines FROM pages WHERE number = ?", (page,)).fetchone()
    if found is None:
        return lines
    ours = f"\t{list_number}"
    known = {_coupon(text) for text in found[0].split("\n") if text.rpartition("\t")[0].endswith(ours)}
    return [line for line in lines if _coupon(line) not in known]


def _coupon(line: str) -> str:
    """Customer and code."""
    return line[: line.index("\t", _CODE_AT)]


def _page(customer: str) -> int:
    return int(customer[:5], 16) >> _SPARE_BITS


def _read(text: str) -> Line:
    customer, code, moment, campaign, row, list_number, import_number = text.split("\t")
    return Line(customer, code, moment, campaign, int(row), int(list_number), int(import_number))
