"""Codes as columns of Parquet, for a cluster, and what it says of each row, by its position."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from couponhub.codes.sets.folding import Folding
from couponhub.codes.sets.lines import TextLines
from couponhub.codes.sets.many import texts_of
from couponhub.state import CodeSet

_GROUP_BYTES = 16 << 20
_FILE_BYTES = 256 << 20
_AT_ONCE = 1 << 20
_NOTHING, _APART, _SHARED = 0, 1, 2


def write_columns(
    codes: Iterable[CodeSet], folding: Folding, folder: Path, then: Callable[[Path, int], object]
) -> int:
    """Write codes to files of Parquet: `key`, the code as it is compared, and `at`, its position; return how many there are.

    Args:
        codes: The sets, taken as one.
        folding: The comparison.
        folder: A private one, for one file at a time.
        then: Called with each file and its number, from 0; there is one at least. The file ends then.

    Raises:
        LocalError: A set cannot be read.
        OSError: The disk is full.
    """
    rows = number = 0
    blocks = (folding.keys(text) for code_set in codes for text in texts_of(code_set))
    is_last = False
    while not is_last:
        path = folder / "keys.parquet"
        rows, is_last = _write_file(path, blocks, rows)
        then(path, number)
        path.unlink()
        number += 1
    return rows


def _write_file(path: Path, blocks: Iterator[bytes], rows: int) -> tuple[int, bool]:
    import pyarrow as pa  # noqa: PLC0415 - an extra
    import pyarrow.parquet as pq  # noqa: PLC0415 - the same

    schema = pa.schema([("key", pa.string()), ("at", pa.int64())])
    size = 0
    # All keys are different, as a rule, so that a dictionary of them is of no use.
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=False) as writer:
        while size < _FILE_BYTES:
            group: list[Any] = []
            gathered = 0
            for text in blocks:
                group.append(_batch(text, rows, schema))
                rows += group[-1].num_rows
                gathered += len(text)
                if gathered >= _GROUP_BYTES:
                    break
            if group:
                writer.write_table(pa.Table.from_batches(group))
            size += gathered
            if gathered < _GROUP_BYTES:
                return rows, True
    return rows, False


def _batch(text: bytes, first: int, schema: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - an extra

    lines = TextLines.of(text)
    ends = np.zeros(lines.count + 1, np.int32)
    np.cumsum(lines.lengths, out=ends[1:])
    keys = pa.StringArray.from_buffers(
        lines.count, pa.py_buffer(ends), pa.py_buffer(text.translate(None, b"\n"))
    )
    return pa.record_batch([keys, np.arange(first, first + lines.count, dtype=np.int64)], schema=schema)


@attrs.frozen(eq=False)
class RowMarks:
    """Marks of rows, a byte each, in a private file, so that memory of the process stays bounded.

    Attributes:
        marks: By position.
    """

    marks: NDArray[np.uint8] = attrs.field(repr=False)

    @classmethod
    def of(cls, rows: int, folder: Path) -> Self:
        """Begin with rows that are all doubles of an earlier one."""
        path = folder / "marks"
        if not rows:
            return cls(np.zeros(0, np.uint8))
        return cls(np.memmap(path, np.uint8, "w+", shape=(rows,)))

    def add(self, path: Path) -> None:
        """Take in a file of Parquet: `at`, the position of the first row of a code, and `is_shared`."""
        import pyarrow.parquet as pq  # noqa: PLC0415 - an extra

        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_AT_ONCE, columns=["at", "is_shared"]):
                places = batch.column("at").to_numpy()
                shared = batch.column("is_shared").to_numpy(zero_copy_only=False)
                self.marks[places] = np.where(shared, _SHARED, _APART)

    @property
    def counts(self) -> tuple[int, int]:
        """The different codes that stand in no other set, and those that do."""
        counted = np.zeros(3, np.int64)
        for at in range(0, len(self.marks), _AT_ONCE):
            counted += np.bincount(self.marks[at : at + _AT_ONCE], minlength=3)
        return int(counted[_APART]), int(counted[_SHARED])

    def chosen(self, codes: Iterable[CodeSet], *, are_shared: bool) -> Iterator[bytes]:
        """Give the first of each code as it is spelled, in the order of the sets, a block of lines at a time."""
        wanted, start = _SHARED if are_shared else _APART, 0
        for code_set in codes:
            for text in texts_of(code_set):
                lines = TextLines.of(text)
                keep = self.marks[start : start + lines.count] == wanted
                start += lines.count
                if keep.any():
                    yield lines.chosen(text, keep)
