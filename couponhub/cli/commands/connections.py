"""`couponhub connections`: what is configured and what each connection can do."""

import click

from couponhub.cli.options import GlobalCommand, GlobalOptions, pass_options
from couponhub.cli.output import print_many
from couponhub.cli.session import opened_hub
from couponhub.cli.tables import Column
from couponhub.errors import ConfigError
from couponhub.models.connections import ServedConnection
from couponhub.registry import BrokenAdapter, Registry
from couponhub.serialization import Document, to_document

_WHY = {"config": "by [lookup] prefer", "state": "switched in the store"}


def _asked(document: Document) -> str | None:
    """Tell in which place lookups ask it, and why there."""
    place, why = document["lookup_place"], _WHY.get(document["preferred_by"])
    return None if place is None else f"{place}, {why}" if why else str(place)


_COLUMNS = (
    Column("CONNECTION", "connection"),
    Column("ADAPTER", "adapter"),
    Column("CAN", "capabilities"),
    Column("LIMITS", lambda document: [_limit(document, name) for name in document["limits"] or ()]),
    Column("ASKED", _asked),
    Column("FAULT", lambda document: (document["error"] or {}).get("message")),
)


@click.command("connections", cls=GlobalCommand)
@pass_options
def command(options: GlobalOptions) -> None:
    """Show the configured connections, what each can do, its limits, what is left, and its place in lookups.

    Nobody is called. An adapter that is installed but broken is listed with its error.
    """
    with opened_hub(options) as hub:
        documents = [to_document(one) for one in hub.connections()]
    documents += [_broken(entry) for entry in Registry().all() if isinstance(entry, BrokenAdapter)]
    print_many(options, documents, _COLUMNS, "No connection is configured.")


def _limit(document: Document, name: str) -> str:
    limit = f"{name} {document['limits'][name] or 'none'}"
    return f"{limit}, {document['left'][name]} left" if name in document["left"] else limit


def _broken(entry: BrokenAdapter) -> Document:
    error = ConfigError(entry.error, hint="reinstall it together with what it needs")
    return {
        **to_document(ServedConnection(connection="", adapter=entry.name, error=error)),
        "connection": None,
    }
