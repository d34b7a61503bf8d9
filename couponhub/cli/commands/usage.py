"""`couponhub usage`: reports of who was given which code."""

from datetime import date

import click

from couponhub.cli.options import GlobalGroup, GlobalOptions, pass_options
from couponhub.cli.output import print_one
from couponhub.cli.session import Day, opened_hub, told_if_interrupted
from couponhub.cli.tables import Column


@click.group("usage", cls=GlobalGroup)
def command() -> None:
    """Usage reports: who was given which code, of vendors that cannot be asked."""


@command.command("request")
@click.argument("connection", metavar="CONN")
@click.argument("list_id", metavar="LIST_ID")
@click.option("--from", "start", type=Day(), required=True, help="First day.")
@click.option("--to", "end", type=Day(), required=True, help="Last day, included.")
@click.option(
    "--email", "recipients", multiple=True, required=True, metavar="E", help="Who is mailed the report."
)
@pass_options
def request(
    options: GlobalOptions,
    connection: str,
    list_id: str,
    *,
    start: date,
    end: date,
    recipients: tuple[str, ...],
) -> None:
    """Have the vendor mail the report of a list for the days --from to --to."""
    unknown = "whether the report was requested is not known: if no mail comes, request it again"
    with opened_hub(options) as hub, told_if_interrupted(unknown):
        message = hub[connection].usage.request(list_id, start, end, recipients)
    document = {
        "connection": connection,
        "list_id": list_id,
        "from": start.isoformat(),
        "to": end.isoformat(),
        "message": message,
    }
    print_one(options, document, (Column("MESSAGE", "message"),), done="the report was requested")
