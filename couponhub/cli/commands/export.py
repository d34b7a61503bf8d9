"""`couponhub export`: who of a file of customers holds which coupons, written to a file."""

import time
from collections.abc import Callable

import click

from couponhub.cli.code_sources import file_or_stdin
from couponhub.cli.completing import files, takes_connection
from couponhub.cli.failures import say, tell
from couponhub.cli.options import GlobalGroup, GlobalOptions, pass_options
from couponhub.cli.output import print_many, print_one
from couponhub.cli.session import Seconds, opened_hub
from couponhub.cli.tables import Column
from couponhub.clock import utc_now
from couponhub.errors import CouponhubError, PartialFailure, QuotaExhausted, RateLimited, WaitTimeout
from couponhub.holdings import CustomerExport
from couponhub.hub import CouponHub
from couponhub.models import JobStatus
from couponhub.serialization import error_object, to_document

_EVERY_SECONDS = 5.0
_COLUMNS = (
    Column("ID", "id", whole=True),
    Column("STATUS", "status", whole=True),
    Column("CUSTOMERS", "customers", right=True),
    Column("ASKED", "asked", right=True),
    Column("FOUND", "found", right=True),
    Column("NONE", "none", right=True),
    Column("UNKNOWN", "unknown", right=True),
    Column("COUPONS", "coupons", right=True),
    Column("OUT", "out", whole=True),
    Column("UNKNOWN OUT", "unknown_out", whole=True),
    Column("WAITING FOR", "waiting_for"),
    Column("NOT BEFORE", "not_before", time=True),
    Column("CONNECTION", "connection"),
    Column("LIST", "list_id"),
)
_timeout = click.option("--timeout", type=Seconds(), metavar="SECONDS", help="The longest to take now.")


@click.group("export", cls=GlobalGroup)
def command() -> None:
    """Exports of who holds which code, from vendors that can be asked."""


@command.command("customers")
@takes_connection
@click.argument("file", metavar="FILE|-", shell_complete=files)
@click.option(
    "--out",
    required=True,
    metavar="FILE",
    shell_complete=files,
    help="The file to write, .csv or .parquet; one that is there is replaced when the new one is whole.",
)
@click.option("--list", "list_id", metavar="ID", help="Only coupons of this list.")
@_timeout
@pass_options
def customers(
    options: GlobalOptions,
    connection: str,
    file: str,
    *,
    out: str,
    list_id: str | None,
    timeout: float | None,
) -> None:
    """Ask CONN which coupons each customer in FILE holds, and write one row per coupon.

    FILE has one column mobile, email, external_id or id. Killed, or waiting for a quota, the same command goes on where it
    was; so do `export resume` and `couponhub work`. Customers of whom not all could be known stand with the reason in a
    file beside it, OUT.unknown.csv, and then it exits with 3. Who is in neither file holds no coupon, as the vendor said.
    """
    source = file_or_stdin(file)
    _run(
        options,
        lambda hub, progress: hub.exports.run(
            connection, source, out, list_id=list_id, timeout=timeout, progress=progress
        ),
    )


@command.command("resume")
@click.argument("export_id", metavar="EXPORT_ID")
@_timeout
@pass_options
def resume(options: GlobalOptions, export_id: str, *, timeout: float | None) -> None:
    """Go on with an export that has not ended; the file of customers is not needed."""
    _run(options, lambda hub, progress: hub.exports.resume(export_id, timeout=timeout, progress=progress))


@command.command("cancel")
@click.argument("export_id", metavar="EXPORT_ID")
@pass_options
def cancel(options: GlobalOptions, export_id: str) -> None:
    """Give an export up, for good: nothing is written, and what was learned is dropped."""
    with opened_hub(options) as hub:
        export = hub.exports.cancel(export_id)
    print_one(options, to_document(export), _COLUMNS, done=f"export {export.id} is {export.status}")


@command.command("ls")
@pass_options
def ls(options: GlobalOptions) -> None:
    """List the exports that are known, oldest first."""
    with opened_hub(options) as hub:
        print_many(options, map(to_document, hub.exports.iterate()), _COLUMNS, "Nothing was exported.")


class _Progress:
    """Tells on stderr how an export stands, every few seconds."""

    def __init__(self) -> None:
        self.export_id: str | None = None
        self._told = time.monotonic()

    def __call__(self, export: CustomerExport) -> None:
        self.export_id = export.id
        if time.monotonic() - self._told < _EVERY_SECONDS:
            return
        self._told = time.monotonic()
        say(f"{export.asked:,} of {export.customers:,} customers asked, {export.coupons:,} coupons")


def _run(
    options: GlobalOptions,
    work: Callable[[CouponHub, _Progress], CustomerExport],
) -> None:
    """Drive an export; it is on stdout as it then stands, and its fault beside it."""
    progress = _Progress()
    try:
        with opened_hub(options) as hub:
            export = work(hub, progress)
    except KeyboardInterrupt:
        goes_on = (
            f"; `couponhub export resume {progress.export_id}` or `couponhub work` goes on with it"
            if progress.export_id
            else ""
        )
        say(f"interrupted{goes_on}")
        raise click.exceptions.Exit(130) from None
    fault = _fault_of(export)
    document = to_document(export)
    if fault is not None:
        document["error"] = error_object(fault)
    print_one(options, document, _COLUMNS, done=f"export {export.id} is {export.status}")
    if fault is not None:
        tell(fault)
        raise click.exceptions.Exit(fault.exit_code)


def _fault_of(export: CustomerExport) -> CouponhubError | None:
    """Return the error of an export that is not whole; None of one that is."""
    if export.status is JobStatus.DONE:
        if not export.unknown:
            return None
        return PartialFailure(
            f"of {export.unknown:,} of {export.customers:,} customers not all could be known",
            hint=f"{export.unknown_out} names them, each with the reason",
            connection=export.connection,
            operation=f"export {export.id}",
        )
    if export.status.ended:
        return PartialFailure(f"export {export.id} is {export.status}: nothing was written")
    goes_on = f"`couponhub export resume {export.id}` or `couponhub work` goes on with it"
    if export.status is JobStatus.PROCESSING:
        return WaitTimeout(f"somebody else drives export {export.id} now", hint=goes_on)
    what = f"{export.asked:,} of {export.customers:,} customers were asked about"
    waits = export.waiting_for or ""
    kind = next((one for one in (QuotaExhausted, RateLimited) if waits.startswith(f"{one.kind}:")), None)
    if kind is None:
        return WaitTimeout(f"{what}; {waits or 'the rest was not'}", hint=goes_on)
    left = (export.not_before or utc_now()) - utc_now()
    return kind(
        f"{what}; {waits}",
        hint=goes_on,
        retry_after=max(0.0, left.total_seconds()),
        connection=export.connection,
    )
