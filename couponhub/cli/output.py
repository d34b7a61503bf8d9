"""How results are printed: tables for people on a terminal, tab-separated columns, JSON, JSON lines and CSV."""

import csv
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import attrs
import click

from couponhub.cli.options import GlobalOptions
from couponhub.documents import Document, many

_STATUS_STYLES = {
    "active": "green",
    "done": "green",
    "found": "green",
    "none": "cyan",
    "pending": "yellow",
    "processing": "yellow",
    "partial": "yellow",
    "unknown": "yellow",
    "redeemed": "blue",
    "expired": "dim",
    "archived": "dim",
    "revoked": "red",
    "failed": "red",
}


@attrs.frozen
class Column:
    """One column of a table.

    Attributes:
        title: Its heading.
        value: The document's key, or what makes the cell of a document.
        right: Whether it holds numbers.
        whole: Whether it must never be broken over lines, as ids and codes, which people copy.
    """

    title: str
    value: str | Callable[[Document], Any]
    right: bool = False
    whole: bool = False

    def of(self, document: Document) -> Any:
        """The cell, None when there is nothing to show."""
        return document.get(self.value) if isinstance(self.value, str) else self.value(document)


class Approximate(str):
    """An instant whose zone is a guess."""

    __slots__ = ()


def safe(text: str) -> str:
    """Text from elsewhere, with control characters spelled out so that they cannot steer a terminal."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )


def as_table(options: GlobalOptions) -> bool:
    """Whether people are reading: a table was asked for, or nothing was and stdout is a terminal."""
    return options.output == "table" or (options.output is None and sys.stdout.isatty())


def print_json(document: Any) -> None:
    """Print one JSON document, indented."""
    # Lone surrogates, which JSON can carry and UTF-8 cannot, are written as the escapes they came as.
    text = json.dumps(document, indent=2, ensure_ascii=False)
    click.echo(text.encode("utf-8", "backslashreplace").decode("utf-8"))


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
    seen: list[Document] = []
    writer: Callable[[Document], None] | None = _streamed(options, columns)
    try:
        for document in documents:
            seen.append(document)
            if writer is not None:
                writer(document)
    except Exception as error:
        from couponhub.cli.failures import tell, typed_error  # noqa: PLC0415 - only when something failed
        from couponhub.documents import error_object  # noqa: PLC0415 - only when something failed

        typed = typed_error(error)
        if not seen:
            raise
        if options.output == "json":
            print_json({**many(seen), "error": error_object(typed)})
        elif as_table(options):
            _print_table(seen, columns)
        tell(typed)
        raise click.exceptions.Exit(typed.exit_code) from error
    if options.output == "json":
        print_json(many(seen))
    elif as_table(options):
        if seen:
            _print_table(seen, columns)
        else:
            click.echo(nothing, err=True)


def _streamed(options: GlobalOptions, columns: Sequence[Column]) -> Callable[[Document], None] | None:
    if options.output == "jsonl":
        return lambda document: click.echo(
            json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")
        )
    if options.output == "csv":
        return _csv_writer()
    if options.output is None and not as_table(options):
        return lambda document: click.echo("\t".join(_plain(column.of(document)) for column in columns))
    return None


def _csv_writer() -> Callable[[Document], None]:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    keys: list[str] = []

    def write(document: Document) -> None:
        if not keys:
            keys.extend(document)
            writer.writerow(keys)
        writer.writerow([_cell(document[key]) for key in keys])

    return write


def _cell(value: Any) -> Any:
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else value


def _plain(value: Any) -> str:
    match value:
        case None:
            return ""
        case list():
            return ", ".join(_plain(item) for item in value)
        case _:
            return safe(str(value))


def print_one(options: GlobalOptions, document: Document, fields: Sequence[Column]) -> None:
    """Print one object: a field a line for people and pipes, the document itself in JSON."""
    match options.output:
        case "json":
            print_json(document)
        case "jsonl":
            click.echo(json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace"))
        case "csv":
            _csv_writer()(document)
        case _ if as_table(options):
            _print_fields(document, fields)
        case _:
            click.echo("\t".join(_plain(field.of(document)) for field in fields))


def _print_fields(document: Document, fields: Sequence[Column]) -> None:
    from rich.table import Table  # noqa: PLC0415 - only people's output needs it

    grid = Table.grid(padding=(0, 2))
    for field in fields:
        value = field.of(document)
        if value is not None:
            grid.add_row(_styled(field.title, "bold"), _shown(value))
    _console().print(grid)


def _print_table(documents: Sequence[Document], columns: Sequence[Column]) -> None:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - only people's output needs it
    from rich.table import Table  # noqa: PLC0415 - only people's output needs it

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(
            column.title,
            justify="right" if column.right else "left",
            overflow="fold",
            no_wrap=column.whole or column.right,
        )
    for document in documents:
        table.add_row(*(_shown(column.of(document)) for column in columns))
    _console().print(table)


def _shown(value: Any) -> Any:
    match value:
        case None:
            return _styled("-", "dim")
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return f"{value:,}"
        case str() if _looks_like_instant(value):
            mark = "~" if isinstance(value, Approximate) else ""
            return f"{mark}{datetime.fromisoformat(value).astimezone():%Y-%m-%d %H:%M}"
        case list():
            return _styled("\n".join(_plain(item) for item in value), "")
        case _:
            return _styled(safe(str(value)), _STATUS_STYLES.get(str(value), ""))


def _looks_like_instant(value: str) -> bool:
    return len(value) >= 20 and value[10] == "T" and value.endswith("Z") and value[:4].isdigit()


def _styled(text: str, style: str) -> Any:
    from rich.text import Text  # noqa: PLC0415 - only people's output needs it

    return Text(text, style=style)  # Text, not str: rich would read [brackets] of a vendor's name as markup


def _console() -> Any:
    from rich.console import Console  # noqa: PLC0415 - only people's output needs it

    # A table that was asked for in a pipe has no terminal to fit.
    return Console(highlight=False, width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 140)
