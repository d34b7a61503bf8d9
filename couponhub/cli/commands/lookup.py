"""`couponhub lookup`: which coupons a customer holds, at every vendor."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

import click

from couponhub.cli import completing, lookup_view
from couponhub.cli.failures import say, tell
from couponhub.cli.numbers import Whole
from couponhub.cli.options import GlobalCommand, GlobalOptions, pass_options
from couponhub.cli.output import as_table, print_json, print_many
from couponhub.cli.session import Instant, Seconds, opened_hub, secret_value
from couponhub.cli.stdout import on_stdout, write
from couponhub.cli.tables import print_words
from couponhub.errors import UsageError
from couponhub.models import (
    Coupon,
    CouponQuery,
    CouponSort,
    CouponStatus,
    Customer,
    Difference,
    DifferenceKind,
    LookupAnswer,
    Reason,
    Strategy,
)
from couponhub.serialization import Document, to_document

_SERVER_SECONDS = 15.0
"""That a server may take beside the time for its answer."""
_STATUS = click.Choice([status.value for status in CouponStatus], case_sensitive=False)


@click.command("lookup", cls=GlobalCommand)
@click.option("--mobile", metavar="V")
@click.option("--email", metavar="V")
@click.option("--external-id", metavar="V")
@click.option("--id", "vendor_id", metavar="V", help="The vendor's own customer number.")
@click.option(
    "--connection",
    "connections",
    multiple=True,
    metavar="C",
    shell_complete=completing.connections,
    help="Ask only these.",
)
@click.option("--status", "statuses", multiple=True, type=_STATUS, help="Only such coupons.")
@click.option("--list", "list_id", metavar="ID", help="Only coupons of this list.")
@click.option("--store", "store_id", metavar="ID", help="Only coupons redeemable at this store.")
@click.option("--since", type=Instant(), metavar="D", help="Issued or redeemed from then on.")
@click.option("--until", type=Instant(), metavar="D", help="Issued or redeemed before then.")
@click.option(
    "--sort",
    type=click.Choice([sort.value for sort in CouponSort]),
    help="Order the coupons of each connection; newest first by default.",
)
@click.option("--descending", is_flag=True, help="Turn that order round.")
@click.option("--limit", type=Whole(1), metavar="N", help="Only the first N coupons of each connection.")
@click.option("--deadline", type=Seconds(), metavar="SECONDS", help="For the whole answer.")
@click.option(
    "--strategy",
    type=click.Choice([strategy.value for strategy in Strategy], case_sensitive=False),
    default=Strategy.MERGE.value,
    show_default=True,
    help="Ask all at once, or one after the other until one has found coupons, or compare what all know.",
)
@click.option("--server", metavar="URL", help="Ask a running `couponhub serve`; takes no config file.")
@click.option("--allow-http", is_flag=True, help="Let that be an address of another machine with http://.")
@click.option(
    "--token", metavar="T|@FILE|-", help="Its bearer token, a file that holds it, or - to be asked."
)
@pass_options
def command(
    options: GlobalOptions,
    *,
    mobile: str | None,
    email: str | None,
    external_id: str | None,
    vendor_id: str | None,
    connections: tuple[str, ...],
    statuses: tuple[str, ...],
    list_id: str | None,
    store_id: str | None,
    since: datetime | None,
    until: datetime | None,
    sort: str | None,
    descending: bool,
    limit: int | None,
    deadline: float | None,
    strategy: str,
    server: str | None,
    allow_http: bool,
    token: str | None,
) -> None:
    """Show which coupons a customer holds, and which connections could not tell.

    Exits with 3 when the answer is not complete. csv and jsonl begin with a row that says so, and a row for each connection:
    `kind` is lookup, answer or coupon, and difference where connections are compared.
    """
    given = [one for one in (mobile, email, external_id, vendor_id) if one is not None]
    if len(given) != 1:
        raise UsageError(
            "no customer was named" if not given else "the customer was named more than once",
            hint="give one of --mobile, --email, --external-id and --id",
        )
    customer = Customer(mobile=mobile, email=email, external_id=external_id, id=vendor_id)
    query = CouponQuery(
        status=statuses,
        list_id=list_id,
        store_id=store_id,
        since=since,
        until=until,
        sort=None if sort is None else CouponSort(sort),
        descending=descending,
        limit=limit,
    )
    if server is None and token is not None:
        raise UsageError("--token is of a server; name that with --server")
    with _asked(options, server, token, deadline, allow_http=allow_http) as ask:
        answer = ask(customer, query, connections=connections or None, deadline=deadline, strategy=strategy)
    show(options, answer, query)
    if not answer.complete:
        raise click.exceptions.Exit(3)


@contextmanager
def _asked(
    options: GlobalOptions,
    server: str | None,
    token: str | None,
    deadline: float | None,
    *,
    allow_http: bool,
) -> Iterator[Callable[..., LookupAnswer]]:
    """Open whoever answers: the hub of the config file, or a server."""
    if server is None:
        with opened_hub(options) as hub:
            yield hub.lookup
        return
    from couponhub.client import Client  # noqa: PLC0415 - only who has a server needs it

    seconds = _SERVER_SECONDS + (deadline or 0.0)
    token = secret_value(token, "token")
    with Client(server, token=token, timeout=seconds, allow_http=allow_http) as client:
        yield partial(client.lookup, raw=options.raw)


def show(options: GlobalOptions, answer: LookupAnswer, query: CouponQuery) -> None:
    """Print an answer to that question in the form that was asked for, and on stderr what was odd."""
    document = to_document(answer, raw=options.raw)
    match options.output:
        case "json":
            print_json(document)
        case "jsonl":
            print_many(options, lookup_view.rows_of(document), (), "")
        case "csv":
            print_many(options, _equal_rows(options, document), (), "")
        case _ if as_table(options):
            _print_table(options, answer, query, document)
        case _:
            print_many(options, document["coupons"], lookup_view.PLAIN, "")
    for one in answer.answers:
        for warning in one.warnings:
            say(f"{one.connection}: {warning}")
        if one.error is not None:
            tell(one.error)
        elif one.reason is Reason.INCOMPLETE and not one.warnings:
            say(f"{one.connection}: the vendor's answer is not complete")
        elif one.reason is Reason.NOT_COVERED and not one.warnings:
            say(
                f"{one.connection}: there may be more than imported reports tell: {one.coverage}"
                f" (see `couponhub usage status {one.connection}`)"
            )


def _print_table(
    options: GlobalOptions, answer: LookupAnswer, query: CouponQuery, document: Document
) -> None:
    is_filtered = query.unordered != CouponQuery()
    with on_stdout():
        style = "bold green" if answer.complete else "bold yellow"
        print_words(lookup_view.in_words(answer, filtered=is_filtered), style)
        for line in lookup_view.differences_in_words(answer):
            print_words(line, "bold")
        write("\n")
    print_many(options, document["answers"], lookup_view.answer_columns(answer), "")
    coupons = document["coupons"]
    if not coupons:
        return
    with on_stdout():
        write("\n")
    columns = (*lookup_view.TABLE, *[lookup_view.ALSO_AT] * bool(answer.shared_codes))
    print_many(options, coupons, columns, "")
    if any(coupon["approximate"] for coupon in coupons):
        click.echo(
            "~ marks times whose zone is a guess; `couponhub explain` says which setting of the connection settles it",
            err=True,
        )


def _equal_rows(options: GlobalOptions, document: Document) -> Iterator[Document]:
    """The rows of a lookup, each with all columns, which are the same whatever was found."""
    coupon = {**to_document(Coupon(connection="", code=""), raw=options.raw), "also_at": None}
    one_of_each = {**document, "coupons": [coupon]}
    if document["differences"] is not None:
        difference = Difference(reference="", connection="", kind=DifferenceKind.SAME, count=0)
        one_of_each["differences"] = [to_document(difference)]
    columns = dict.fromkeys(key for row in lookup_view.rows_of(one_of_each) for key in row)
    for row in lookup_view.rows_of(document):
        yield {key: row.get(key) for key in columns}
