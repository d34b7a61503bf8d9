"""`couponhub forget`: a person is removed from all that is kept here."""

import click

from couponhub.cli.failures import say
from couponhub.cli.identifiers import customers, names_customers
from couponhub.cli.options import GlobalCommand, GlobalOptions, pass_options
from couponhub.cli.output import print_json, print_many
from couponhub.cli.session import confirm, opened_hub
from couponhub.cli.tables import Column
from couponhub.errors import UsageError
from couponhub.serialization import to_document

_COLUMNS = (
    Column("WHERE", "where"),
    Column("CONNECTION", "connection"),
    Column("WHAT", "what"),
    Column("REMOVED", lambda document: "all" if document["count"] is None else document["count"], right=True),
)


@click.command("forget", cls=GlobalCommand)
@names_customers
@pass_options
def command(options: GlobalOptions, **identifiers: str | None) -> None:
    """Remove one person from all that couponhub keeps, in the store and here, under every identifier that is given.

    Give every identifier that you know. It says what was removed where, and what is out of its reach. Running servers with
    the same store forget within 10 seconds, and a later import of usage reports does not bring the person back.
    """
    people = customers(identifiers)
    if not people:
        raise UsageError(
            "nobody was named who is to be forgotten",
            hint="give every identifier that you know: --mobile, --email, --external-id, --id",
        )
    with opened_hub(options) as hub:
        named = ", ".join(person.identifier.value for person in people)
        confirm(options, f"Forget the person with this {named}? It cannot be undone")
        forgotten = hub.forget(people)
    document = to_document(forgotten)
    if options.output == "json":
        print_json(document)
    else:
        print_many(options, document["removed"], _COLUMNS, "")
    for remaining in forgotten.remaining:
        say(f"not removed: {remaining}")
