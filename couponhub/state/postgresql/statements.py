"""Statements of the subset that both dialects share, as psycopg takes them."""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import attrs

from couponhub.state.sql.database import Values

if TYPE_CHECKING:
    from psycopg import Cursor

    from couponhub.state.postgresql.bounded import BoundedConnection

_MARKS = re.compile(r"'(?:[^']|'')*'|\?|(?<!:):([a-z_]+)|%")
_COMPARED = re.compile(r" IS( NOT)? %(?=[s(])")


@lru_cache(maxsize=256)
def translated(sql: str) -> str:
    """Return a statement with the placeholders of psycopg, and PostgreSQL's words for what SQLite calls otherwise."""
    text = _MARKS.sub(_mark, sql)
    return _COMPARED.sub(lambda found: " IS DISTINCT FROM %" if found[1] else " IS NOT DISTINCT FROM %", text)


def _mark(found: re.Match[str]) -> str:
    text = found[0]
    if text == "?":
        return "%s"
    if text.startswith(":"):
        return f"%({found[1]})s"
    return text.replace("%", "%%")


class NamedRow(tuple[Any, ...]):
    """A row by place or by name."""

    __slots__ = ()
    places: Mapping[str, int] = {}

    def __getitem__(self, key: Any) -> Any:
        return tuple.__getitem__(self, self.places[key] if isinstance(key, str) else key)


def named_rows(cursor: "Cursor[Any]") -> Callable[[Sequence[Any]], NamedRow]:
    """Make rows of a cursor's, as psycopg asks for them."""
    places = {column.name: place for place, column in enumerate(cursor.description or ())}
    return type("Row", (NamedRow,), {"places": places, "__slots__": ()})


@attrs.frozen
class PostgresqlStatements:
    """`Statements` on a connection of psycopg, which may also be used itself for what is PostgreSQL's own."""

    connection: "BoundedConnection"

    def take_long(self) -> None:
        """Let the statements of this transaction wait and work for as long as they need."""
        self.connection.execute(
            "SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true),"
            " set_config('idle_in_transaction_session_timeout', '0', true)"
        )
        self.connection.answer_seconds = math.inf  # the next user of the connection sets it anew

    def execute(self, sql: str, values: Values = (), /) -> "Cursor[Any]":
        """As `Statements.execute`."""
        try:
            return self.connection.execute(translated(sql), values or None)
        except Exception as error:
            # Found before anything was sent, so that nothing is half done.
            if getattr(error, "sqlstate", "") is not None or "NUL" not in str(error):
                raise
        return self.connection.execute(translated(sql), _without_nul(values))

    def executemany(self, sql: str, values: Iterable[Values], /) -> "Cursor[Any]":
        """As `Statements.executemany`."""
        cursor = self.connection.cursor()
        cursor.executemany(translated(sql), map(_without_nul, values))
        return cursor


def _without_nul(values: Values) -> Values:
    """Return values with another character for NUL, which no text of PostgreSQL holds: it is in no id, and in no name."""
    if isinstance(values, Mapping):
        return {name: _storable(value) for name, value in values.items()}
    return [_storable(value) for value in values]


def _storable(value: Any) -> Any:
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value
