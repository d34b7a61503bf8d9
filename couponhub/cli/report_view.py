"""The check of code files and what was prepared of one, as people are shown them."""

from typing import TYPE_CHECKING

import click

from couponhub.cli.failures import say
from couponhub.cli.options import GlobalOptions
from couponhub.cli.output import as_table, print_one
from couponhub.cli.stdout import write
from couponhub.cli.tables import Column, print_table, print_words
from couponhub.errors import PartialFailure
from couponhub.serialization import Document, to_document

if TYPE_CHECKING:
    from couponhub.codes.report import CodesReport

_COUNTS = (
    Column("ROWS", "rows", right=True),
    Column("DISTINCT", "distinct", right=True),
    Column("DUPLICATES", "duplicates", right=True),
    Column("EMPTY", "empty", right=True),
    Column("REJECTED", "rejected", right=True),
)
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
CHECK_FIELDS = (*_COUNTS, Column("READ AS", lambda document: [_form(file) for file in document["files"]]))
PREPARED_FIELDS = (
    *_COUNTS,
    Column("FILES", lambda document: [part["path"] for part in document["parts"]]),
    Column("LEFT OUT", "rejects_path"),
)
_REASONS = (
    Column("LEFT OUT", "count", right=True),
    Column("BECAUSE OF", "reason"),
    Column("LINES", "lines"),
)
_FINDINGS = (
    Column("CODES", "count", right=True),
    Column("THAT", "message"),
    Column("LINES", lambda document: _lines(document["lines"])),
)
_OUTLOOKS = (
    Column("FOR", "connection", whole=True),
    Column("CODES", "codes", right=True),
    Column("REJECTED", "rejected", right=True),
    Column("SENT BEFORE", "skipped", right=True),
    Column("FILES", "parts", right=True),
    Column("BYTES", "bytes", right=True),
    Column("DAYS", "days", right=True),
    Column("FITS", "fits"),
    Column("LIST", "list_status"),
    Column("ENDS AT", "ends_at", time=True),
)
_SENT = (
    Column("SENT BEFORE", "codes", right=True),
    Column("TO", "connection", whole=True),
    Column("LIST", "list_id", whole=True),
)


def print_check_tables(document: Document) -> None:
    """Print what a check found, below its counts."""
    print_reasons(document)
    for key, columns in (("findings", _FINDINGS), ("sent", _SENT), ("connections", _OUTLOOKS)):
        if document[key]:
            write("\n")
            print_table(document[key], columns)
    if document["sent"] is None:
        write("\n")
        print_words("There is no config file: what was sent from here before is not known.", "dim")


def print_rehearsal(options: GlobalOptions, report: "CodesReport", *, accepts_ruined: bool) -> None:
    """Print what an upload to one list would be; exits with 3 where it would be refused."""
    document = to_document(report, raw=False)
    print_one(options, document, CHECK_FIELDS)
    if as_table(options):
        print_check_tables(document)
    (way,) = report.connections
    fault = ""
    if way.rejected:
        rows = "row" if way.rejected == 1 else "rows"
        fault = f"{way.rejected} faulty {rows}: the upload would be refused; `couponhub codes prepare` leaves such rows out"
    elif _are_ruins(report) and not accepts_ruined:
        fault = "nothing but rounded numbers: the upload would be refused; export the codes anew, as text"
    elif not way.fits:
        why = (
            "it would hold too many, or takes none"
            if way.list_status == "active"
            else f"it is {way.list_status}"
        )
        fault = f"the codes cannot go to list {way.list_id}: {why}"
    elif way.skipped and not way.codes:
        say("every code was sent to this list before: an upload would send nothing")
    if fault:
        say(fault)
        raise click.exceptions.Exit(PartialFailure.exit_code)


def print_reasons(document: Document) -> None:
    """Print how many rows are left out, why, and the first lines of each."""
    if not document["reasons"]:
        return
    rows = []
    for reason, count in document["reasons"].items():
        lines = [
            one["line"] for one in document["examples"] if one["reason"] == reason and one["path"] is None
        ]
        rows.append({"reason": reason, "count": count, "lines": _lines(lines)})
    write("\n")
    print_table(rows, _REASONS)


def _lines(lines: list[int]) -> str | None:
    return ", ".join(map(str, lines)) or None


def _form(file: Document) -> str:
    words = [file["kind"]]
    if file["separator"]:
        words.append(f"columns separated by {_NAMES.get(file['separator'], file['separator'])}")
    words += [file[key] for key in ("encoding", "packing") if file[key]]
    column = f'; codes in column "{file["column"]}"' if file["column"] else ""
    return f"{file['path']}: {', '.join(words)}{column}"


def _are_ruins(report: "CodesReport") -> bool:
    from couponhub.codes.checking import NO_CHANCE  # noqa: PLC0415 - brings in all that checks codes

    return any(one.kind == "rounded" and one.count >= NO_CHANCE for one in report.findings)
