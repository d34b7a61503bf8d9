"""The forms of results: tables for people on a terminal, tab-separated columns, JSON, JSON lines and CSV."""

import csv
import io
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from couponhub.cli.options import GlobalOptions
from couponhub.cli.stdout import json_text, on_stdout, plain, safe, write
from couponhub.cli.tables import Column, print_fields, print_table
from couponhub.errors import CouponhubError
from couponhub.serialization import Document, error_document, many
from couponhub.shown import no_formula, shown


def as_table(options: GlobalOptions) -> bool:
    """Tell whether people are reading: a table was asked for, or nothing was and stdout is a terminal."""
    return options.output == "table" or (options.output is None and sys.stdout.isatty())


def print_json(document: Any) -> None:
    """Print one JSON document, indented."""
    with on_stdout():
        write(f"{json_text(document, indent=2)}\n")


@on_stdout()
def print_many(
    options: GlobalOptions, documents: Iterable[Document], columns: Sequence[Column], nothing: str
) -> None:
    """Print several objects; what is printed stays whole even if fetching them fails half-way.

    Args:
        options: The form.
        documents: What to print; may be fetched lazily.
        columns: What a table shows of each.
        nothing: What a person is told when there is none.
    """
    from couponhub.cli.failures import tell  # noqa: PLC0415 - it imports this module

    seen, error = _fetched(documents, _streamed(options, columns))
    if options.output == "json":
        print_json(many(seen) if error is None else {**many(seen), **error_document(error)})
    elif as_table(options) and seen:
        print_table(seen, columns)
    elif as_table(options):
        click.echo(safe(nothing), err=True)
    if error is not None:
        tell(error)
        raise click.exceptions.Exit(error.exit_code)


def _fetched(
    documents: Iterable[Document], show: Callable[[Document], None] | None
) -> tuple[list[Document], CouponhubError | None]:
    """Return what could be fetched, and what ended it; an error before there is anything is raised."""
    from couponhub.cli.failures import typed_error  # noqa: PLC0415 - it imports this module

    seen: list[Document] = []
    waiting = iter(documents)
    while True:
        try:
            document = next(waiting)
        except StopIteration:
            return seen, None
        except Exception as error:
            if not seen:
                raise
            return seen, typed_error(error)
        seen.append(document)
        if show is not None:
            show(document)


def _streamed(options: GlobalOptions, columns: Sequence[Column]) -> Callable[[Document], None] | None:
    if options.output == "jsonl":
        return lambda document: write(f"{json_text(document)}\n")
    if options.output == "csv":
        return _csv_writer()
    if options.output is None and not as_table(options):
        return lambda document: _write_columns(document, columns)
    return None


def _write_columns(document: Document, columns: Sequence[Column]) -> None:
    write("\t".join(plain(column.of(document)) for column in columns) + "\n")


def _csv_writer() -> Callable[[Document], None]:
    keys: list[str] = []

    def show(document: Document) -> None:
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        if not keys:
            keys.extend(document)
            rows.writerow(keys)
        rows.writerow([_cell(document.get(key)) for key in keys])
        write(text.getvalue())

    return show


def _cell(value: Any) -> Any:
    if isinstance(value, (dict, list, bool)):
        return json_text(value)
    return shown(no_formula(value)) if isinstance(value, str) else value


def print_one(
    options: GlobalOptions, document: Document, fields: Sequence[Column], *, done: str = ""
) -> None:
    """Print one object: a field a line for people and pipes, the document itself in JSON.

    Args:
        options: The form.
        document: What to print.
        fields: What people are shown of it.
        done: What was done at the vendor, should printing fail.
    """
    with on_stdout(done):
        match options.output:
            case "json":
                write(f"{json_text(document, indent=2)}\n")
            case "jsonl":
                write(f"{json_text(document)}\n")
            case "csv":
                _csv_writer()(document)
            case _ if as_table(options):
                print_fields(document, fields)
            case _:
                _write_columns(document, fields)
