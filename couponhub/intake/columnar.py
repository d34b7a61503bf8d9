"""Parquet and Arrow files: a table of columns that have names and kinds, in batches."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, Protocol

from couponhub.errors import UsageError
from couponhub.intake.kinds import ARROW_FILE
from couponhub.intake.opening import TableContent

_BATCH = 20_000
_MOMENTS = ("timestamp", "date")


class ColumnTable:
    """A table, to be read once from its first row to its last.

    Attributes:
        names: Those of its columns, of which no two are equal.

    Raises:
        UsageError: It cannot be read, or its columns cannot be told apart.
    """

    def __init__(self, content: TableContent) -> None:
        self._kind = content.form.kind
        with _told(self._kind):
            self._table = _opened(content)
            self._schema = self._table.schema()
        self.names: list[str] = list(self._schema.names)
        if not self.names:
            raise UsageError("the file has no columns")
        if len(set(self.names)) != len(self.names):
            raise UsageError(
                "the file has several columns of one name", hint="write it anew with names that differ"
            )

    def kind_of(self, name: str) -> str:
        """Return what a column holds, as Arrow calls it."""
        return str(self._schema.field(name).type)

    def is_text(self, name: str) -> bool:
        """Tell whether a column holds text, or nothing at all."""
        kind = self.kind_of(name)
        return kind in {"string", "large_string", "string_view", "null"} or kind.startswith(
            ("dictionary<values=string", "dictionary<values=large_string")
        )

    def holds_moments(self, name: str) -> bool:
        """Tell whether a column holds moments or days."""
        return self.kind_of(name).startswith(_MOMENTS)

    def batches(self, names: Sequence[str]) -> Iterator[list[list[str]]]:
        """Give these columns as text, some thousand rows at a time; "" where there is no value.

        Raises:
            UsageError: The file is damaged, or a value can be written in no text.
        """
        with _told(self._kind):
            for part in self._table.batches(list(dict.fromkeys(names))):
                yield [self._texts(name, part.column(name)) for name in names]

    def _texts(self, name: str, column: Any) -> list[str]:
        import pyarrow as pa  # noqa: PLC0415 - it was imported when the file was opened

        if self.kind_of(name).startswith("timestamp"):
            # Python's moments know no nanoseconds.
            column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
        if self.holds_moments(name):
            return ["" if moment is None else moment.isoformat() for moment in column.to_pylist()]
        return [text or "" for text in column.cast(pa.string()).to_pylist()]


class _Table(Protocol):
    def schema(self) -> Any: ...

    def batches(self, columns: Sequence[str]) -> Iterator[Any]: ...


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
