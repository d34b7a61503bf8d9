"""Parquet and Arrow files: the text columns of a table, in batches."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, Protocol

import attrs

from couponhub.codes.faults import Faults
from couponhub.codes.header import Columns, find_columns
from couponhub.codes.kinds import ARROW_FILE
from couponhub.codes.opening import TableContent
from couponhub.codes.rows import SourceBatch, SourceRows
from couponhub.errors import UsageError
from couponhub.models import CodeFileRules, Tagging

_BATCH = 20_000
_AS_TEXT = "write that column as text: a code is text, and a number loses what stands in front"


class _Table(Protocol):
    def schema(self) -> Any: ...

    def batches(self, columns: Sequence[str]) -> Iterator[Any]: ...


def rows_of_columns(
    content: TableContent,
    rules: CodeFileRules,
    faults: Faults,  # noqa: ARG001 - what is wrong with a value, the checks find
    *,
    column: str | int | None = None,
    tagging: Tagging | None = None,
) -> SourceRows:
    """Read a Parquet or Arrow file; the "line" is the position from 1.

    Raises:
        UsageError: It cannot be read, no column that fits is named, or the one with the codes holds no text.
    """
    with _told(content.form.kind):
        table = _opened(content)
        schema = table.schema()
    names: list[str] = list(schema.names)
    if not names:
        raise UsageError("the file has no columns")
    if len(set(names)) != len(names):
        raise UsageError(
            "the file has several columns of one name", hint="write it anew with names that differ"
        )
    columns = find_columns(names, [], rules, column=column, tagging=tagging)
    wanted = [names[at] for at in (columns.code, columns.customer) if at is not None]
    for name in wanted:
        kind = schema.field(name).type
        if not _is_text(kind):
            raise UsageError(f'the column "{name}" holds {kind}, no text', hint=_AS_TEXT)
    return SourceRows(
        columns=columns,
        form=attrs.evolve(content.form, column=columns.header),
        batches=_batches(table, columns, wanted, content.form.kind),
    )


def _batches(table: _Table, columns: Columns, wanted: list[str], kind: str) -> Iterator[SourceBatch]:
    line = 0
    with _told(kind):
        for part in table.batches(wanted):
            codes = _texts(part.column(wanted[0]))
            customers = [] if columns.customer is None else _texts(part.column(wanted[1]))
            yield SourceBatch(
                codes=codes, customers=customers, lines=list(range(line + 1, line + 1 + len(codes)))
            )
            line += len(codes)


def _texts(column: Any) -> list[str]:
    import pyarrow as pa  # noqa: PLC0415 - it was imported when the file was opened

    # Of no value: it becomes a row without a code, which is told by its line.
    return [text or "" for text in column.cast(pa.string()).to_pylist()]


def _is_text(kind: Any) -> bool:
    return str(kind) in {"string", "large_string", "string_view", "null"} or str(kind).startswith(
        ("dictionary<values=string", "dictionary<values=large_string")
    )


def _opened(content: TableContent) -> _Table:
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra, and few want it
    except ImportError:
        raise UsageError(
            f"the file is {content.form.kind}, which needs a library that is not installed",
            hint="pip install 'couponhub[files]', or write it as CSV",
        ) from None
    del pa
    return _Parquet(content.file) if content.form.kind == "parquet" else _Arrow(content.file)


class _Parquet:
    def __init__(self, file: BinaryIO) -> None:
        from pyarrow import parquet  # noqa: PLC0415 - the same

        self._file = parquet.ParquetFile(file)

    def schema(self) -> Any:
        return self._file.schema_arrow

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        yield from self._file.iter_batches(batch_size=_BATCH, columns=list(columns), use_threads=False)


class _Arrow:
    def __init__(self, file: BinaryIO) -> None:
        from pyarrow import ipc  # noqa: PLC0415 - the same

        is_file = file.read(len(ARROW_FILE)) == ARROW_FILE
        file.seek(0)
        self._is_file = is_file
        self._reader: Any = ipc.open_file(file) if is_file else ipc.open_stream(file)

    def schema(self) -> Any:
        return self._reader.schema

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        reader = self._reader
        parts = map(reader.get_batch, range(reader.num_record_batches)) if self._is_file else iter(reader)
        for part in parts:
            for start in range(0, part.num_rows, _BATCH):
                yield part.select(columns).slice(start, _BATCH)


@contextmanager
def _told(kind: str) -> Iterator[None]:
    try:
        yield
    except UsageError:
        raise
    except (OSError, ValueError, TypeError, NotImplementedError, MemoryError, KeyError):
        # Arrow's own errors are of these kinds, and their texts may quote a value.
        raise UsageError(
            f"the {kind} file is damaged, cut off, or of a form that cannot be read",
            hint="write it anew, or as CSV",
        ) from None
