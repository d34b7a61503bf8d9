"""Pages of report lines in SQLite."""

from collections.abc import Iterable, Iterator
from typing import Any

from couponhub.state.sql.database import Values
from couponhub.state.sql.report_pages import ReportPages, unknown_of

_NEW_PAGE = "INSERT INTO pages (number, lines) VALUES (?, ?)"
_OR_LONGER = " ON CONFLICT (number) DO UPDATE SET lines = lines || excluded.lines"


class SqlitePages(ReportPages):
    """`ReportPages` within a transaction of SQLite."""

    _containing = "SELECT lines FROM pages WHERE instr(lines, ?) ORDER BY number"

    def add(self, fresh: Iterable[tuple[int, str]], *, list_number: int) -> int:
        """As `ReportPages.add`."""
        is_empty = self._is_empty()
        added = 0

        def rows() -> Iterator[tuple[int, str]]:
            nonlocal added
            for page, lines in fresh:
                unknown = lines if is_empty else unknown_of(lines, self._page(page), list_number)
                if unknown:
                    added += unknown.count("\n")
                    yield page, unknown

        # Of an index without pages each of them is new, and need not be looked for.
        self.database.executemany(_NEW_PAGE if is_empty else f"{_NEW_PAGE}{_OR_LONGER}", rows())
        return added

    def _streamed(self, sql: str, values: Values) -> Iterable[Any]:
        return self.database.execute(sql, values)
