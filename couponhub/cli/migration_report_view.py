"""Reports on migrations, as people are shown them."""

from collections.abc import Callable
from typing import Any

from couponhub.cli.migration_view import STATUS_FIELDS, print_events
from couponhub.cli.stdout import write
from couponhub.cli.tables import Column, print_table, print_words
from couponhub.serialization import Document

_TERMS = ("moved", "issued_elsewhere", "redeemed", "expired", "rejected", "skipped", "unknown")


def _term(name: str) -> Callable[[Document], Any]:
    return lambda document: document["equation"][name]


def _of_status(column: Column) -> Column:
    return Column(
        column.title,
        lambda document: column.of(document["status"]),
        right=column.right,
        whole=column.whole,
        time=column.time,
    )


REPORT_FIELDS = (
    *map(_of_status, STATUS_FIELDS),
    # Beside an equation, a proof that does not balance would be read as one that does.
    Column("PROVEN", lambda document: document["is_proven"] and document["status"]["proof"]["balanced"]),
    Column("ALL", _term("all"), right=True),
    *(Column(f"= {name.replace('_', ' ').upper()}", _term(name), right=True) for name in _TERMS[:1]),
    *(Column(f"+ {name.replace('_', ' ').upper()}", _term(name), right=True) for name in _TERMS[1:]),
    Column("OF THEM WAITING", "waiting", right=True),
    Column("REPORT", "digest", whole=True),
)
_PARTS = (
    Column("BATCH", lambda part: f"{part['batch']}.{part['number']}", whole=True),
    Column("STATUS", "status", whole=True),
    Column("CODES", "rows", right=True),
    Column("TAKEN", "accepted", right=True),
    Column("REFUSED", "rejected", right=True),
    Column("UNKNOWN", "unknown", right=True),
    Column("KNOWN", "evidence"),
    Column("SEEN", "told"),
)
_QUOTAS = (
    Column("CONNECTION", "connection"),
    Column("LIMIT", "name", whole=True),
    Column("CALLS", "limit", right=True),
    Column("LEFT", "left", right=True),
)


def print_report_tables(document: Document) -> None:
    """Print the parts of a report, below its fields."""
    print_events(document["status"])
    used = [one for one in document["quotas"] if one["left"] < one["limit"]]
    for rows, columns in ((document["parts"], _PARTS), (used, _QUOTAS)):
        if rows:
            write("\n")
            print_table(rows, columns)
    write("\n")
    print_words("What a person must still do", "bold")
    for number, task in enumerate(document["tasks"], start=1):
        print_words(f"  {number}. {task['text']}")
        if task["command"] is not None:
            print_words(f"     {task['command']}")
