"""The check of code files as one page that stands by itself; never with a code in it."""

import hashlib
import os
import tempfile
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from couponhub.codes.pictures import bars, require_pictures
from couponhub.codes.report import CodesReport
from couponhub.errors import LocalError
from couponhub.shown import shown

_BEGIN = '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
_STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1d2733;background:#fff}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}th,td{text-align:left;padding:.2rem 1rem .2rem 0;"
    "border-bottom:1px solid #8884;vertical-align:top}.n{text-align:right;font-variant-numeric:tabular-nums}"
    ".wide{overflow-x:auto}svg{display:block;width:100%;min-width:36rem;height:auto}h2{margin-top:2.5rem}meter{width:10rem}"
    "@media(prefers-color-scheme:dark){body{color:#e3e8ee;background:#14191f}}"
)


def require_place(path: Path) -> None:
    """Refuse a place where something else lies than a page of an earlier check: it may be the file that is checked.

    Raises:
        LocalError: Something else does, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(_BEGIN))
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no file can be named so"
        raise LocalError(f"{path} cannot be written: {reason}") from None
    if start and start != _BEGIN.encode():
        raise LocalError(
            f"{path} cannot be written: something else lies there than the page of a check",
            hint="name another file, or remove it",
        )


def write_page(report: CodesReport, path: Path) -> None:
    """Write a check as an HTML page, with pictures inside it and nothing from elsewhere; an earlier one is replaced.

    Raises:
        UsageError: The library that draws is not installed.
        LocalError: It cannot be written, or something else lies there; what was there stays.
    """
    require_pictures()
    require_place(path)
    text = page_of(report)
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            made = Path(folder) / "page"
            made.touch(mode=0o600)
            made.write_text(text, encoding="utf-8")
            os.replace(made, path)  # noqa: PTH105 - the same, and said as it is
    except OSError as error:
        raise LocalError(f"{path} cannot be written: {error.strerror or type(error).__name__}") from None


def page_of(report: CodesReport) -> str:
    """Return the page of a check.

    Raises:
        UsageError: As of `write_page`.
    """
    digest = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'"
    title = f"Check of {', '.join(file.path for file in report.files)}"
    return "".join(
        (
            _BEGIN,
            f'<meta http-equiv="Content-Security-Policy" content="{escape(policy, quote=True)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{_text(title)}</title><style>{_STYLE}</style></head><body>\n<h1>{_text(title)}</h1>\n",
            _counts(report),
            _section(
                "Left out",
                bars([*report.reasons.items()], "Rows that are left out, by reason", "rows")
                + _table(("Rows", "Because of", "First lines"), _reasons(report)),
            ),
            _section(
                "To be known",
                _table(
                    ("Codes", "that", "First lines"),
                    [(one.count, one.message, _lines(one.lines)) for one in report.findings],
                ),
            ),
            _section(
                "Sent from here before",
                _table(
                    ("Codes", "To", "List"),
                    [(one.codes, one.connection, one.list_id) for one in report.sent or ()],
                ),
            ),
            _section("The way to each vendor", _outlooks(report)),
            _section("How long they are", _picture(report.lengths, "Codes by their number of characters")),
            _section("How they begin", _picture(report.begins, "Codes by their first character")),
            _section("How they are written", _picture(report.letters, "Codes by their kind of letters")),
            "</body></html>\n",
        )
    )


def _counts(report: CodesReport) -> str:
    names = ("distinct", "duplicates", "empty", "rejected")
    rows = "".join(
        f'<tr><th>{name}</th><td class="n">{getattr(report, name):,}</td><td>'
        f'<meter min="0" max="{max(1, report.rows)}" value="{getattr(report, name)}">{name}</meter></td></tr>'
        for name in names
    )
    return f'<table><tr><th>rows</th><td class="n">{report.rows:,}</td><td></td></tr>{rows}</table>\n'


def _reasons(report: CodesReport) -> list[tuple[object, ...]]:
    return [
        (count, reason, _lines([one.line for one in report.examples if one.reason == reason]))
        for reason, count in report.reasons.items()
    ]


def _outlooks(report: CodesReport) -> str:
    return _table(
        ("Connection", "Codes", "Rejected", "Files", "Bytes", "Days", "Fits", "Ends at the earliest"),
        [
            (
                *(one.connection, one.codes, one.rejected, one.parts, one.bytes, one.days),
                "yes" if one.fits else "no",
                f"{one.ends_at:%Y-%m-%d %H:%M} UTC" if one.ends_at else "",
            )
            for one in report.connections
        ],
    )


def _picture(counts: Mapping[str, int], title: str) -> str:
    drawn = bars(
        [(shown(label) if label != " " else "blank", count) for label, count in counts.items()], title
    )
    if not drawn:
        return ""
    return (
        f"{drawn}\n<details><summary>The numbers</summary>{_table(('', 'Codes'), counts.items())}</details>"
    )


def _section(title: str, content: str) -> str:
    return f"<h2>{title}</h2>\n{content}\n" if content else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    names = "".join(f"<th>{head}</th>" for head in heads)
    return body and f'<div class="wide"><table><tr>{names}</tr>{body}</table></div>'


def _cell(value: object) -> str:
    return f'<td class="n">{value:,}</td>' if isinstance(value, int) else f"<td>{_text(str(value))}</td>"


def _lines(lines: Sequence[int]) -> str:
    return ", ".join(map(str, lines))


def _text(text: str) -> str:
    return escape(shown(text))
