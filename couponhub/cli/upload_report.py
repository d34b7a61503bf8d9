"""The report of an upload, row by row, as its counts are shown."""

from couponhub.cli.failures import say, tell
from couponhub.cli.options import GlobalOptions
from couponhub.cli.output import as_table, print_one
from couponhub.cli.stdout import write
from couponhub.cli.tables import Column, print_table
from couponhub.errors import PartialFailure
from couponhub.models import UploadReport
from couponhub.serialization import Document, error_object, to_document


def _balance(document: Document) -> str:
    terms = ("accepted", "rejected", "duplicates", "skipped", "not_sent", "pending", "unknown")
    return f"{document['rows']:,} = " + " + ".join(f"{document[term]:,}" for term in terms)


_OF_PARTS = (
    Column("ROWS", "rows", right=True),
    Column("ACCEPTED", "accepted", right=True),
    Column("REJECTED", "rejected", right=True),
    Column("NOT SENT", "not_sent", right=True),
    Column("PENDING", "pending", right=True),
    Column("UNKNOWN", "unknown", right=True),
)
_FIELDS = (
    Column("FILE", "path", whole=True),
    *_OF_PARTS[:3],
    Column("DUPLICATES", "duplicates", right=True),
    Column("SKIPPED", "skipped", right=True),
    *_OF_PARTS[3:],
    Column("BALANCE", _balance),
    Column("ASKED ABOUT", "asked", right=True),
    Column(
        "EVIDENCE", lambda document: [f"{kind}: {rows:,} rows" for kind, rows in document["evidence"].items()]
    ),
)
_PARTS = (
    Column("PART", "number", right=True),
    Column("ID", "id", whole=True),
    Column("STATUS", "status", whole=True),
    *_OF_PARTS,
    Column("VENDOR: TAKEN", "vendor_accepted", right=True),
    Column("REFUSED", "vendor_rejected", right=True),
)


def print_report(options: GlobalOptions, report: UploadReport) -> None:
    """Print the counts of a report, and what is left open of it beside them."""
    document = to_document(report, raw=False)
    error = _fault_of(report)
    if error is not None:
        document["error"] = error_object(error)
    print_one(options, document, _FIELDS, done=f"the report is in {report.path}")
    if as_table(options) and document["parts"]:
        write("\n")
        print_table(document["parts"], _PARTS)
    for warning in report.warnings:
        say(f"warning: {warning}")
    if error is not None:
        tell(error)


def _fault_of(report: UploadReport) -> PartialFailure | None:
    if report.is_complete:
        return None
    told = [
        f"the vendor still works on {report.pending:,} of {report.rows:,} rows" if report.pending else "",
        f"of {report.unknown:,} of {report.rows:,} rows it is not known whether the vendor has them"
        if report.unknown
        else "",
    ]
    hint = "a report that is written later tells more" if report.pending else ""
    if report.unknown and not hint:
        hint = "the column `reason` says why"
        if report.asked < report.unknown:  # asking about all of them once more would prove no more
            hint += "; --probe asks the vendor about codes, where it can be asked"
    return PartialFailure(
        ", and ".join(filter(None, told)),
        hint=hint,
        connection=report.connection,
        operation=f"report {report.id}",
    )
