"""Tables on a terminal, and single objects a field a line."""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import attrs

from couponhub.cli.stdout import plain, safe, write
from couponhub.serialization import Document

_STATUS_STYLES = {
    "active": "green",
    "done": "green",
    "found": "green",
    "none": "cyan",
    "pending": "yellow",
    "processing": "yellow",
    "paused": "yellow",
    "partial": "yellow",
    "unknown": "yellow",
    "redeemed": "blue",
    "expired": "dim",
    "archived": "dim",
    "cancelled": "dim",
    "revoked": "red",
    "failed": "red",
}


_LEAST_WIDTH = 12
"""Characters that a column of names keeps; where a table has no room for that, each object is shown by itself."""
_GAP = 3


@attrs.frozen
class Column:
    """One column of a table.

    Attributes:
        title: Its heading.
        value: The document's key, or what makes the cell of a document.
        right: Whether it holds numbers.
        whole: Whether it must never be broken or cut, as ids and codes, which people copy.
        time: Whether it holds instants, which people read in their own zone.
    """

    title: str
    value: str | Callable[[Document], Any]
    right: bool = False
    whole: bool = False
    time: bool = False

    def of(self, document: Document) -> Any:
        """The cell, None when there is nothing to show."""
        return document.get(self.value) if isinstance(self.value, str) else self.value(document)


class Approximate(str):
    """An instant whose zone is a guess."""

    __slots__ = ()


def print_words(text: str, style: str = "") -> None:
    """Print a sentence, broken at blanks where the terminal is narrow."""
    _write_rich(_console(), _styled(text, style))


def print_fields(document: Document, fields: Sequence[Column]) -> None:
    """Print one object."""
    from rich.table import Table  # noqa: PLC0415 - only people's output needs it

    shown = [
        (_styled(field.title, "bold"), _shown(value, field))
        for field in fields
        if (value := field.of(document)) not in (None, [])
    ]
    titles, cells = _width(title for title, _ in shown), _width(cell for _, cell in shown)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, min_width=titles)
    grid.add_column(no_wrap=True, min_width=cells)
    for row in shown:
        grid.add_row(*row)
    console = _console()
    # Where there is no room for both, the titles would be left out.
    console.width = max(console.width, titles + cells + _GAP)
    _write_rich(console, grid)


def print_table(documents: Sequence[Document], columns: Sequence[Column]) -> None:
    """Print a row for each object; in a terminal too narrow for that, each object by itself."""
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - only people's output needs it
    from rich.table import Table  # noqa: PLC0415 - only people's output needs it

    console = _console()
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    rows = [[_shown(column.of(document), column) for column in columns] for document in documents]
    needed = 0
    for index, column in enumerate(columns):
        whole = column.whole or column.right or column.time
        width = max(len(column.title), _width(row[index] for row in rows))
        least = width if whole else min(width, _LEAST_WIDTH)
        needed += least + _GAP
        table.add_column(
            column.title,
            justify="right" if column.right else "left",
            overflow="fold",
            no_wrap=whole,
            min_width=least,
        )
    if needed - _GAP > console.width:
        for document in documents:
            print_fields(document, columns)
            write("\n")
        return
    for row in rows:
        table.add_row(*row)
    _write_rich(console, table)


def _width(cells: Iterable[Any]) -> int:
    from rich.cells import cell_len  # noqa: PLC0415 - only people's output needs it

    return max((cell_len(line) for cell in cells for line in cell.plain.splitlines()), default=0)


def _shown(value: Any, column: Column) -> Any:
    match value:
        case None | []:
            return _styled("-", "dim")
        case bool():
            return _styled("yes" if value else "no")
        case int() | float():
            return _styled(f"{value:,}")
        case str() if column.time:
            return _styled(instant_text(value))
        case list():
            return _styled("\n".join(plain(item) for item in value))
        case _:
            return _styled(safe(str(value)), _STATUS_STYLES.get(str(value), ""))


def instant_text(instant: str) -> str:
    """Return an instant as people read it: in their own zone, to the minute, with ~ where its zone is a guess."""
    mark, moment = "~" if isinstance(instant, Approximate) else "", datetime.fromisoformat(instant)
    try:
        moment = moment.astimezone()
    except OverflowError:  # "for ever" is often spelled as the last second that there is
        return f"{mark}{moment:%Y-%m-%d %H:%M} UTC"
    return f"{mark}{moment:%Y-%m-%d %H:%M}"


def _styled(text: str, style: str = "") -> Any:
    from rich.text import Text  # noqa: PLC0415 - only people's output needs it

    return Text(text, style=style)  # Text, not str: rich would read [brackets] of a vendor's name as markup


def _console() -> Any:
    from rich.console import Console  # noqa: PLC0415 - only people's output needs it

    # A table that was asked for in a pipe has no terminal to fit.
    return Console(highlight=False, width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 140)


def _write_rich(console: Any, shown: Any) -> None:
    with console.capture() as captured:
        console.print(shown, crop=False)  # what must stay whole may be wider than the terminal
    # Blanks that fill a column up wrap into a line of their own, where another line is wider than the terminal.
    write("\n".join(line.rstrip(" ") for line in captured.get().split("\n")))
