"""Pages of report lines in a table of a database: each page is one row of it."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

from couponhub.state.report_lines import ReportLine, coupon_of, page_of, read_line
from couponhub.state.sql.database import Statements, Values

_AT_ONCE = 10_000
"""Lines that are read before others have their turn."""


class ReportPages(ABC):
    """The pages, within one transaction of the database, which a subclass knows.

    Args:
        database: Runs statements in it.
    """

    _containing: ClassVar[str]
    """The query for the lines of all pages that hold a text, by number."""

    def __init__(self, database: Statements) -> None:
        self.database = database

    @abstractmethod
    def add(self, fresh: Iterable[tuple[int, str]], *, list_number: int) -> int:
        """As `ReportChange.add_lines`."""

    @abstractmethod
    def _streamed(self, sql: str, values: Values) -> Iterable[Any]:
        """Give the rows of a query as they are read, for they may be more than memory holds."""

    def lines_of(self, customer: str) -> list[ReportLine]:
        """Return all lines of a customer, oldest import first, each code of a list once."""
        found = self._page(page_of(customer))
        if found is None:
            return []
        lines = [read_line(text) for text in found.split("\n") if text.startswith(customer)]
        lines.sort(key=lambda line: (line.import_number, line.row))
        return list({(line.list_number, line.code): line for line in reversed(lines)}.values())[::-1]

    def lines_with(self, code: str) -> list[ReportLine]:
        """Return all lines with a code, whoever has it. Reads through everything: a second or two for 10 million rows."""
        within = f"\t{code}\t"
        pages = self._streamed(self._containing, (within,))
        lines = [read_line(text) for page in pages for text in page[0].split("\n") if within in text]
        return [line for line in lines if line.code == code]

    def lines_from(self, page: int) -> tuple[list[ReportLine], int | None]:
        """Return the lines of some pages from that one on, and the page behind them; None when there are no more."""
        lines: list[ReportLine] = []
        every = "SELECT number, lines FROM pages WHERE number >= ? ORDER BY number"
        for number, text in self._streamed(every, (page,)):
            if len(lines) >= _AT_ONCE:
                return lines, number
            lines += [read_line(line) for line in text.split("\n") if line]
        return lines, None

    def remove(self, customer: str) -> int:
        """Remove all lines of a customer; return how many there were."""
        page = page_of(customer)
        found = self._page(page)
        if found is None:
            return 0
        lines = found.split("\n")
        kept = [line for line in lines if not line.startswith(customer)]
        if len(kept) == len(lines):
            return 0
        if any(kept):
            self.database.execute("UPDATE pages SET lines = ? WHERE number = ?", ("\n".join(kept), page))
        else:
            self.database.execute("DELETE FROM pages WHERE number = ?", (page,))
        return len(lines) - len(kept)

    def _is_empty(self) -> bool:
        return self.database.execute("SELECT 1 FROM pages LIMIT 1").fetchone() is None

    def _page(self, page: int) -> str | None:
        found = self.database.execute("SELECT lines FROM pages WHERE number = ?", (page,)).fetchone()
        return None if found is None else str(found[0])


def unknown_of(lines: str, page: str | None, list_number: int) -> str:
    """Return those of some lines whose codes the page does not hold for the customer and the list.

    Args:
        lines: Of a list, one page's.
        page: What the page holds; None where there is none.
        list_number: That of the list.
    """
    if page is None:
        return lines
    ours = f"\t{list_number}"
    known = {coupon_of(text) for text in page.split("\n") if text.rpartition("\t")[0].endswith(ours)}
    if not known:
        return lines
    return "".join(f"{line}\n" for line in lines.split("\n")[:-1] if coupon_of(line) not in known)
