"""Jobs as they are shown."""

from couponhub.cli.tables import Column
from couponhub.serialization import Document


def _next_step(document: Document) -> str | None:
    step = _pending(document)
    if step is None:
        return None
    return f"{step['kind']} {step['part']}" if step["part"] else str(step["kind"])


def _pending(document: Document) -> Document | None:
    return next((step for step in document["steps"] if step["status"] == "pending"), None)


JOB_COLUMNS = (
    Column("ID", "id", whole=True),
    Column("CONNECTION", "connection"),
    Column("STATUS", "status", whole=True),
    Column("NEXT STEP", _next_step),
    Column("NOT BEFORE", lambda document: (_pending(document) or {}).get("not_before"), time=True),
    Column("WAITING FOR", "waiting_for"),
)
