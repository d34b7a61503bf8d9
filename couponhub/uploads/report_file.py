"""The file of a report: a row for each row of a source, as CSV or Parquet."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import repeat
from pathlib import Path
from typing import IO, Any, Protocol

from couponhub.codes.new_file import new_file, require_new
from couponhub.errors import UsageError
from couponhub.uploads.row_outcomes import RowJudgement
from couponhub.uploads.row_walk import Stretch

SUFFIXES = (".csv", ".parquet")
COLUMNS = ("line", "code", "part", "outcome", "reason", "evidence")
_AT_ONCE = 50_000


class ReportWriter(Protocol):
    """Takes rows, in their order."""

    def write(self, rows: Stretch, judgement: RowJudgement) -> None:
        """Add rows that are alike."""
        ...


def check_report_target(path: Path) -> None:
    """Refuse a place where no report can be written, before anything is read.

    Raises:
        UsageError: Its name says no form, or its form needs what is not installed.
        LocalError: Something lies there.
    """
    if path.suffix not in SUFFIXES:
        raise UsageError(
            f'"{path}" does not say which form is meant', hint=f"let it end in {' or '.join(SUFFIXES)}"
        )
    require_new(path)
    if path.suffix == ".parquet":
        _arrow()


@contextmanager
def report_writer(path: Path) -> Iterator[ReportWriter]:
    """Give what writes a report, which lies there once the block has ended, and else not at all; see `new_file`.

    Raises:
        LocalError: It cannot be written.
    """
    with new_file(path) as file:
        if path.suffix == ".csv":
            text = io.TextIOWrapper(file, encoding="utf-8", newline="")
            yield _CsvWriter(text)
            text.detach()
            return
        writer = _ParquetWriter(file)
        try:
            yield writer
        except BaseException:
            writer.abandon()
            raise
        writer.close()


class _CsvWriter:
    def __init__(self, file: IO[str]) -> None:
        self._rows = csv.writer(file, lineterminator="\n")
        self._rows.writerow(COLUMNS)

    def write(self, rows: Stretch, judgement: RowJudgement) -> None:
        constants = map(repeat, (rows.part or None, *_told(judgement)))
        self._rows.writerows(zip(rows.lines, rows.codes, *constants, strict=False))


class _ParquetWriter:
    """Collects rows until they are worth a group; texts that come again and again are written once in each."""

    def __init__(self, file: IO[bytes]) -> None:
        self._arrow = arrow = _arrow()
        from pyarrow import parquet  # noqa: PLC0415 - an extra, and few want it

        word = arrow.dictionary(arrow.int32(), arrow.string())
        kinds = (arrow.int64(), arrow.string(), arrow.int32(), word, word, word)
        self._schema = arrow.schema(list(zip(COLUMNS, kinds, strict=True)))
        self._file = parquet.ParquetWriter(file, self._schema)
        self._columns: list[list[Any]] = [[] for _ in COLUMNS]

    def write(self, rows: Stretch, judgement: RowJudgement) -> None:
        count = len(rows.codes)
        constants = [[value] * count for value in (rows.part or None, *_told(judgement))]
        for column, values in zip(self._columns, (rows.lines, rows.codes, *constants), strict=True):
            column.extend(values)
        if len(self._columns[0]) >= _AT_ONCE:
            self._flush()

    def close(self) -> None:
        if self._columns[0]:
            self._flush()
        self._file.close()

    def abandon(self) -> None:
        """End it as it is: the library does so sooner or later, and the file must not be closed by then."""
        with suppress(OSError):
            self._file.close()

    def _flush(self) -> None:
        arrays = [
            self._arrow.array(values, type=kind)
            for values, kind in zip(self._columns, self._schema.types, strict=True)
        ]
        self._file.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))
        self._columns = [[] for _ in COLUMNS]


def _told(judgement: RowJudgement) -> Sequence[str | None]:
    evidence = None if judgement.evidence is None else str(judgement.evidence)
    return str(judgement.outcome), judgement.reason or None, evidence


def _arrow() -> Any:
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra, and few want it
    except ImportError:
        raise UsageError(
            "Parquet needs a library that is not installed",
            hint="pip install 'couponhub[files]', or let the name end in .csv",
        ) from None
    return pa
