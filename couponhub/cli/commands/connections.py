"""`couponhub connections`: what is configured and what each connection can do."""

import click

from couponhub.cli.options import GlobalCommand, GlobalOptions, pass_options
from couponhub.cli.output import print_many
from couponhub.cli.session import opened_hub
from couponhub.cli.tables import Column
from couponhub.documents import Document, error_object
from couponhub.errors import ConfigError
from couponhub.hub import CouponHub
from couponhub.registry import BrokenAdapter, Registry

_COLUMNS = (
    Column("CONNECTION", "connection"),
    Column("ADAPTER", "adapter"),
    Column("CAN", "capabilities"),
    Column("LIMITS", lambda document: [_limit(document, name) for name in document["limits"] or ()]),
    Column("FAULT", lambda document: (document["error"] or {}).get("message")),
)


@click.command("connections", cls=GlobalCommand)
@pass_options
def command(options: GlobalOptions) -> None:
    """Show the configured connections, what each can do, its limits, and what is left of them now.

    Nobody is called. An adapter that is installed but broken is listed with its error.
    """
    with opened_hub(options) as hub:
        documents = [_document(hub, name) for name in hub]
    documents += [_broken(entry) for entry in Registry().all() if isinstance(entry, BrokenAdapter)]
    print_many(options, documents, _COLUMNS, "No connection is configured.")


def _document(hub: CouponHub, name: str) -> Document:
    adapter = hub.config.connections[name].plugin
    document: Document = {
        "connection": name,
        "adapter": adapter.name,
        "vendor": adapter.title,
        "capabilities": None,
        "limits": None,
        "left": None,
        "error": None,
    }
    try:
        connection = hub[name]
    except ConfigError as error:
        return {**document, "error": error_object(error)}
    capabilities = connection.capabilities
    return {
        **document,
        "capabilities": list(capabilities),
        "limits": dict(capabilities.limits),
        "left": dict(connection.quota_left()),
    }


def _limit(document: Document, name: str) -> str:
    limit = f"{name} {document['limits'][name]}"
    return f"{limit}, {document['left'][name]} left" if name in document["left"] else limit


def _broken(entry: BrokenAdapter) -> Document:
    return {
        "connection": None,
        "adapter": entry.name,
        "vendor": None,
        "capabilities": None,
        "limits": None,
        "left": None,
        "error": error_object(ConfigError(entry.error, hint="reinstall it together with what it needs")),
    }
