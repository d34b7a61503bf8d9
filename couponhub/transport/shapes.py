"""The look of an exchange, without any of its values: fit to be shown to a vendor or a stranger.

A shape names keys, kinds and lengths. Of values only those of headers are kept that cannot be about anybody.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import attrs

from couponhub.transport.exchange import Reply, Request

_KEY = re.compile(r"[a-z_][A-Za-z_\-]{0,38}[0-9]{0,2}")
_SEGMENT = re.compile(r"[a-z][a-z_\-]{0,38}|v[0-9](\.[0-9])?|[a-z_]+\.(json|xml)")
_TIME = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([T ][0-9]{1,2}:[0-9]{2}\S{0,16})?( [AP]M)?")
_HEADERS = re.compile(r"content-type|content-encoding|date|retry-after|x-ratelimit-[a-z]+")
_MASK = "***"
_KINDS_SHOWN = 5


@attrs.frozen(kw_only=True)
class Shape:
    """One exchange, without its values.

    Attributes:
        method: The HTTP method.
        path: With every segment masked that may name a thing or a person.
        query: Names of parameters, and what their values look like.
        sent: What the body looked like; None when none was sent.
        headers: Of the reply: those that speak of rates, dates and formats.
        received: What the reply's body looked like; None when no reply came.
    """

    method: str
    path: str
    query: Mapping[str, str]
    sent: Any
    headers: Mapping[str, str]
    received: Any


def shape_of(request: Request, reply: Reply | None) -> Shape:
    """The shape of an exchange; of one without a reply as far as it got."""
    return Shape(
        method=request.method,
        path="/".join(_segment(segment) for segment in request.path.split("/")),
        query={name: _text(value) for name, value in request.query},
        sent="a form with a file" if request.multipart else value_shape(request.body),
        headers={}
        if reply is None
        else {name: value[:100] for name, value in reply.headers.items() if _HEADERS.fullmatch(name)},
        received=None if reply is None else _body(reply),
    )


def value_shape(value: object) -> Any:
    """Describe a decoded JSON value: objects by their keys, all else in words.

    Keys that do not look like a word of an API are masked: some APIs use codes and identifiers as keys.
    """
    match value:
        case None | bool():
            return value
        case int():
            return f"whole number of {len(str(abs(value)))} digits"
        case str():
            return _text(value)
        case Mapping():
            return {key if _KEY.fullmatch(key) else _MASK: value_shape(inner) for key, inner in value.items()}
        case Sequence():
            return _several(value)
        case _:
            return "number"


def _several(values: Sequence[object]) -> dict[str, Any]:
    kinds: list[Any] = []
    for value in values:
        shape = value_shape(value)
        if shape not in kinds:
            kinds.append(shape)
        if len(kinds) == _KINDS_SHOWN:
            break
    return {"list_of": len(values), "kinds": kinds}


def _text(text: str) -> str:
    if text in {"", "true", "false"}:
        return f'the text "{text}"'
    if len(text) <= 40 and _TIME.fullmatch(text):
        return f"time as {re.sub('[0-9]', '#', text)}"
    return f"text of {len(text)} {'digits' if text.isdigit() else 'characters'}"


def _segment(segment: str) -> str:
    return segment if not segment or _SEGMENT.fullmatch(unquote(segment)) else _MASK


def _body(reply: Reply) -> Any:
    try:
        return value_shape(reply.decoded())
    except ValueError:
        return f"{len(reply.body)} bytes that are not JSON" if reply.body else "nothing"
