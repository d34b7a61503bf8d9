"""`couponhub lookup`: which coupons a customer holds, at every vendor."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

import click

from couponhub.cli.failures import say, tell
from couponhub.cli.options import GlobalCommand, GlobalOptions, pass_options
from couponhub.cli.output import as_table, print_json, print_many
from couponhub.cli.session import Instant, Seconds, opened_hub, secret_value
from couponhub.cli.tables import Approximate, Column
from couponhub.errors import UsageError
from couponhub.models import (
    CouponQuery,
    CouponSort,
    CouponStatus,
    Customer,
    LookupAnswer,
    Reason,
    Strategy,
    Verdict,
)
from couponhub.serialization import Document, to_document

_ANSWERS = (
    Column("CONNECTION", "connection"),
    Column("VERDICT", "verdict", whole=True),
    Column("REASON", "reason"),
    Column("SOURCE", "source"),
    Column("MS", "elapsed_ms", right=True),
)
_IDENTIFIED_BY = Column("NAMED BY", "identified_by")
_COUPONS = (
    Column("CONNECTION", "connection"),
    Column("CODE", "code", whole=True),
    Column("STATUS", "status", whole=True),
    Column("LIST", lambda document: document["list_name"] or document["list_id"]),
    Column("ISSUED", lambda document: _guessed(document, "issued_at"), time=True),
    Column("EXPIRES", "expires_at", time=True),
)
_COUNT = Column("REDEEMED", "redemption_count", right=True)
_USED = Column("USED", lambda document: _used(document["redemption_count"]))
_ALSO_AT = Column("ALSO AT", lambda document: ", ".join(document["also_at"]) or None)
_SERVER_SECONDS = 15.0
"""That a server may take beside the time for its answer."""
_STATUS = click.Choice([status.value for status in CouponStatus], case_sensitive=False)


@click.command("lookup", cls=GlobalCommand)
@click.option("--mobile", metavar="V")
@click.option("--email", metavar="V")
@click.option("--external-id", metavar="V")
@click.option("--id", "vendor_id", metavar="V", help="The vendor's own customer number.")
@click.option("--connection", "connections", multiple=True, metavar="C", help="Ask only these.")
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
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N coupons of each connection."
)
@click.option("--deadline", type=Seconds(), metavar="SECONDS", help="For the whole answer.")
@click.option(
    "--strategy",
    type=click.Choice([strategy.value for strategy in Strategy], case_sensitive=False),
    default=Strategy.MERGE.value,
    show_default=True,
    help="Ask all at once, or one after the other until one has found coupons.",
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

    Exits with 3 when the answer is not complete.
    """
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
    _print(options, answer)
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
    """Who answers: the hub of the config file, or a server."""
    if server is None:
        with opened_hub(options) as hub:
            yield hub.lookup
        return
    from couponhub.client import Client  # noqa: PLC0415 - only who has a server needs it

    seconds = _SERVER_SECONDS + (deadline or 0.0)
    token = secret_value(token, "token")
    with Client(server, token=token, timeout=seconds, allow_http=allow_http) as client:
        yield partial(client.lookup, raw=options.raw)


def _print(options: GlobalOptions, answer: LookupAnswer) -> None:
    document = to_document(answer, raw=options.raw)
    if options.output == "json":
        print_json(document)
    else:
        _print_rows(options, answer, document)
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


def _print_rows(options: GlobalOptions, answer: LookupAnswer, document: Document) -> None:
    coupons = document["coupons"]
    columns = [*_COUPONS, _USED if as_table(options) else _COUNT]
    if answer.shared_codes or not as_table(options):
        columns.append(_ALSO_AT)
    if as_table(options):
        is_carried = any(one.identified_by for one in answer.answers)
        print_many(options, document["answers"], (*_ANSWERS, _IDENTIFIED_BY) if is_carried else _ANSWERS, "")
        click.echo()
    print_many(options, coupons, columns, _nothing(answer))
    if as_table(options) and any(coupon["approximate"] for coupon in coupons):
        click.echo(
            "~ marks times whose zone is a guess; `couponhub explain` says which setting of the connection settles it",
            err=True,
        )


def _used(count: int | None) -> str | None:
    """How often a coupon was used, in words: an active one may have been, and be used again."""
    if count is None:
        return None
    return f"used {count}x" if count else "unused"


def _guessed(document: Document, name: str) -> str | Approximate | None:
    moment: str | None = document[name]
    return Approximate(moment) if moment and name in document["approximate"] else moment


def _nothing(answer: LookupAnswer) -> str:
    if answer.complete:
        return f"Customer {answer.customer.masked} holds no such coupon."
    unknown = ", ".join(one.connection for one in answer.answers if one.verdict is Verdict.UNKNOWN)
    return f"No coupon of customer {answer.customer.masked} is known; {unknown} could not tell."
