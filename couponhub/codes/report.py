"""Models of what is found in code files before anything is sent, and of a prepared folder."""

from collections.abc import Mapping
from datetime import datetime

import attrs

from couponhub.models.base import Documented, instant_field


@attrs.frozen(kw_only=True)
class RowExample(Documented):
    """One row that is left out, by its line; never its code.

    Attributes:
        path: The file, where there are several.
        line: Its line; in a table the position from 1.
        reason: What is wrong with it.
    """

    line: int
    reason: str
    path: str | None = None


@attrs.frozen(kw_only=True)
class CheckedFile(Documented):
    """One file as it was read.

    Attributes:
        path: As it was given; `stdin`, or `list:CONN/ID`.
        kind: `text`, `workbook`, `parquet`, `arrow`, or `codes` for what is no file.
        packing: `gzip`, `zstd` or `zip`; None for none.
        encoding: Of a text.
        separator: The sign between columns; None where there is one column.
        column: What the column of codes is called; None where there is no header.
    """

    path: str
    kind: str
    packing: str | None
    encoding: str | None
    separator: str | None
    column: str | None
    rows: int


@attrs.frozen(kw_only=True)
class Finding(Documented):
    """Something that is to be known of the codes that are no faults.

    Attributes:
        kind: One word for it, which stays the same.
        count: How many codes it is about.
        lines: The first few of them, of the first 200,000 rows.
        message: For people; never with a code.
    """

    kind: str
    count: int
    message: str
    lines: tuple[int, ...] = ()


@attrs.frozen(kw_only=True)
class SentBefore(Documented):
    """Codes that were sent from here before.

    Attributes:
        codes: How many of the checked ones.
    """

    connection: str
    list_id: str
    codes: int


@attrs.frozen(kw_only=True)
class Outlook(Documented):
    """The way that the codes would take to one connection.

    Attributes:
        codes: How many would be sent.
        rejected: Rows that this vendor does not take.
        duplicates: Rows that this vendor takes for one of an earlier row.
        parts: Vendor files.
        bytes: Of all of them.
        days: Days of its quota that they take, at least 1.
        fits: No more than a list of that vendor holds, and the list that is meant is neither expired nor archived.
        ends_at: The earliest moment at which the last part can have been handed over, as its limits tell.
        reasons: How many rows it does not take, by what is wrong with them.
        skipped: Rows whose code was sent to that list before; None where no list is meant.
        list_id: The list that is meant; None for none.
        list_status: As the vendor shows it.
    """

    connection: str
    codes: int
    rejected: int
    duplicates: int
    parts: int
    bytes: int
    days: int
    fits: bool
    ends_at: datetime | None = instant_field()
    reasons: Mapping[str, int] = attrs.field(factory=dict)
    skipped: int | None = None
    list_id: str | None = None
    list_status: str | None = None


@attrs.frozen(kw_only=True)
class CodesReport(Documented):
    """A check of code files: rows = distinct + duplicates + empty + rejected.

    Attributes:
        rows: Rows below the headers, blank ones aside.
        distinct: Different codes.
        duplicates: Rows with the code of an earlier one.
        empty: Rows without a code.
        rejected: Other faulty rows.
        reasons: How many rows are faulty, the empty ones too, by what is wrong with them.
        examples: The first few of each reason.
        connections: The way to each connection that was asked about.
        sent: Codes that were sent from here before, by list; None where no config says what is kept here.
        lengths: How many codes have so many characters.
        begins: How many begin with a character, of the most frequent ones.
        letters: How many are written in a kind of letters, of the first million.
    """

    rows: int
    distinct: int
    duplicates: int
    empty: int
    rejected: int
    reasons: Mapping[str, int]
    examples: tuple[RowExample, ...]
    connections: tuple[Outlook, ...] = ()
    files: tuple[CheckedFile, ...] = ()
    findings: tuple[Finding, ...] = ()
    sent: tuple[SentBefore, ...] | None = None
    lengths: Mapping[str, int] = attrs.field(factory=dict)
    begins: Mapping[str, int] = attrs.field(factory=dict, repr=False)
    letters: Mapping[str, int] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class FolderPart(Documented):
    """One vendor file in a prepared folder."""

    path: str
    rows: int
    bytes: int
    sha256: str


@attrs.frozen(kw_only=True)
class PreparedFolder(Documented):
    """A folder of files as one vendor wants them: rows = distinct + duplicates + empty + rejected.

    Attributes:
        connection: Whose vendor.
        rejects_path: The lines that were left out and why, as CSV; None where there are none.
        warnings: What was odd with the others, in counts.
    """

    rows: int
    distinct: int
    duplicates: int
    empty: int
    rejected: int
    reasons: Mapping[str, int]
    examples: tuple[RowExample, ...]
    connection: str
    parts: tuple[FolderPart, ...]
    rejects_path: str | None = None
    warnings: tuple[str, ...] = ()
