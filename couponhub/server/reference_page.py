"""The reference as one HTML page, made from the OpenAPI document: no script, and nothing that is fetched from elsewhere."""

import base64
import hashlib
import json
from collections.abc import Iterator
from html import escape
from typing import Any

import attrs

Document = dict[str, Any]

_STYLE = """\
:root{color-scheme:light dark;--line:#8884;--soft:#8882}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1,h2,h3{line-height:1.2}h2{margin-top:3rem;border-bottom:1px solid var(--line);padding-bottom:.3rem}
code,pre{font:.9em/1.4 ui-monospace,monospace}pre{background:var(--soft);padding:.8rem;overflow:auto;border-radius:.3rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid var(--line)}
.verb{display:inline-block;min-width:3.2rem;font-weight:700}
section{margin:2rem 0;padding:0 1rem 1rem;border:1px solid var(--line);border-radius:.4rem}
nav ul{padding-left:1.2rem}
code{overflow-wrap:anywhere}
"""
_SOURCE = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_SOURCE}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The page's Content-Security-Policy."""


@attrs.frozen(kw_only=True)
class DescribedOperation:
    """One operation, as the reference tells of it.

    Attributes:
        name: Its `operationId`.
        verb: Its method.
        path: With parameters in braces.
        html: All that is said of it, a section.
    """

    name: str
    verb: str
    path: str
    html: str = attrs.field(repr=False)


def described_operations(document: Document) -> tuple[DescribedOperation, ...]:
    """Tell of each operation, in the document's order."""
    return tuple(
        DescribedOperation(name=one["operationId"], verb=verb, path=path, html=_section(path, verb, one))
        for path, verb, one in _operations(document)
    )


def described_objects(document: Document) -> str:
    """Tell of all objects."""
    return "".join(_object(name, schema) for name, schema in document["components"]["schemas"].items())


def reference_page(document: Document) -> bytes:
    """The page."""
    info = document["info"]
    operations = described_operations(document)
    schemas = document["components"]["schemas"]
    links = "".join(
        f'<li><a href="#{escape(one.name)}"><code>{one.verb} {escape(one.path)}</code></a></li>'
        for one in operations
    )
    names = ", ".join(f'<a href="#schema-{escape(name)}">{escape(name)}</a>' for name in schemas)
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width'>",
        f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style></head><body><main>",
        f"<h1>{escape(info['title'])} API <small>{escape(info['version'])}</small></h1>",
        _paragraphs(info["description"]),
        "<p>For programs: <a href='openapi.json'>openapi.json</a>, OpenAPI 3.1.</p>",
        f"<nav><ul>{links}</ul></nav><h2>Endpoints</h2>",
        *(one.html for one in operations),
        f"<h2>Objects</h2><p>{names}</p>",
        described_objects(document),
        "</main></body></html>",
    ]
    return "".join(parts).encode()


def _operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            yield path, verb.upper(), operation


def _section(path: str, verb: str, operation: Document) -> str:
    scopes = [scope for needed in operation["security"] for scope in needed.get("token", ())]
    open_here = {} in operation["security"]
    needs = "No token is needed."
    if scopes:
        words = " ".join(f"<code>{escape(scope)}</code>" for scope in scopes)
        needs = f"Needs a token with {words}{', or a request from this machine' if open_here else ''}."
    parts = [
        f'<section id="{escape(operation["operationId"])}">',
        f"<h3><code><span class='verb'>{verb}</span> {escape(path)}</code></h3>",
        f"<p><strong>{escape(operation['summary'])}</strong></p>",
        _paragraphs(operation.get("description", "")),
        f"<p>{needs}</p>",
    ]
    if operation["parameters"]:
        rows = (
            (
                f"<code>{escape(one['name'])}</code>",
                one["in"],
                _kind(one["schema"]),
                escape(one["description"]),
            )
            for one in operation["parameters"]
        )
        parts.append(_table(("Parameter", "In", "Type", ""), rows))
    if "requestBody" in operation:
        body = operation["requestBody"]["content"]["application/json"]
        example = json.dumps(body["example"], indent=2)
        parts.append(f"<p>Body: {_kind(body['schema'])}</p><pre>{escape(example)}</pre>")
    answers = (
        (f"<code>{status}</code>", _contents(answer), escape(answer["description"]))
        for status, answer in operation["responses"].items()
    )
    parts.append(_table(("Status", "Content", ""), answers))
    return "".join([*parts, "</section>"])


def _object(name: str, schema: Document) -> str:
    rows = (
        (f"<code>{escape(key)}</code>", _kind(inner), escape(inner.get("description", "")))
        for key, inner in schema.get("properties", {}).items()
    )
    about = _paragraphs(schema.get("description", ""))
    return f'<section id="schema-{escape(name)}"><h3>{escape(name)}</h3>{about}{_table(("Key", "Type", ""), rows)}</section>'


def _kind(schema: Document) -> str:  # noqa: PLR0911 - one table
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#schema-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " ".join(f"<code>{escape(str(word))}</code>" for word in schema["enum"])
    if "const" in schema:
        return f"<code>{escape(str(schema['const']))}</code>"
    words = schema.get("type", "anything")
    name = " or ".join([words] if isinstance(words, str) else words)
    if "items" in schema:
        return f"{name} of {_kind(schema['items'])}"
    if schema.get("format"):
        return f"{name}, {escape(schema['format'])}"
    if isinstance(schema.get("properties"), dict):
        return f"{name} with {', '.join(f'<code>{escape(key)}</code>' for key in schema['properties'])}"
    return name


def _contents(answer: Document) -> str:
    return "<br>".join(
        f"{_kind(content['schema'])}<br><small>{escape(media)}</small>"
        for media, content in answer.get("content", {}).items()
    )


def _table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" if name else "<td></td>" for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_marked(part)}</p>" for part in text.strip().split("\n\n") if part)


def _marked(text: str) -> str:
    """Plain text with `code` in it."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if index % 2 else piece for index, piece in enumerate(pieces))
