"""`couponhub migrate`: the commands that run a plan, and follow it."""

from collections.abc import Callable
from pathlib import Path

import click

from couponhub.cli.completing import files
from couponhub.cli.failures import say
from couponhub.cli.migration_meter import MigrationMeter
from couponhub.cli.migration_report_view import REPORT_FIELDS, print_report_tables
from couponhub.cli.migration_view import STATUS_COLUMNS, STATUS_FIELDS, print_events
from couponhub.cli.numbers import Whole
from couponhub.cli.options import GlobalCommand, GlobalOptions, pass_options
from couponhub.cli.output import as_table, print_many, print_one
from couponhub.cli.progress import ProgressDisplay
from couponhub.cli.session import Seconds, opened_hub, told_if_interrupted
from couponhub.errors import CouponhubError, PartialFailure, WaitTimeout
from couponhub.migration import MigrationProgress
from couponhub.models import JobStatus, MigrationStatus
from couponhub.serialization import to_document

named = click.argument("migration", metavar="PLAN", shell_complete=files)
"""The migration that a command is about: its plan's file, or its id."""

_quiet = click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
_timeout = click.option(
    "--timeout",
    type=Seconds(),
    metavar="SECONDS",
    help="The longest to wait; default: days, if it takes days.",
)


@click.command("apply", cls=GlobalCommand)
@named
@click.option("--confirm", required=True, metavar="DIGEST", help="The digest of the plan that was reviewed.")
@_timeout
@_quiet
@pass_options
def apply(
    options: GlobalOptions, migration: str, *, confirm: str, timeout: float | None, quiet: bool
) -> None:
    """Run exactly the plan that was reviewed.

    The sources and both vendors are looked at again: where the world is no longer as planned, nothing is done. It waits
    for the vendors' quotas, for days if need be; whatever ends it, `migrate resume`, `work` or the same command goes on.
    Nothing at the source is changed.
    """

    def run(told: MigrationProgress) -> MigrationStatus:
        return hub.migrations.apply(migration, confirm, timeout=timeout, progress=told)

    with opened_hub(options) as hub:
        _followed(options, migration, run, quiet=quiet)


@click.command("resume", cls=GlobalCommand)
@named
@_timeout
@_quiet
@pass_options
def resume(options: GlobalOptions, migration: str, *, timeout: float | None, quiet: bool) -> None:
    """Go on with a migration that was paused, killed, or stopped by an error."""

    def run(told: MigrationProgress) -> MigrationStatus:
        return hub.migrations.resume(migration, timeout=timeout, progress=told)

    with opened_hub(options) as hub:
        _followed(options, migration, run, quiet=quiet)


@click.command("pause", cls=GlobalCommand)
@named
@pass_options
def pause(options: GlobalOptions, migration: str) -> None:
    """Send nothing more after the file that goes now, until `migrate resume`; from any terminal."""
    with opened_hub(options) as hub:
        _print(options, hub.migrations.pause(migration))


@click.command("cancel", cls=GlobalCommand)
@named
@pass_options
def cancel(options: GlobalOptions, migration: str) -> None:
    """Send nothing more, for good. What the target has by then it keeps."""
    with opened_hub(options) as hub:
        _print(options, hub.migrations.cancel(migration))


@click.command("throttle", cls=GlobalCommand)
@named
@click.option(
    "--per-minute", metavar="N", type=Whole(1), help="Vendor files in a minute; default: as the limits allow."
)
@pass_options
def throttle(options: GlobalOptions, migration: str, *, per_minute: int | None) -> None:
    """Send at most N vendor files in a minute from now on, whoever drives it."""
    with opened_hub(options) as hub:
        _print(options, hub.migrations.throttle(migration, per_minute))


@click.command("status", cls=GlobalCommand)
@named
@pass_options
def status(options: GlobalOptions, migration: str) -> None:
    """Show how a migration stands, and what happened to it. No vendor is asked."""
    with opened_hub(options) as hub:
        _print(options, hub.migrations.status(migration))


@click.command("report", cls=GlobalCommand)
@named
@click.option(
    "--html",
    metavar="PATH",
    shell_complete=files,
    help="Write it as a page, too: a new file, for its owner alone.",
)
@pass_options
def report(options: GlobalOptions, migration: str, *, html: str | None) -> None:
    """Account for a migration: every code with what it rests on, what happened, and what is left to do.

    No vendor is asked and nothing is changed. Neither the page nor the JSON holds a code or a customer.
    """
    from couponhub.migration.plan_file import require_new, write_new  # noqa: PLC0415 - completion needs none of it
    from couponhub.migration.report_page import report_page  # noqa: PLC0415 - the same

    if html is not None:
        require_new(Path(html))
    with opened_hub(options) as hub:
        made = hub.migrations.report(migration)
    if html is not None:
        write_new(Path(html), report_page(made), private=True)
    document = to_document(made, raw=options.raw)
    print_one(options, document, REPORT_FIELDS)
    if as_table(options):
        print_report_tables(document)
    if html is not None:
        say(f"the page is in {html}")


@click.command("ls", cls=GlobalCommand)
@pass_options
def ls(options: GlobalOptions) -> None:
    """List the migrations that were applied from here, oldest first."""
    with opened_hub(options) as hub:
        documents = (to_document(one, raw=options.raw) for one in hub.migrations.iterate())
        print_many(options, documents, STATUS_COLUMNS, "no migration was applied from here")


COMMANDS = (apply, resume, pause, cancel, throttle, status, report, ls)


def _followed(
    options: GlobalOptions,
    migration: str,
    run: Callable[[MigrationProgress], MigrationStatus],
    *,
    quiet: bool,
) -> None:
    meter = MigrationMeter()
    with ProgressDisplay(meter, quiet=quiet) as display:

        def told(status: MigrationStatus) -> None:
            meter.note(status)
            display.update()

        with told_if_interrupted(
            f"what was sent is written down; `couponhub migrate resume {migration}` goes on"
        ):
            try:
                found = run(told)
            except CouponhubError as error:
                if meter.subject is None or "migrate resume" in error.hint:
                    raise  # nothing is written down, or it says what to do
                goes_on = f"`couponhub migrate resume {migration}` goes on"
                raise error.reworded(hint=f"{error.hint}; {goes_on}" if error.hint else goes_on) from error
    _print(options, found)
    if found.job_status is JobStatus.CANCELLED:
        raise PartialFailure(
            f"{found.id} was cancelled; {found.sent:,} of {found.rows:,} codes are known to be taken",
            hint="plan anew for the others: what was sent is left out then",
        )
    if found.job_status is JobStatus.PAUSED:
        say(f"it is paused; `couponhub migrate resume {migration}` goes on")
    elif not found.job_status.ended:
        waits = f": it waits for {found.waiting_for}" if found.waiting_for else ""
        raise WaitTimeout(
            f"{found.id} has not ended in time{waits}", hint=f"`couponhub migrate resume {migration}` goes on"
        )
    elif found.sent < found.rows:
        raise PartialFailure(
            f"{found.id}: {found.rows - found.sent:,} of {found.rows:,} codes were not taken",
            hint=f"`couponhub uploads ls {found.target} {found.target_list_id}` and `couponhub migrate verify"
            f" {migration}` tell which",
        )


def _print(options: GlobalOptions, found: MigrationStatus) -> None:
    document = to_document(found, raw=options.raw)
    print_one(options, document, STATUS_FIELDS)
    if as_table(options):
        print_events(document)
