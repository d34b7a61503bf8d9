"""`couponhub migrate`: moving a coupon list from one vendor to another."""

from collections.abc import Iterator
from pathlib import Path

import click

from couponhub.cli.commands.migrate_decisions import COMMANDS as DECISIONS
from couponhub.cli.commands.migrate_proofs import COMMANDS as PROOFS
from couponhub.cli.commands.migrate_runs import COMMANDS as RUNS
from couponhub.cli.completing import connections, files
from couponhub.cli.failures import say
from couponhub.cli.migration_view import PLAN_FIELDS, print_plan_tables
from couponhub.cli.options import GlobalCommand, GlobalGroup, GlobalOptions, pass_options
from couponhub.cli.output import as_table, print_one
from couponhub.cli.session import opened_hub, pairs, told_if_interrupted
from couponhub.models import IssuedAs
from couponhub.serialization import to_document

_SEVERAL = "--codes"


class _TakesSeveral(GlobalCommand):
    """A command whose `--codes` takes several values, as `--codes a.csv b.csv`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read `--codes a b` as `--codes a --codes b`."""
        return super().parse_args(ctx, list(_spread(args)))


def _spread(words: list[str]) -> Iterator[str]:
    is_value = False
    for at, word in enumerate(words):
        if is_value and words[at - 1] != _SEVERAL and not word.startswith("-"):
            yield _SEVERAL
        is_value = word == _SEVERAL or (is_value and not word.startswith("-"))
        yield word


@click.group("migrate", cls=GlobalGroup)
def command() -> None:
    """Move the codes of a coupon list to another one, at another vendor or at the same.

    A plan is made first, and reviewed; it holds counts and digests, never a code.
    """


@command.command("plan", cls=_TakesSeveral)
@click.option(
    "--from",
    "source",
    required=True,
    metavar="CONN",
    shell_complete=connections,
    help="Where codes come from.",
)
@click.option("--list", "list_id", required=True, metavar="ID", help="The list there.")
@click.option(
    "--to", "target", required=True, metavar="CONN", shell_complete=connections, help="Where they go."
)
@click.option("--to-list", metavar="ID", help="The list there.")
@click.option("--create", is_flag=True, help="Have a list made there, like the source's.")
@click.option(
    "--codes",
    multiple=True,
    required=True,
    metavar="SOURCE...",
    shell_complete=files,
    help="Files, or list:CONN/ID: what was sent to a list from here.",
)
@click.option(
    "--customers",
    metavar="FILE",
    shell_complete=files,
    help="Whom to ask the source about (a column mobile, email, external_id or id), or an export with a column code.",
)
@click.option(
    "--merges", metavar="FILE", shell_complete=files, help="The source vendor's log of merged customers."
)
@click.option(
    "--issued-as",
    type=click.Choice([word.value for word in IssuedAs]),
    help="What becomes of codes that customers hold: bound to them, left behind, or free again. Default: tagged"
    " where the target can, else skip.",
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Of the list that is made: name, expires, label, created_by, and the vendor's own documented fields.",
)
@click.option("--force", "reason", metavar="REASON", help="Why limits may be crossed; it stands in the plan.")
@click.option("--out", required=True, metavar="PLAN", shell_complete=files, help="A new file for the plan.")
@click.option(
    "--markdown", metavar="PATH", shell_complete=files, help="Write it for a pull request, too: a new file."
)
@click.option(
    "--html", metavar="PATH", shell_complete=files, help="Write a page with pictures, too: a new file."
)
@pass_options
def plan(
    options: GlobalOptions,
    *,
    source: str,
    list_id: str,
    target: str,
    to_list: str | None,
    create: bool,
    codes: tuple[str, ...],
    customers: str | None,
    merges: str | None,
    issued_as: str | None,
    changes: tuple[str, ...],
    reason: str | None,
    out: str,
    markdown: str | None,
    html: str | None,
) -> None:
    """Plan how the codes of a list move: what moves, what is lost, when it ends. Vendors are only read.

    The plan is one file for people to review and to keep; `apply` runs exactly what stands in it.
    """
    from couponhub.migration.plan_file import require_new, write_new, write_plan  # noqa: PLC0415 - completion needs none of it
    from couponhub.migration.plan_page import markdown_of, page_of, require_pictures  # noqa: PLC0415 - the same

    for path in (out, markdown, html):
        if path is not None:
            require_new(Path(path))
    if html is not None:
        require_pictures()
    with opened_hub(options) as hub, told_if_interrupted("nothing was written"):
        made = hub.migrations.plan(
            source,
            list_id,
            target,
            codes,
            to_list=to_list,
            create=create,
            customers=customers,
            merges=merges,
            issued_as=issued_as,
            changes=pairs("--set", changes),
            reason=reason,
        )
    write_plan(made, out)
    if markdown is not None:
        write_new(Path(markdown), markdown_of(made))
    if html is not None:
        write_new(Path(html), page_of(made))
    document = to_document(made, raw=False)
    print_one(options, document, PLAN_FIELDS, done=f"the plan is in {out}")
    if as_table(options):
        print_plan_tables(document)
    say(f"the plan is in {out}; nothing was changed anywhere")


for _one in (*RUNS, *PROOFS, *DECISIONS):
    command.add_command(_one)
