"""The rows of whatever was opened."""

from couponhub.codes.columnar import rows_of_columns
from couponhub.codes.faults import Faults
from couponhub.codes.rows import SourceRows, rows_of_text, rows_of_workbook
from couponhub.intake.opening import TableContent, TextContent
from couponhub.models import CodeFileRules, Tagging


def rows_of_content(
    content: TextContent | TableContent,
    rules: CodeFileRules,
    faults: Faults,
    *,
    column: str | int | None = None,
    tagging: Tagging | None = None,
) -> SourceRows:
    """Read the rows of a file.

    Raises:
        UsageError: It is empty, damaged, or has no header that fits.
        LocalError: It cannot be read.
    """
    if isinstance(content, TextContent):
        return rows_of_text(content, rules, faults, column=column, tagging=tagging)
    read = rows_of_workbook if content.form.kind == "workbook" else rows_of_columns
    return read(content, rules, faults, column=column, tagging=tagging)
