"""Parquet and Arrow files: the columns of codes and of customers."""

from collections.abc import Iterator

import attrs

from couponhub.codes.faults import Faults
from couponhub.codes.header import Columns, find_columns
from couponhub.codes.rows import SourceBatch, SourceRows
from couponhub.errors import UsageError
from couponhub.intake.columnar import ColumnTable
from couponhub.intake.opening import TableContent
from couponhub.models import CodeFileRules, Tagging

_AS_TEXT = "write that column as text: a code is text, and a number loses what stands in front"


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
    table = ColumnTable(content)
    names = table.names
    columns = find_columns(names, [], rules, column=column, tagging=tagging)
    wanted = [names[at] for at in (columns.code, columns.customer) if at is not None]
    for name in wanted:
        if not table.is_text(name):
            raise UsageError(f'the column "{name}" holds {table.kind_of(name)}, no text', hint=_AS_TEXT)
    return SourceRows(
        columns=columns,
        form=attrs.evolve(content.form, column=columns.header),
        batches=_batches(table, columns, wanted),
    )


def _batches(table: ColumnTable, columns: Columns, wanted: list[str]) -> Iterator[SourceBatch]:
    line = 0
    for codes, *others in table.batches(wanted):
        customers = [] if columns.customer is None else others[0]
        # A code of no value becomes a row without one, which is told by its line.
        yield SourceBatch(
            codes=codes, customers=customers, lines=list(range(line + 1, line + 1 + len(codes)))
        )
        line += len(codes)
