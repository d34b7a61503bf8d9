"""`couponhub codes`: code files, looked at before anything is sent."""

from pathlib import Path

import click

from couponhub.cli.code_sources import column_of, file_or_stdin, require_one_stdin, shown_source
from couponhub.cli.completing import connections, files
from couponhub.cli.desks import opened_desk
from couponhub.cli.failures import say
from couponhub.cli.options import GlobalGroup, GlobalOptions, pass_options
from couponhub.cli.output import as_table, print_one
from couponhub.cli.report_view import CHECK_FIELDS, PREPARED_FIELDS, print_check_tables, print_reasons
from couponhub.cli.tables import Column
from couponhub.errors import PartialFailure, UsageError
from couponhub.serialization import Document, to_document

_SET_FIELDS = (
    Column("CODES", "codes", right=True),
    Column("WRITTEN", "written", right=True),
    Column("LEFT OUT", "left_out", right=True),
    Column("FILE", "path", whole=True),
)
_COMPARISON = (
    Column("IN BOTH (=)", lambda document: document["classes"]["="], right=True),
    Column("IN THE FIRST ALONE (-)", lambda document: document["classes"]["-"], right=True),
    Column("IN THE SECOND ALONE (+)", lambda document: document["classes"]["+"], right=True),
    Column("EQUAL", "equal"),
    Column("FILES", lambda document: list((document["files"] or {}).values())),
)
_FINGERPRINT = (Column("FINGERPRINT", "fingerprint", whole=True),)
_column = click.option(
    "--column",
    metavar="NAME|INDEX",
    help="The column of codes, from 0; default: the one with a known name.",
)
_source = click.argument("source", metavar="SOURCE", shell_complete=files)
_others = click.argument("others", nargs=-1, required=True, metavar="SOURCE...", shell_complete=files)
_out_file = click.option(
    "--out", required=True, metavar="FILE", help="A new CSV file for them.", shell_complete=files
)


@click.group("codes", cls=GlobalGroup)
def command() -> None:
    """Code files, looked at before anything is sent. No vendor is asked.

    A SOURCE is a file, the address of one (https://, s3://, gs://, az://), or list:CONN/ID: what was sent to a list from here.
    """


@command.command("check")
@click.argument("sources", nargs=-1, required=True, metavar="FILE|-...", shell_complete=files)
@click.option(
    "--for",
    "names",
    multiple=True,
    metavar="CONN",
    shell_complete=connections,
    help="Tell what it would take at this connection.",
)
@_column
@click.option("--html", metavar="PATH", help="Write a page with pictures, too.", shell_complete=files)
@pass_options
def check(
    options: GlobalOptions,
    *,
    sources: tuple[str, ...],
    names: tuple[str, ...],
    column: str | None,
    html: str | None,
) -> None:
    """Find out what is faulty and odd in code files, and what was sent from here before.

    With --for it also says into how many files of that vendor the codes go, how many days of its quota that takes,
    and whether they fit.
    """
    require_one_stdin(*sources)
    if html is not None:
        from couponhub.codes.page import require_place  # noqa: PLC0415 - a check needs none of it

        require_place(Path(html))
    with opened_desk(options) as desk:
        report = desk.check(map(file_or_stdin, sources), connections=names, column=column_of(column))
    document = to_document(report, raw=False)
    if html is not None:
        from couponhub.codes.page import write_page  # noqa: PLC0415 - brings the library of pictures in

        write_page(report, Path(html))
    print_one(options, document, CHECK_FIELDS)
    if as_table(options):
        print_check_tables(document)


