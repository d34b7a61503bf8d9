"""Proofs of migrations, as people are shown them."""

from couponhub.cli.stdout import write
from couponhub.cli.tables import Column, print_table, print_words
from couponhub.models import CodeClass, Evidence
from couponhub.serialization import Document

_CLASSES = {
    CodeClass.THERE: "THERE =",
    CodeClass.MISSING: "MISSING -",
    CodeClass.UNEXPECTED: "UNEXPECTED +",
    CodeClass.DIFFERS: "DIFFERENT *",
    CodeClass.UNKNOWN: "NOT TO BE KNOWN !",
}
_FATES = ("moved", "issued_elsewhere", "redeemed", "expired", "rejected", "skipped", "unknown")


def _class(code_class: CodeClass) -> Column:
    title = _CLASSES[code_class]
    return Column(title, lambda document: document["classes"].get(code_class.value, 0), right=True)


def _evidence(evidence: Evidence) -> Column:
    return Column(
        evidence.value.upper(), lambda document: document["evidence"].get(evidence.value, 0), right=True
    )


def _equation(document: Document) -> str:
    equation = document["equation"]
    told = [f"{equation[fate]:,} {fate.replace('_', ' ')}" for fate in _FATES if equation[fate]]
    sign = "=" if equation["all"] == sum(equation[fate] for fate in _FATES) else "is not"
    return f"{equation['all']:,} {sign} {' + '.join(told) or 0}"


PROOF_FIELDS = (
    Column("MIGRATION", "id", whole=True),
    Column("BALANCED", "balanced"),
    Column("SINCE", "since", time=True),
    *map(_class, CodeClass),
    *map(_evidence, Evidence),
    Column("IN TWO HANDS", "double_issued", right=True),
    Column("EQUATION", _equation),
)
_DIFFERENCES = (
    Column("", "class", whole=True),
    Column("CODE", "code", whole=True),
    Column("BECAUSE", "because"),
    Column("EVIDENCE", "evidence"),
)


def print_proof_tables(document: Document) -> None:
    """Print the codes that are not as planned, and what is to be known, below the fields of a proof."""
    if document["differences"]:
        write("\n")
        print_table(document["differences"], _DIFFERENCES)
    if document["notes"]:
        write("\n")
        print_words("To be known", "bold")
        for note in document["notes"]:
            print_words(f"  {note}")


CUT_OVER_FIELDS = (
    Column("MIGRATION", "id", whole=True),
    Column("CUT OVER AT", "at", time=True),
    Column("WINDOW ENDS AT", "window_ends_at", time=True),
    Column("LOOKUPS ASK FIRST", "preference"),
)
ROLLBACK_FIELDS = (
    Column("MIGRATION", "id", whole=True),
    Column("LED BACK AT", "at", time=True),
    Column("LOOKUPS ASK FIRST", "preference"),
    Column("HANDED OUT AT THE TARGET", "at_target", right=True),
    Column("HANDED OUT AT THE SOURCE", "at_source", right=True),
    Column("KNOWN BY NAME", "named", right=True),
    Column("TO BE KNOWN", "notes"),
)
SHADOW_FIELDS = (
    Column("MIGRATION", "id", whole=True),
    Column("AT", "at", time=True),
    Column("CUSTOMERS", "customers", right=True),
    Column("NOT ALL KNOWN OF", "unknown", right=True),
    Column(
        "CODES",
        lambda document: [f"{one['count']:,} {one['kind']}" for one in document["differences"]],
    ),
)


def print_checklist(document: Document) -> None:
    """Print what is to be done now and later, each with its command, below the fields of a cut-over."""
    write("\n")
    print_words("To be done", "bold")
    for number, task in enumerate(document["checklist"], start=1):
        print_words(f"  {number}. {task['text']}")
        if task["command"]:
            print_words(f"     {task['command']}")
