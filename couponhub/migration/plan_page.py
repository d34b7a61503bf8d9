"""A plan for people: Markdown for a pull request, and a page that stands by itself; never with a code in it."""

import re
from collections.abc import Iterable, Sequence

from couponhub.codes.pictures import bars, require_pictures
from couponhub.migration.html import Row, bullets, facts, moment, page, section, table
from couponhub.models import MigrationEnd, MigrationPlan
from couponhub.shown import shown

__all__ = ["end_of", "markdown_of", "page_of", "require_pictures"]

_MARKS = re.compile(r"([\\`*_{}\[\]<>#!|~$@]|^[-+])")
_CLASSES = ("free", "issued", "redeemed", "expired")
Table = tuple[str, Sequence[str], Sequence[Row]]
"""A title, the heads of the columns, and the rows."""


def markdown_of(plan: MigrationPlan) -> str:
    """Return a plan as GitHub's Markdown."""
    lines = [f"# {_mark(_title(plan))}", ""]
    lines += [f"- {name}: {_mark(value)}" for name, value in _facts(plan)]
    for title, heads, rows in _tables(plan):
        if rows:
            lines += ["", f"## {title}", "", _line(heads), _line(["---"] * len(heads))]
            lines += [_line([_number(cell) for cell in row]) for row in rows]
    for title, texts in _lists(plan):
        if texts:
            lines += ["", f"## {_mark(title)}", "", *(f"- {_mark(text)}" for text in texts)]
    return "\n".join(lines) + "\n"


def page_of(plan: MigrationPlan) -> str:
    """Return a plan as an HTML page, with pictures inside it and nothing from elsewhere.

    Raises:
        UsageError: The library that draws is not installed.
    """
    counts = [(name, getattr(plan.counts, name)) for name in _CLASSES]
    parts = [facts(_facts(plan)), f"{bars(counts, 'Codes by their class')}\n"]
    for heading, heads, rows in _tables(plan):
        parts.append(section(heading, table(heads, rows)))
        if heading == "Batches":
            drawn = [(f"batch {one.number}, {one.kind}", one.rows) for one in plan.batches]
            parts.append(bars(drawn, "Codes by batch"))
    parts += [section(heading, bullets(texts)) for heading, texts in _lists(plan)]
    return page(_title(plan), parts)


def _title(plan: MigrationPlan) -> str:
    return f"Plan: from {end_of(plan.source)}, to {end_of(plan.target)}"


def _facts(plan: MigrationPlan) -> list[tuple[str, str]]:
    return [
        ("Migration", plan.id),
        ("Digest", plan.digest),
        ("Made at", moment(plan.made_at)),
        ("Source", f"{plan.source.vendor}: {end_of(plan.source)}, {_counted(plan.source)}"),
        ("Target", f"{plan.target.vendor}: {end_of(plan.target)}, {_counted(plan.target)}"),
        ("Codes that customers hold", plan.issued_as.value),
        ("Ends at the earliest", moment(plan.ends_at) if plan.ends_at else "nobody can tell"),
    ]


def _tables(plan: MigrationPlan) -> list[Table]:
    counts = plan.counts
    return [
        (
            "Codes",
            ("Class", "Codes"),
            [
                *((name, getattr(counts, name)) for name in ("all", *_CLASSES)),
                ("nobody knows whether they are free", counts.unknown),
            ],
        ),
        (
            "Batches",
            ("Batch", "Codes", "Customers by", "Rows", "Files", "Bytes", "Sent by"),
            [
                (
                    str(one.number),
                    one.kind,
                    one.identifier.value if one.identifier else "",
                    *(one.rows, one.parts, one.bytes),
                    moment(one.ends_at) if one.ends_at else "",
                )
                for one in plan.batches
            ],
        ),
        (
            "What is kept, approximated and lost",
            ("Field", "Fate", "Note"),
            [(one.field, one.fate.value, one.note) for one in plan.lossiness],
        ),
        ("Collisions", ("Codes", "That"), [(one.count, one.message) for one in plan.collisions]),
        ("Not taken by the target", ("Codes", "Because of"), [(n, why) for why, n in plan.rejected.items()]),
        (
            "Sources",
            ("Role", "Source", "Rows", "SHA-256"),
            [(one.role, one.name, one.rows, one.sha256) for one in plan.sources],
        ),
        ("Fingerprints", ("Class", "Fingerprint"), list(plan.fingerprints.items())),
    ]


def _lists(plan: MigrationPlan) -> list[tuple[str, Sequence[str]]]:
    return [
        ("Cannot be taken back", plan.irreversible),
        (f"Limits crossed, because: {plan.reason}", [one.message for one in plan.crossed]),
        ("To be known", plan.notes),
    ]


def end_of(end: MigrationEnd) -> str:
    """Return the list at one end of a migration, for people."""
    name = f', "{end.name}"' if end.name else ""
    return f"{f'list {end.list_id}' if end.list_id else 'a new list'} of {end.connection}{name}"


def _counted(end: MigrationEnd) -> str:
    if end.list_id is None:
        return "to be created"
    if end.total is None:
        return "which counts no codes"
    left = "" if end.available is None else f", {end.available:,} of them not handed out"
    return f"{end.total:,} codes{left}"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(cell: object) -> str:
    return f"{cell:,}" if isinstance(cell, int) else _mark(str(cell))


def _mark(text: str) -> str:
    """A text in which nothing is a sign of Markdown, nor of HTML in it."""
    return _MARKS.sub(r"\\\1", shown(text)).replace("&", "&amp;")
