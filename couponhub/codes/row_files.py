"""Rows as a file of their own, CSV or Parquet: whole or not at all, and private, since they may hold codes."""

import csv
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from couponhub.codes.duckdb_calls import called, connected
from couponhub.errors import LocalError, UsageError

SUFFIXES = (".csv", ".parquet")
TEXT, NUMBER, INSTANT = "VARCHAR", "BIGINT", "TIMESTAMPTZ"
"""The kinds of column, in the words of DuckDB."""


def check_target(path: str) -> Path:
    """Return where a file is to lie.

    Raises:
        UsageError: Its name says no form, or its form needs what is not installed.
    """
    target = Path(path)
    if target.suffix not in SUFFIXES:
        raise UsageError(
            f'"{path}" does not say which form is meant', hint=f"let it end in {' or '.join(SUFFIXES)}"
        )
    if target.suffix == ".parquet":
        _duckdb()
    return target


def write_rows(target: Path, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> int:
    """Write a file in the form that its name says; one that is there is replaced when the new one is whole.

    Args:
        target: Where it is to lie; mode 0600.
        columns: The kind of each column by its name, in their order.
        rows: Their values: texts, numbers, instants as RFC 3339 in UTC, and None.

    Returns:
        How many rows there were.

    Raises:
        LocalError: It cannot be written; what was there stays.
    """
    write = _write_csv if target.suffix == ".csv" else _write_parquet
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
            made = Path(folder) / "rows"
            count = write(made, columns, rows)
            made.chmod(0o600)
            os.replace(made, target)  # noqa: PTH105 - the same, and said as it is
    except OSError as error:
        raise LocalError(f"{target} cannot be written: {error.strerror or type(error).__name__}") from None
    return count


def _write_csv(made: Path, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> int:
    with _private(made, newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        count = 0
        for row in rows:
            count += 1
            writer.writerow(row)
        return count


def _write_parquet(made: Path, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> int:
    # By way of JSON lines, in which a text is exactly that text and None is not "".
    lines = made.with_suffix(".jsonl")
    with _private(lines) as file:
        count = 0
        for row in rows:
            count += 1
            json.dump(dict(zip(columns, row, strict=True)), file)
            file.write("\n")
    duckdb = _duckdb()
    try:
        with connected({}) as database:
            read = database.read_json(str(lines), format="newline_delimited", columns=dict(columns))
            called(lambda: read.write_parquet(str(made)))
    except duckdb.Error as error:
        raise OSError(None, f"DuckDB failed ({type(error).__name__})") from None  # its text may quote a code
    return count


@contextmanager
def _private(path: Path, newline: str | None = None) -> Iterator[IO[str]]:
    path.touch(mode=0o600, exist_ok=False)
    with path.open("w", encoding="utf-8", newline=newline, errors="backslashreplace") as file:
        yield file


def _duckdb() -> Any:
    try:
        import duckdb  # noqa: PLC0415 - an extra, and few want it
    except ImportError:
        raise UsageError(
            "Parquet needs DuckDB, which is not installed",
            hint="pip install 'couponhub[parquet]', or let the name end in .csv",
        ) from None
    return duckdb
