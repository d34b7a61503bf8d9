"""DuckDB within this process, which reads the files of both sides, runs what it is told, and writes files.

Its memory is bounded; what does not fit goes to the folder that it is given. Its own texts quote lines of files: of them
only the number of a line is kept.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from couponhub.codes.duckdb_calls import called, connected
from couponhub.errors import LocalError, UsageError
from couponhub.intake.kinds import PARQUET

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")

_LINE = re.compile(r"\bLine: (\d+)")
TEXT = "VARCHAR"
_LONGEST_HEADER = 1 << 16
_ROW_GROUP = 20_480
"""Rows that are held before they are written: of codes at their longest still some megabytes."""


class EmbeddedDatabase:
    """One DuckDB, in memory. Of one thread.

    Args:
        memory_bytes: What it may use; a few tens of megabytes more are used beside it.
        threads: At work at once.
        folder: Private, for what does not fit.

    Raises:
        UsageError: It is not installed.
    """

    def __init__(self, memory_bytes: int, threads: int, folder: Path) -> None:
        try:
            import duckdb  # noqa: F401, PLC0415 - an extra, and few want it
            import ibis  # noqa: F401, PLC0415 - the same
        except ImportError:
            raise UsageError(
                "joins of code sets need Ibis and DuckDB, which are not installed",
                hint="pip install 'couponhub[sets]'",
            ) from None
        self._folder = folder
        self._memory_bytes = memory_bytes
        self._functions: set[str] = set()
        self._paths: set[Path] = set()
        self._connection = connected(
            {
                "memory_limit": f"{memory_bytes}B",
                "threads": str(threads),
                "temp_directory": str(folder),
                "preserve_insertion_order": "false",  # an order that is wanted is said; to keep another takes memory
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it; what it had is gone."""
        self._connection.close()

    def add_function(self, name: str, function: Callable[[Sequence[str]], Sequence[str]]) -> None:
        """Give it a function of texts, which is called with many of them at once and keeps their order; one of that name ends."""
        import pyarrow as pa  # noqa: PLC0415 - comes with Ibis
        from duckdb.func import PythonUDFType  # noqa: PLC0415 - an extra

        def call(texts: Any) -> Any:
            return pa.array(function(texts.to_pylist()), pa.string())

        if name in self._functions:
            self._connection.remove_function(name)
        self._functions.add(name)
        self._connection.create_function(name, call, [TEXT], TEXT, type=PythonUDFType.ARROW)

    def name(self, name: str, path: Path) -> Mapping[str, str]:
        """Give a file, CSV or Parquet, the name of a table, in place of one of that name; return the kinds of its columns.

        Raises:
            LocalError: It cannot be read.
            UsageError: It is of neither form.
        """
        try:
            with path.open("rb") as file:
                is_parquet = file.read(len(PARQUET)) == PARQUET
        except OSError as error:
            raise LocalError(f"{path} cannot be read: {error.strerror}") from None
        self._paths.add(path)

        def name_it() -> Mapping[str, str]:
            table = self._parquet(path) if is_parquet else self._csv(path)
            table.create_view(name, replace=True)
            return dict(zip(table.columns, map(str, table.types), strict=True))

        return self._done(str(path), name_it)

    def name_parts(self, name: str, paths: Sequence[Path]) -> None:
        """Give files of Parquet of the same columns, taken as one, the name of a table, in place of one of that name."""
        self._paths.update(paths)
        files = [str(path) for path in paths]
        self._done(
            "a file",
            lambda: self._connection.read_parquet(files, hive_partitioning=False).create_view(
                name, replace=True
            ),
        )

    def write(self, expression: Any, target: Path) -> None:
        """Write what an expression of Ibis gives to a file, Parquet or, where its name ends so, CSV."""

        def write() -> None:
            found = self._result(expression)
            if target.suffix == ".csv":
                found.write_csv(str(target))
            else:
                found.write_parquet(str(target), row_group_size=_ROW_GROUP)

        self._done("a file", write)

    def row(self, expression: Any) -> Mapping[str, Any]:
        """Return the one row that an expression of Ibis gives, by the names of its columns."""

        def fetch() -> Mapping[str, Any]:
            found = self._result(expression)
            (row,) = found.fetchall()
            return dict(zip(found.columns, row, strict=True))

        return self._done("a file", fetch)

    def _result(self, expression: Any) -> "duckdb.DuckDBPyRelation":
        import ibis  # noqa: PLC0415 - an extra

        return self._connection.sql(str(ibis.to_sql(expression, dialect="duckdb")))

    def _parquet(self, path: Path) -> "duckdb.DuckDBPyRelation":
        return self._connection.read_parquet(str(path), hive_partitioning=False)

    def _csv(self, path: Path) -> "duckdb.DuckDBPyRelation":
        names = _header(path)
        return self._connection.read_csv(
            str(path),
            auto_detect=False,
            header=True,
            columns=dict.fromkeys(names, TEXT),
            delimiter=",",
            quotechar='"',
            escapechar='"',
            na_values=[""],
            hive_partitioning=False,
        )

    def _done(self, what: str, call: Callable[[], T]) -> T:
        import duckdb  # noqa: PLC0415 - an extra

        fault: LocalError | UsageError
        try:
            return called(call)
        except duckdb.OutOfMemoryException:
            fault = LocalError(
                f"joining needs more than {self._memory_bytes:,} bytes of memory, or more room in {self._folder}",
                hint="make room on that disk",
            )
        except (duckdb.IOException, OSError) as error:
            fault = LocalError(
                f"joining failed: {what} or {self._folder} cannot be read or written ({type(error).__name__})",
                hint="look at the disk: it may be full",
            )
        except duckdb.Error as error:
            text = str(error)
            name = next((str(path) for path in self._paths if f"file = {path}\n" in text), what)
            line = _LINE.search(text)
            where = f", on line {line[1]}" if line else ""
            fault = UsageError(
                f"{name} cannot be read{where}: neither CSV with commas, in UTF-8, nor Parquet, or damaged",
                hint="write it anew",
            )
        raise fault  # outside of the handlers: what would be chained quotes lines


def _header(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            names = next(csv.reader([file.readline(_LONGEST_HEADER).decode("utf-8-sig")]), [])
    except (UnicodeDecodeError, csv.Error):
        names = []
    if len(set(names)) != len(names) or not all(names):
        names = []
    if not names:
        raise UsageError(
            f"{path} does not begin with the names of its columns",
            hint="joins take Parquet, or CSV with commas and a header, in UTF-8",
        )
    return names
