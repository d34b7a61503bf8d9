"""The tables of the state in PostgreSQL, by the part that people know them as, and how large they are."""

from collections.abc import Mapping
from typing import Any

from couponhub.state.sql.database import Statements

LEDGER, FILES, REPORTS, QUOTAS = "ledger", "files", "usage index", "quotas"
"""The parts whose tables there are."""

_TABLES: Mapping[str, frozenset[str]] = {
    FILES: frozenset({"files", "file_chunks", "files_gone", "file_home", "file_erasures"}),
    REPORTS: frozenset({"state", "lists", "sightings", "imports", "campaigns", "pages", "forgotten"}),
    QUOTAS: frozenset({"budgets"}),
}
"""All others are the ledger's."""


def part_of(table: str) -> str:
    """Return the part that a table belongs to."""
    return next((part for part, tables in _TABLES.items() if table in tables), LEDGER)


def sizes(database: Statements) -> Mapping[str, int]:
    """Return the bytes that each part takes on the server's disk, indexes included; of none where there is no store."""
    found: dict[str, int] = {}
    for row in database.execute(
        "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace ="
        " to_regnamespace('couponhub')"
    ):
        found[part_of(row[0])] = found.get(part_of(row[0]), 0) + int(row[1])
    return found


def names(database: Statements) -> tuple[str, ...]:
    """Return all tables of ours."""
    rows: list[Any] = database.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = to_regnamespace('couponhub')"
        " ORDER BY relname"
    ).fetchall()
    return tuple(row[0] for row in rows)