@command.command("prepare")
@click.argument("file", metavar="FILE|-", shell_complete=files)
@click.option(
    "--for", "name", required=True, metavar="CONN", shell_complete=connections, help="Whose vendor's form."
)
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    help="A new folder, or one that this made before.",
    shell_complete=files,
)
@_column
@pass_options
def prepare(options: GlobalOptions, *, file: str, name: str, out: str, column: str | None) -> None:
    """Write the codes of FILE into DIR as a vendor wants them: 1.csv, 2.csv ..., in their order, each once.

    Faulty rows are left out, and stand in rejects.csv by line and reason; then it exits with 3.
    """
    with opened_desk(options) as desk:
        prepared = desk.prepare(file_or_stdin(file), name, out, column=column_of(column))
    document = to_document(prepared, raw=False)
    print_one(options, document, PREPARED_FIELDS, done=f"the files are in {out}")
    for warning in prepared.warnings:
        say(f"warning: {warning}")
    if left_out := prepared.rejected + prepared.empty:
        if as_table(options):
            print_reasons(document)
        rows = "row was" if left_out == 1 else "rows were"
        error = PartialFailure(
            f"{left_out} faulty {rows} left out; {prepared.rejects_path} says which and why"
        )
        say(error.message)
        raise click.exceptions.Exit(error.exit_code)


@command.command("subtract")
@_source
@_others
@_out_file
@pass_options
def subtract(options: GlobalOptions, *, source: str, others: tuple[str, ...], out: str) -> None:
    """Write the codes of the first source that stand in none of the others: in their order, each once."""
    require_one_stdin(source, *others)
    with opened_desk(options) as desk:
        counts = desk.subtract(file_or_stdin(source), map(file_or_stdin, others), out)
    _print_set(options, written=counts.apart, left_out=counts.shared, out=out)


@command.command("intersect")
@_source
@_others
@_out_file
@pass_options
def intersect(options: GlobalOptions, *, source: str, others: tuple[str, ...], out: str) -> None:
    """Write the codes of the first source that also stand in one of the others: in their order, each once."""
    require_one_stdin(source, *others)
    with opened_desk(options) as desk:
        counts = desk.intersect(file_or_stdin(source), map(file_or_stdin, others), out)
    _print_set(options, written=counts.shared, left_out=counts.apart, out=out)


@command.command("compare")
@click.argument("first", metavar="SOURCE", shell_complete=files)
@click.argument("second", metavar="SOURCE", shell_complete=files)
@click.option("--out", metavar="DIR", help="A new folder for the codes of each class.", shell_complete=files)
@pass_options
def compare(options: GlobalOptions, *, first: str, second: str, out: str | None) -> None:
    """Count the codes that stand in both sources (=), in the first alone (-), and in the second alone (+)."""
    require_one_stdin(first, second)
    with opened_desk(options) as desk:
        found = desk.compare(file_or_stdin(first), file_or_stdin(second), out)
    classes = {"=": found.first.shared, "-": found.first.apart, "+": found.second.apart}
    names = {"=": "both.csv", "-": "first.csv", "+": "second.csv"}
    document: Document = {
        "first": shown_source(first),
        "second": shown_source(second),
        "equal": found.are_equal,
        "classes": classes,
        "files": None if out is None else {sign: str(Path(out) / name) for sign, name in names.items()},
    }
    print_one(options, document, _COMPARISON)


@command.command("fingerprint")
@_source
@click.option("--key", metavar="KEY", help="The secret of those who compare: KEY, @FILE, or - to be asked.")
@pass_options
def fingerprint(options: GlobalOptions, *, source: str, key: str | None) -> None:
    """Print what two who share a key compare, in place of codes, to find out whether they hold the same ones.

    It depends on neither order nor duplicates. Without a key whoever sees it can try codes out.
    """
    from couponhub.cli.session import secret_value  # noqa: PLC0415 - brings in all that speaks to vendors

    if source == key == "-":
        raise UsageError("stdin can be the source or the key", hint="--key @FILE reads it from a file")
    secret = secret_value(key, "Key of the fingerprint")
    if secret is not None and not secret:
        raise UsageError("the key is empty", hint="without --key it is made without one")
    with opened_desk(options) as desk:
        found = desk.fingerprint(file_or_stdin(source), (secret or "").encode())
    if secret is None:
        say("warning: without --key, whoever sees the fingerprint can try codes out")
    document: Document = {"source": shown_source(source), "keyed": secret is not None, "fingerprint": found}
    print_one(options, document, _FINGERPRINT)


def _print_set(options: GlobalOptions, *, written: int, left_out: int, out: str) -> None:
    document: Document = {"codes": written + left_out, "written": written, "left_out": left_out, "path": out}
    print_one(options, document, _SET_FIELDS, done=f"the codes are in {out}")
