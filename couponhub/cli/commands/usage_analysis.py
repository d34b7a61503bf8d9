"""`couponhub usage ls`, `stats` and `export`: what imported reports say in all."""

from collections.abc import Callable, Iterator
from pathlib import Path

import click

from couponhub.cli.completing import connections, files
from couponhub.cli.options import GlobalCommand, GlobalOptions, pass_options
from couponhub.cli.output import print_many, print_one
from couponhub.cli.session import opened_hub, told_if_interrupted
from couponhub.cli.tables import Column
from couponhub.codes.row_files import INSTANT, NUMBER, TEXT, check_target, write_rows
from couponhub.hub import CouponHub
from couponhub.models import UsageGroup
from couponhub.serialization import instant_text
from couponhub.usage import Usage

_REPORTS = (
    Column("CONNECTION", "connection"),
    Column("LIST", "list_id", whole=True),
    Column("NAME", "list_name"),
    Column("FROM", "from", whole=True),
    Column("TO", "to", whole=True),
    Column("ROWS", "rows", right=True),
    Column("FILE", "file"),
    Column("IMPORTED", "imported_at", whole=True, time=True),
)
_COLUMNS = {
    "connection": TEXT,
    "list_id": TEXT,
    "list_name": TEXT,
    "code": TEXT,
    "customer": TEXT,
    "issued_at": INSTANT,
    "campaign_id": TEXT,
    "campaign_name": TEXT,
    "locale": TEXT,
    "variation": TEXT,
    "file": TEXT,
    "row": NUMBER,
    "imported_at": INSTANT,
}


@click.command("ls", cls=GlobalCommand)
@click.argument("connection", metavar="[CONN", required=False, shell_complete=connections)
@click.argument("list_id", metavar="[LIST_ID]]", required=False)
@pass_options
def ls(options: GlobalOptions, connection: str | None, list_id: str | None) -> None:
    """List the reports that were imported, oldest import first. No vendor is asked."""
    with opened_hub(options) as hub:
        documents = (
            report.as_dict() for usage in usage_of(hub, connection) for report in usage.reports(list_id)
        )
        print_many(options, documents, _REPORTS, "No report was imported.")


@click.command("stats", cls=GlobalCommand)
@click.argument("connection", metavar="[CONN", required=False, shell_complete=connections)
@click.argument("list_id", metavar="[LIST_ID]]", required=False)
@click.option(
    "--by",
    type=click.Choice([str(group) for group in UsageGroup]),
    default=str(UsageGroup.LIST),
    show_default=True,
    help="What is counted apart; days begin in the connection's timezone, else in UTC.",
)
@pass_options
def stats(options: GlobalOptions, connection: str | None, list_id: str | None, *, by: str) -> None:
    """Count the codes that were given out, and to how many customers, as imported reports say.

    No vendor is asked, and what no report covers is not counted: `couponhub usage status` says what is. A code
    that several reports hold counts once. Every row is read, which takes a few seconds for each million.
    """
    columns = (
        Column("CONNECTION", "connection"),
        Column(by.upper(), "value", whole=True),
        *((Column("NAME", "name"),) if by in {UsageGroup.LIST, UsageGroup.CAMPAIGN} else ()),
        Column("CODES", "codes", right=True),
        Column("CUSTOMERS", "customers", right=True),
        Column("FIRST", "first_issued_at", whole=True, time=True),
        Column("LAST", "last_issued_at", whole=True, time=True),
    )
    with opened_hub(options) as hub:
        documents = (
            count.as_dict() for usage in usage_of(hub, connection) for count in usage.stats(by, list_id)
        )
        print_many(options, documents, columns, "No code was given out, as far as imported reports say.")


@click.command("export", cls=GlobalCommand)
@click.argument("connection", metavar="[CONN", required=False, shell_complete=connections)
@click.argument("list_id", metavar="[LIST_ID]]", required=False)
@click.option(
    "--out",
    "target",
    required=True,
    metavar="FILE.csv|parquet",
    shell_complete=files,
    help="Where the rows go, mode 0600.",
)
@pass_options
def export(options: GlobalOptions, connection: str | None, list_id: str | None, *, target: str) -> None:
    """Write every code that was given out into a file, one a row, as imported reports say. No vendor is asked.

    Codes stand in it in plain text, customers as keyed hashes: the same customer has the same one everywhere, and
    nobody is found by it. A file that is there is replaced when the new one is whole. Parquet needs the extra
    `couponhub[parquet]`.
    """
    path = check_target(target)
    with opened_hub(options) as hub, told_if_interrupted("nothing was written"):
        count = write_rows(path, _COLUMNS, _rows(hub, connection, list_id))
    document = {"file": str(Path(target)), "rows": count}
    print_one(
        options,
        document,
        (Column("FILE", "file"), Column("ROWS", "rows", right=True)),
        done="the file was written",
    )


def _rows(hub: CouponHub, connection: str | None, list_id: str | None) -> Iterator[list[object]]:
    instants = {name for name, kind in _COLUMNS.items() if kind == INSTANT}
    write: dict[str, Callable[..., object]] = dict.fromkeys(instants, instant_text)
    for usage in usage_of(hub, connection):
        for row in usage.rows(list_id):
            yield [
                write[name](getattr(row, name)) if name in write else getattr(row, name) for name in _COLUMNS
            ]


def usage_of(hub: CouponHub, connection: str | None) -> Iterator[Usage]:
    """Return the reports that are meant: those of one connection, else of all whose vendor has any."""
    names = (
        [connection] if connection else [name for name in hub if "usage.request" in hub[name].capabilities]
    )
    return (hub[name].usage for name in names)
