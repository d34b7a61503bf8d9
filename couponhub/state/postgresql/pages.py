"""Pages of report lines in PostgreSQL: filled by COPY, and read through cursors where they may be many."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from couponhub.state.postgresql.statements import PostgresqlStatements, translated
from couponhub.state.sql.database import Values
from couponhub.state.sql.report_pages import ReportPages, unknown_of

_PAGES_AT_ONCE = 2_000
"""Pages that are compared with what is stored in one go: 76,000 lines of an import of 10 million."""
_ROWS_AT_ONCE = 64
_THROUGH_ALL_SECONDS = 65.0
"""For each answer while everything is read through: the server itself gives up before, and says so."""


class PostgresqlPages(ReportPages):
    """`ReportPages` within a transaction of PostgreSQL.

    Args:
        database: Runs statements in it.
    """

    _containing = "SELECT lines FROM pages WHERE strpos(lines, ?) > 0 ORDER BY number"

    def __init__(self, database: PostgresqlStatements) -> None:
        super().__init__(database)
        self._connection = database.connection

    def add(self, fresh: Iterable[tuple[int, str]], *, list_number: int) -> int:
        """As `ReportPages.add`."""
        if self._is_empty():
            return self._copied("pages", fresh)
        self._connection.execute("CREATE TEMPORARY TABLE fresh (number BIGINT, lines TEXT) ON COMMIT DROP")
        added = 0
        pages = iter(fresh)
        while some := list(islice(pages, _PAGES_AT_ONCE)):
            added += self._copied("fresh", self._unknown(some, list_number))
        self._connection.execute(
            "INSERT INTO pages (number, lines) SELECT number, lines FROM fresh"
            " ON CONFLICT (number) DO UPDATE SET lines = pages.lines || excluded.lines"
        )
        self._connection.execute("DROP TABLE fresh")
        return added

    def _unknown(self, some: list[tuple[int, str]], list_number: int) -> list[tuple[int, str]]:
        """Return some pages without what is stored of the list already."""
        stored = {
            row[0]: row[1]
            for row in self._connection.execute(
                "SELECT number, lines FROM pages WHERE number = ANY(%s) AND strpos(lines, %s) > 0",
                ([page for page, _ in some], f"\t{list_number}\t"),
            )
        }
        # Wholly before any is copied, while the connection takes no other statement.
        return [
            (page, unknown)
            for page, lines in some
            if (unknown := unknown_of(lines, stored.get(page), list_number))
        ]

    def _copied(self, table: str, pages: Iterable[tuple[int, str]]) -> int:
        """Copy pages into a table that has none of them; return how many lines that were."""
        from psycopg import sql  # noqa: PLC0415 - an extra

        count = 0
        # In binary, where no character of a code means anything.
        into = sql.SQL("COPY {} (number, lines) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(table))
        with self._connection.cursor() as cursor, cursor.copy(into) as copy:
            copy.set_types(["int8", "text"])
            for page, lines in pages:
                copy.write_row((page, lines))
                count += lines.count("\n")
        return count

    def _streamed(self, sql: str, values: Values) -> Iterable[Any]:
        # Readers have little time, those who change the index have more than this.
        self._connection.answer_seconds = max(self._connection.answer_seconds, _THROUGH_ALL_SECONDS)
        with self._connection.cursor("pages") as cursor:
            cursor.itersize = _ROWS_AT_ONCE
            cursor.execute(translated(sql).encode(), values)
            yield from cursor
