"""A plan for people: Markdown for a pull request, and a page that stands by itself; never with a code in it."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from couponhub.codes.pictures import bars, require_pictures
from couponhub.models import MigrationEnd, MigrationPlan
from couponhub.shown import shown

__all__ = ["markdown_of", "page_of", "require_pictures"]

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d2733;background:#fff}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}th,td{text-align:left;padding:.2rem 1rem .2rem 0;"
    "border-bottom:1px solid #8884;vertical-align:top}.n{text-align:right;font-variant-numeric:tabular-nums}"
    "svg{max-width:100%;height:auto}h2{margin-top:2.5rem}code{overflow-wrap:anywhere}"
    "@media(prefers-color-scheme:dark){body{color:#e3e8ee;background:#14191f}}"
)
_MARKS = re.compile(r"([\\`*_{}\[\]<>#!|~$@]|^[-+])")
_CLASSES = ("free", "issued", "redeemed", "expired")
Row = Sequence[object]
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
    digest = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = escape(f"default-src 'none'; style-src 'sha256-{digest}'", quote=True)
    title = _text(_title(plan))
    counts = [(name, getattr(plan.counts, name)) for name in _CLASSES]
    facts = "".join(f"<tr><th>{name}</th><td>{_text(value)}</td></tr>" for name, value in _facts(plan))
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title><style>{_STYLE}</style></head><body>\n<h1>{title}</h1>\n",
        f"<table>{facts}</table>\n{bars(counts, 'Codes by their class')}\n",
    ]
    for heading, heads, rows in _tables(plan):
        parts.append(_section(heading, _html_table(heads, rows)))
        if heading == "Batches":
            drawn = [(f"batch {one.number}, {one.kind}", one.rows) for one in plan.batches]
            parts.append(bars(drawn, "Codes by batch"))
    parts += [
        _section(heading, f"<ul>{''.join(f'<li>{_text(one)}</li>' for one in texts)}</ul>" if texts else "")
        for heading, texts in _lists(plan)
    ]
    return "".join([*parts, "</body></html>\n"])


def _title(plan: MigrationPlan) -> str:
    return f"Plan: from {_end(plan.source)}, to {_end(plan.target)}"


def _facts(plan: MigrationPlan) -> list[tuple[str, str]]:
    return [
        ("Migration", plan.id),
        ("Digest", plan.digest),
        ("Made at", _moment(plan.made_at)),
        ("Source", f"{plan.source.vendor}: {_end(plan.source)}, {_counted(plan.source)}"),
        ("Target", f"{plan.target.vendor}: {_end(plan.target)}, {_counted(plan.target)}"),
        ("Codes that customers hold", plan.issued_as.value),
        ("Ends at the earliest", _moment(plan.ends_at) if plan.ends_at else "nobody can tell"),
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
                    _moment(one.ends_at) if one.ends_at else "",
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


def _end(end: MigrationEnd) -> str:
    name = f', "{end.name}"' if end.name else ""
    return f"{f'list {end.list_id}' if end.list_id else 'a new list'} of {end.connection}{name}"


def _counted(end: MigrationEnd) -> str:
    if end.list_id is None:
        return "to be created"
    if end.total is None:
        return "which counts no codes"
    left = "" if end.available is None else f", {end.available:,} of them not handed out"
    return f"{end.total:,} codes{left}"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(cell: object) -> str:
    return f"{cell:,}" if isinstance(cell, int) else _mark(str(cell))


def _mark(text: str) -> str:
    """A text in which nothing is a sign of Markdown, nor of HTML in it."""
    return _MARKS.sub(r"\\\1", shown(text)).replace("&", "&amp;")


def _section(title: str, content: str) -> str:
    return f"<h2>{_text(title)}</h2>\n{content}\n" if content else ""


def _html_table(heads: Sequence[str], rows: Sequence[Row]) -> str:
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return body and f"<table><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>{body}</table>"


def _cell(value: object) -> str:
    return f'<td class="n">{value:,}</td>' if isinstance(value, int) else f"<td>{_text(str(value))}</td>"


def _text(text: str) -> str:
    return escape(shown(text))
