"""A source that is being read: unpacked and decoded, told by its first bytes."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from typing import BinaryIO

import attrs

from couponhub.errors import UsageError
from couponhub.intake.expected import ExpectedFile
from couponhub.intake.form import SourceForm
from couponhub.intake.kinds import (
    ARROW_FILE,
    ARROW_STREAM,
    OLE,
    PARQUET,
    encoding_of,
    refuse_other_kinds,
)
from couponhub.intake.source import FileSource, blocks_of, decoded, reading, with_line_ends
from couponhub.intake.unpacking import file_in, packing_of, seekable, unpacked

_TABLES = {OLE: "workbook", PARQUET: "parquet", ARROW_FILE: "arrow", ARROW_STREAM: "arrow"}


@attrs.frozen(kw_only=True)
class TextContent:
    """A text in UTF-8, with LF or CR and LF.

    Attributes:
        form: What it was before.
    """

    blocks: Iterator[bytes] = attrs.field(repr=False)
    form: SourceForm


@attrs.frozen(kw_only=True)
class TableContent:
    """A file of cells, which can be read in any order."""

    file: BinaryIO
    form: SourceForm


@contextmanager
def opened(source: FileSource, expected: ExpectedFile) -> Iterator[TextContent | TableContent]:
    """Open a source, by path or open; an open file stays so.

    Raises:
        LocalError: There is no such file, or it cannot be read.
        UsageError: It is no file of rows. Damage that is met further down is told when it is reached.
    """
    with ExitStack() as held:
        file = held.enter_context(reading(source))
        blocks = blocks_of(file)
        start = next(blocks, b"")
        if (kind := _table_of(start)) is not None:
            whole = held.enter_context(seekable(start, blocks, file))
            yield TableContent(file=whole, form=SourceForm(kind=kind))
            return
        packing = packing_of(start)
        if packing == "zip":
            whole = held.enter_context(seekable(start, blocks, file))
            inside = file_in(whole, held, expected)
            if inside is None:
                whole.seek(0)
                yield TableContent(file=whole, form=SourceForm(kind="workbook"))
                return
            blocks = inside
        elif packing:
            blocks = unpacked(chain([start], blocks), packing)
        else:
            blocks = chain([start] if start else [], blocks)
        yield _text(blocks, packing, expected)


def _text(blocks: Iterator[bytes], packing: str, expected: ExpectedFile) -> TextContent:
    start = next(blocks, b"")
    refuse_other_kinds(start, expected)
    if packing and (packing_of(start) or _table_of(start)):
        raise UsageError(f"the {packing} file holds another packed file, or a table", hint="unpack it first")
    encoding = encoding_of(start)
    blocks = chain([start] if start else [], blocks)
    if encoding != "utf-8":
        blocks = decoded(blocks, encoding)
    return TextContent(
        blocks=with_line_ends(blocks), form=SourceForm(packing=packing, encoding=encoding.upper())
    )


def _table_of(start: bytes) -> str | None:
    return next((kind for mark, kind in _TABLES.items() if start.startswith(mark)), None)
