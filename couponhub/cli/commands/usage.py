"""`couponhub usage`: reports of who was given which code."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta

import click

from couponhub.cli.commands import usage_analysis
from couponhub.cli.commands.usage_analysis import usage_of
from couponhub.cli.completing import connections, files, takes_connection
from couponhub.cli.failures import say, tell
from couponhub.cli.numbers import Number
from couponhub.cli.options import GlobalGroup, GlobalOptions, pass_options
from couponhub.cli.output import print_many, print_one
from couponhub.cli.session import Day, opened_hub, told_if_interrupted
from couponhub.cli.tables import Column
from couponhub.clock import utc_now
from couponhub.errors import CouponhubError, PartialFailure
from couponhub.models import UsageStatus
from couponhub.serialization import Document, to_document
from couponhub.usage import Usage


def _spans(key: str) -> Callable[[Document], list[str]]:
    def cell(document: Document) -> list[str]:
        return [
            span["from"] if span["from"] == span["to"] else f"{span['from']} to {span['to']}"
            for span in document[key]
        ]

    return cell


_IMPORTED = (
    Column("FILE", "file"),
    Column("ROWS", "rows", right=True),
    Column("ADDED", "added", right=True),
    Column("KNOWN", "known", right=True),
    Column("WITHHELD", "withheld", right=True),
    Column("LIST", "list_id", whole=True),
    Column("FROM", "from", whole=True),
    Column("TO", "to", whole=True),
)
_COVERAGE = (
    Column("LIST", "list_id", whole=True),
    Column("NAME", "list_name"),
    Column("CREATED", "created_on", whole=True),
    Column("COVERED", _spans("covered")),
    Column("MISSING", _spans("missing")),
    Column("WAIT", lambda document: (document["request"] or {}).get("wait_days"), right=True),
    Column("TO FILL THE GAPS", lambda document: (document["request"] or {}).get("command"), whole=True),
)


@click.group("usage", cls=GlobalGroup)
def command() -> None:
    """Usage reports: who was given which code, of vendors that cannot be asked."""


command.add_command(usage_analysis.ls)
command.add_command(usage_analysis.stats)
command.add_command(usage_analysis.export)


@command.command("request")
@takes_connection
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


@command.command("import")
@takes_connection
@click.argument("list_id", metavar="LIST_ID")
@click.argument("file", metavar="FILE", shell_complete=files)
@click.option("--from", "start", type=Day(), required=True, help="First day that it was requested for.")
@click.option("--to", "end", type=Day(), required=True, help="Last day, included.")
@click.option("--include-forgotten", is_flag=True, help="Take customers in who are to be forgotten.")
@click.option("--shared-codes", is_flag=True, help="Take codes that are known to stand in another list.")
@pass_options
def import_(
    options: GlobalOptions,
    connection: str,
    list_id: str,
    file: str,
    *,
    start: date,
    end: date,
    include_forgotten: bool,
    shared_codes: bool,
) -> None:
    """Import the report of a list for the days --from to --to, so that lookups answer from it.

    FILE is CSV, plain or packed, a workbook or Parquet, or the mail that it came with (.eml), here or at an address. All
    of it is imported or nothing; what earlier reports held is not doubled.
    """
    with opened_hub(options) as hub, told_if_interrupted("nothing was imported"):
        done = hub[connection].usage.import_report(
            list_id, file, start, end, include_forgotten=include_forgotten, shared_codes=shared_codes
        )
    print_one(options, to_document(done), _IMPORTED, done="the report was imported")
    _warn(done.warnings)


@command.command("status")
@click.argument("connection", metavar="[CONN", required=False, shell_complete=connections)
@click.argument("list_id", metavar="[LIST_ID]]", required=False)
@click.option(
    "--fail-if-older",
    "most_hours",
    type=Number(above=0, most=876_000),
    metavar="HOURS",
    help="Exit with 3 unless every day up to so many hours ago is covered.",
)
@pass_options
def status(
    options: GlobalOptions, connection: str | None, list_id: str | None, *, most_hours: float | None
) -> None:
    """Show which days of each list imported reports cover, and which requests would fill the gaps.

    Without CONN all connections are meant whose vendor has such reports; one that cannot be asked hides no other.

    The commands are for a shell in which REPORTS_TO is the address that gets the reports. What the vendor's daily
    limit leaves for later days says so in WAIT.
    """
    columns = _COVERAGE if connection is not None else (Column("CONNECTION", "connection"), *_COVERAGE)
    warnings: list[str] = []
    with opened_hub(options) as hub:
        covered = _covered(usage_of(hub, connection), list_id, most_hours, warnings)
        print_many(options, covered, columns, "There are no lists that a report could be of.")
    _warn(warnings)


def _covered(
    asked: Iterable[Usage], list_id: str | None, most_hours: float | None, warnings: list[str]
) -> Iterator[Document]:
    """Give what is covered at one connection after the other, then fail where one could not be asked, or is too old."""
    errors: list[CouponhubError] = []
    for usage in asked:
        try:
            found = usage.status(list_id)
            yield from map(to_document, found.lists)
            warnings.extend(found.warnings)
            if most_hours is not None:
                _check_age(found, most_hours)
        except CouponhubError as error:
            errors.append(error)
    for further in errors[1:]:
        tell(further)
    if errors:
        raise errors[0]


def _check_age(found: UsageStatus, most_hours: float) -> None:
    most = timedelta(hours=most_hours)
    if found.as_of is None:
        raise _too_old(found, "reports prove nothing yet: not every list is covered from its creation on")
    age = utc_now() - found.as_of
    if age > most:
        hours = age / timedelta(hours=1)
        raise _too_old(
            found, f"reports cover every day until {found.as_of:%Y-%m-%d %H:%M} UTC, {hours:.1f} hours ago"
        )


def _too_old(found: UsageStatus, what: str) -> PartialFailure:
    hint = f"see `couponhub usage status {found.connection}` for the requests that fill the gaps"
    return PartialFailure(what, connection=found.connection, hint=hint)


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        say(f"warning: {warning}")
