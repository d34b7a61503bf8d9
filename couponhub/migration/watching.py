"""The signs by which somebody who waits for a cut-over notices, cheaply, that something has changed."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from couponhub.errors import Unsupported, VendorError
from couponhub.migration.run_log import VERIFIED
from couponhub.migration.sent_parts import sent_parts
from couponhub.models import ListId

if TYPE_CHECKING:
    from couponhub.connection import Connection
    from couponhub.migration.verifying import Verifier

Signs = tuple[object, ...]


def signs_of(verifier: "Verifier", connection: "Callable[[str], Connection]") -> Signs:
    """Look at the counters of both lists and at the standing of the files; two calls, one to each vendor.

    Args:
        verifier: Knows the migration.
        connection: Opens one.
    """
    plan, list_id = verifier.plan, verifier.list_id
    parts: Signs = ()
    if list_id is not None:
        numbers = [batch.number for batch in plan.batches]
        sent = sent_parts(numbers, verifier.batches, verifier.ledger.history(ListId(list_id)))
        parts = tuple(
            (part.upload.id, part.record.number, part.shown.status, part.shown.accepted) for part in sent
        )
    decided = tuple(event.number for event in verifier.log.logged if event.kind != VERIFIED)
    ends = ((plan.source.connection, plan.source.list_id), (plan.target.connection, list_id))
    return parts, decided, *(_counters(connection, name, one) for name, one in ends)


def _counters(connection: "Callable[[str], Connection]", name: str, list_id: str | None) -> Signs:
    if list_id is None:
        return ()
    try:
        shown = connection(name).lists.get(list_id)
    except (VendorError, Unsupported) as error:
        return (error.kind,)
    return shown.total, shown.available, shown.status, shown.expires_at
