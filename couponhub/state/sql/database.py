"""The database as the parts of the state see it, whichever it is: statements in the subset that both dialects share.

Placeholders are SQLite's, `?` or `:name`. Tables that are read in the order of writing have a `rowid`. Texts hold no NUL.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Values = Sequence[Any] | Mapping[str, Any]


class Row(Protocol):
    """One row, by the names of its columns or by their places."""

    def __getitem__(self, key: str | int, /) -> Any: ...


class Result(Protocol):
    """The rows of a statement that was run, each of them given once."""

    @property
    def rowcount(self) -> int:
        """The number of rows that were changed."""
        ...

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """Return all further rows."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Statements(Protocol):
    """Runs statements within one transaction, for one thread."""

    def execute(self, sql: str, values: Values = (), /) -> Result:
        """Run a statement."""
        ...

    def executemany(self, sql: str, values: Iterable[Values], /) -> Result:
        """Run a statement once for each of many values."""
        ...


class Database(Protocol):
    """A database. Thread-safe, and safe with other processes, forked ones too.

    Nothing is touched before the first use. Methods raise LocalError, with one line, for whatever fails.
    """

    def transaction(self) -> AbstractContextManager[Statements]:
        """Write: all of the block or nothing, for good when the block has ended.

        Blocks must be short, never wait for a vendor, and are not nested.
        """
        ...

    def reading(self) -> AbstractContextManager[Statements]:
        """Read what is committed at one moment, also where nothing may be written. Blocks are not nested."""
        ...
