"""`couponhub migrate`: the commands that decide: the cut-over, the way back, and the end of the source list."""

import sys

import click

from couponhub.cli.commands.migrate_runs import named
from couponhub.cli.completing import files
from couponhub.cli.failures import say
from couponhub.cli.migration_view import STATUS_FIELDS
from couponhub.cli.numbers import Whole
from couponhub.cli.options import GlobalCommand, GlobalOptions, pass_options
from couponhub.cli.output import as_table, print_one
from couponhub.cli.proof_view import CUT_OVER_FIELDS, ROLLBACK_FIELDS, SHADOW_FIELDS, print_checklist
from couponhub.cli.session import opened_hub, told_if_interrupted
from couponhub.errors import UsageError
from couponhub.serialization import to_document


@click.command("cutover", cls=GlobalCommand)
@named
@click.option(
    "--window",
    default="7d",
    show_default=True,
    metavar="TIME",
    help="How long `rollback` leads back: such as 7d, 12h or 90m.",
)
@pass_options
def cutover(options: GlobalOptions, migration: str, *, window: str) -> None:
    """Have lookups ask the target first, and begin the window of the way back.

    It demands a balanced proof that is no older than an hour. Every process that shares the state follows within seconds.
    """
    with opened_hub(options) as hub:
        found = hub.migrations.cut_over(migration, window=window)
    document = to_document(found, raw=False)
    print_one(options, document, CUT_OVER_FIELDS, done="it is cut over")
    if as_table(options):
        print_checklist(document)


@click.command("shadow", cls=GlobalCommand)
@named
@click.option(
    "--customers",
    required=True,
    metavar="FILE",
    shell_complete=files,
    help="Whom to ask about: a column mobile, email, external_id or id.",
)
@click.option(
    "--sample", type=Whole(1), required=True, metavar="N", help="The most customers that are asked about."
)
@click.option("--seed", type=int, default=0, metavar="S", help="Chooses the sample: the same one the same.")
@pass_options
def shadow(options: GlobalOptions, *, migration: str, customers: str, sample: int, seed: int) -> None:
    """Look a sample of customers up at both vendors, and count how what they know differs."""
    with opened_hub(options) as hub, told_if_interrupted("nothing was changed"):
        found = hub.migrations.shadow(migration, customers, sample=sample, seed=seed)
    print_one(options, to_document(found, raw=False), SHADOW_FIELDS)


@click.command("rollback", cls=GlobalCommand)
@named
@click.option(
    "--out",
    metavar="FILE",
    shell_complete=files,
    help="Name the codes that were handed out meanwhile in a new file.",
)
@pass_options
def rollback(options: GlobalOptions, migration: str, *, out: str | None) -> None:
    """Have lookups ask as they did before the cut-over, and say which codes were handed out meanwhile, and where."""
    with (
        opened_hub(options) as hub,
        told_if_interrupted(
            "lookups may ask as before already; the same command, or `migrate status`, tells"
        ),
    ):
        found = hub.migrations.roll_back(migration, out=out)
    print_one(options, to_document(found, raw=False), ROLLBACK_FIELDS, done="it is led back")
    if out is not None:
        say(f"the codes that are known by name are in {out}")


@click.command("retire", cls=GlobalCommand)
@named
@click.option(
    "--confirm",
    metavar="NAME",
    help="The name of the source list; asked for on a terminal when it is not given.",
)
@pass_options
def retire(options: GlobalOptions, migration: str, *, confirm: str | None) -> None:
    """Archive the list at the source, once the window is over. Nobody can take it back.

    It demands a balanced proof that is no older than a day.
    """
    if confirm is None:
        if not sys.stdin.isatty():
            raise UsageError(
                "this cannot be undone, and nobody is there to be asked",
                hint="--confirm NAME, the name of the source list",
            )
        confirm = click.prompt("The name of the list at the source that is to end", err=True)
    with opened_hub(options) as hub:
        found = hub.migrations.retire(migration, confirm)
    print_one(options, to_document(found, raw=options.raw), STATUS_FIELDS, done="it is archived")


COMMANDS = (cutover, shadow, rollback, retire)
