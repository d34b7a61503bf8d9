"""`couponhub explain`: why a lookup says what it says, and where a code came from."""

from pathlib import Path

import click

from couponhub.cli import completing, explain_view
from couponhub.cli.failures import say
from couponhub.cli.identifiers import customers, names_customers
from couponhub.cli.options import GlobalCommand, GlobalOptions, pass_options
from couponhub.cli.output import as_table, print_json, print_many
from couponhub.cli.session import Seconds, opened_hub
from couponhub.cli.stdout import on_stdout, write
from couponhub.cli.suggestions import customer_option
from couponhub.cli.tables import print_words
from couponhub.errors import UsageError
from couponhub.explain import explanation_document
from couponhub.models import Customer


@click.command("explain", cls=GlobalCommand)
@click.argument("code", required=False)
@names_customers
@click.option(
    "--connection",
    "connections",
    multiple=True,
    metavar="C",
    shell_complete=completing.connections,
    help="Ask only these.",
)
@click.option(
    "--deadline",
    type=Seconds(),
    metavar="SECONDS",
    default=30.0,
    show_default=True,
    help="For the answer about a customer.",
)
@click.option(
    "--bundle",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a ZIP for a vendor's support: no code, identifier or secret is in it.",
)
@pass_options
def command(
    options: GlobalOptions,
    *,
    code: str | None,
    connections: tuple[str, ...],
    deadline: float,
    bundle: Path | None,
    **identifiers: str | None,
) -> None:
    """Say why a lookup of a customer answers what it does, or what is known of a CODE and which upload sent it.

    The vendors are asked anew, past everything that is remembered. Shown are the calls, what each connection answered, and
    from what the vendor sent each field was made.
    """
    about: list[Customer | str] = [*customers(identifiers), *([] if code is None else [code])]
    if len(about) != 1:
        raise UsageError(
            "nothing was named that is to be explained" if not about else "more than one thing was named",
            hint="give a CODE, or a customer by one of --mobile, --email, --external-id and --id",
        )
    with opened_hub(options) as hub:
        explanation = hub.explain(about[0], connections=connections or None, deadline=deadline)
        if bundle is not None:
            from couponhub.explain.bundle import write_bundle  # noqa: PLC0415 - few want one

            write_bundle(bundle, explanation, hub.config)
    document = explanation_document(explanation)
    if options.output == "json":
        print_json(document)
    else:
        if as_table(options):
            with on_stdout():
                print_words(
                    explain_view.in_words(explanation),
                    "bold green" if explanation.complete else "bold yellow",
                )
                write("\n")
        print_many(options, explain_view.lines(document), explain_view.COLUMNS, "Nobody was asked.")
    say(f"the vendors were asked anew at {document['asked_at']}")
    for warning in explanation.warnings:
        say(warning)
    if code is not None and (option := customer_option(code)) is not None:
        say(f"that was asked about as a code; if it is a customer's, give it as {option}")
    if bundle is not None:
        say(f"{bundle} was written; read it before you pass it on")
