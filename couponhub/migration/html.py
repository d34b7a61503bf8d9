"""Pages that stand by themselves: no script, nothing from elsewhere, and nothing in them that a name could steer."""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from couponhub.shown import shown

Row = Sequence[object]

_FEW = 3
"""Blanks in what is no sentence; sentences have room in a table, however narrow the page."""

BASE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d2733;background:#fff}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}th,td{text-align:left;padding:.2rem 1rem .2rem 0;"
    "border-bottom:1px solid #8884;vertical-align:top}.n{text-align:right;font-variant-numeric:tabular-nums}"
    "svg{max-width:100%;height:auto}h1{font-size:1.7rem;line-height:1.25}h1,.facts td,code{overflow-wrap:anywhere}"
    "h2{margin-top:2.5rem}.wide{overflow-x:auto}.words{min-width:14rem}"
    "summary{cursor:pointer;margin:.5rem 0}"
    "@media(prefers-color-scheme:dark){body{color:#e3e8ee;background:#14191f}}"
)
"""The style of all pages, in light and dark."""


def page(title: str, body: Iterable[str], style: str = BASE) -> str:
    """Return a page that a browser takes nothing into but its own style.

    Args:
        title: For people; escaped here.
        body: HTML, which stands below the title.
        style: CSS.
    """
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = escape(f"default-src 'none'; style-src 'sha256-{digest}'", quote=True)
    return "".join(
        (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{text(title)}</title><style>{style}</style></head><body>\n<h1>{text(title)}</h1>\n",
            *body,
            "</body></html>\n",
        )
    )


def section(title: str, content: str) -> str:
    """Return a part of a page under its heading; "" where there is nothing in it."""
    return f"<h2>{text(title)}</h2>\n{content}\n" if content else ""


def table(heads: Sequence[str], rows: Iterable[Row]) -> str:
    """Return rows as a table, numbers to the right; "" where there are none."""
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    names = "".join(f"<th>{text(head)}</th>" for head in heads)
    return body and f'<div class="wide"><table><tr>{names}</tr>{body}</table></div>'


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Return names with their values as a table."""
    rows = "".join(f"<tr><th>{text(name)}</th><td>{text(value)}</td></tr>" for name, value in pairs)
    return f'<table class="facts">{rows}</table>\n'


def bullets(texts: Iterable[str]) -> str:
    """Return texts as a list; "" where there are none."""
    items = "".join(f"<li>{text(one)}</li>" for one in texts)
    return items and f"<ul>{items}</ul>"


def text(words: str) -> str:
    """Return a text as HTML, in which nothing of it is markup or hidden."""
    return escape(shown(words))


def moment(at: datetime) -> str:
    """Return a moment for people."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _cell(value: object) -> str:
    if isinstance(value, int):
        return f'<td class="n">{value:,}</td>'
    words = str(value)
    is_sentence = words.count(" ") > _FEW
    return f"""<td{' class="words"' if is_sentence else ""}>{text(words)}</td>"""
