"""Plans of migrations, as people are shown them."""

from collections.abc import Mapping
from typing import Any

from couponhub.cli.stdout import write
from couponhub.cli.tables import Column, print_table, print_words
from couponhub.serialization import Document

PLAN_FIELDS = (
    Column("MIGRATION", "id", whole=True),
    Column("DIGEST", "digest", whole=True),
    Column("FROM", lambda document: _end(document["from"])),
    Column("TO", lambda document: _end(document["to"])),
    Column("ISSUED AS", "issued_as"),
    Column("CODES", lambda document: document["counts"]["all"], right=True),
    Column("FREE", lambda document: document["counts"]["free"], right=True),
    Column("ISSUED", lambda document: document["counts"]["issued"], right=True),
    Column("REDEEMED", lambda document: document["counts"]["redeemed"], right=True),
    Column("EXPIRED", lambda document: document["counts"]["expired"], right=True),
    Column("NOBODY KNOWS", lambda document: document["counts"]["unknown"], right=True),
    Column("MOVING", lambda document: sum(one["rows"] for one in document["batches"]), right=True),
    Column("NOT TAKEN", lambda document: [f"{n:,} {why}" for why, n in document["rejected"].items()]),
    Column("ENDS AT", "ends_at", time=True),
)
_BATCHES = (
    Column("BATCH", "number", right=True),
    Column("CODES", "kind"),
    Column("CUSTOMERS BY", "identifier"),
    Column("ROWS", "rows", right=True),
    Column("FILES", "parts", right=True),
    Column("BYTES", "bytes", right=True),
    Column("SENT BY", "ends_at", time=True),
)
_LOSSINESS = (
    Column("FIELD", "field", whole=True),
    Column("FATE", "fate", whole=True),
    Column("NOTE", "note"),
)
_COLLISIONS = (Column("CODES", "count", right=True), Column("THAT", "message"))


STATUS_FIELDS = (
    Column("MIGRATION", "id", whole=True),
    Column("PHASE", "phase", whole=True),
    Column("FROM", "from"),
    Column("TO", lambda document: f"{document['to']} {document['target_list_id'] or 'a new list'}"),
    Column("JOB", "job_status", whole=True),
    Column("CODES", "rows", right=True),
    Column("TAKEN", "sent", right=True),
    Column("FILES A MINUTE", "per_minute", right=True),
    Column("WAITING FOR", "waiting_for"),
    Column("ENDS AT", "ends_at", time=True),
    Column("WINDOW ENDS AT", "window_ends_at", time=True),
    Column("BALANCED SINCE", lambda document: (document["proof"] or {}).get("since"), time=True),
)
STATUS_COLUMNS = tuple(
    column
    for column in STATUS_FIELDS
    if column.title not in {"FILES A MINUTE", "WAITING FOR", "WINDOW ENDS AT"}
)
_EVENTS = (
    Column("AT", "at", time=True),
    Column("WHAT", "kind", whole=True),
    Column("", "message"),
)


def print_events(document: Document) -> None:
    """Print what happened to a migration, below its fields."""
    if document["events"]:
        write("\n")
        print_table(document["events"], _EVENTS)


def print_plan_tables(document: Document) -> None:
    """Print the parts of a plan, below its fields."""
    for key, columns in (("batches", _BATCHES), ("lossiness", _LOSSINESS), ("collisions", _COLLISIONS)):
        if document[key]:
            write("\n")
            print_table(document[key], columns)
    for title, lines in (
        ("Cannot be taken back", document["irreversible"]),
        ("To be known", document["notes"]),
        (f"Accepted because: {document['reason']}", [one["message"] for one in document["crossed"]]),
    ):
        if lines:
            write("\n")
            print_words(title, "bold")
            for line in lines:
                print_words(f"  {line}")


def _end(end: Mapping[str, Any]) -> str:
    name = f" ({end['name']})" if end["name"] else ""
    return f"{end['connection']} {end['list_id'] or 'a new list'}{name}"
