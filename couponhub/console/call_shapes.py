"""The look of an exchange as it is kept: in words of an API and lengths, short, and of nobody.

It is less than explanations show to whoever asked about a customer: those are thrown away, this stays for days.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import attrs

from couponhub.transport.exchange import Request
from couponhub.transport.observing import EndedExchange
from couponhub.transport.shapes import Shape, shape_of

_MASK = "***"
_MOST = 2_000
"""Characters of each body."""
_LARGEST_REPLY = 64 * 1024
"""Bytes; a larger reply is told by its size: looking at it would take time from whoever asked."""
_FREE = "call"
"""The operation of calls whose path and body somebody else has written than an adapter."""
_FREE_SEGMENTS = 3
"""Of such a path: the empty one before the first slash, and two more."""
_KEY = re.compile(r"[a-z_][A-Za-z_\-]{0,38}[0-9]{0,2}")
_FIGURE = re.compile(r"[0-9.]{1,20}")
_OF_LISTINGS = frozenset({"format", "limit", "offset", "order_by", "page", "page_size", "sort_order"})
"""Parameters that say how much is told, and in which order: never what about."""
_SETTING = re.compile(r"[a-z_]{1,20}|[0-9]{1,5}")
_WORD = re.compile(r"[A-Za-z]+")
_WORDS_OF_TIMES = frozenset({"T", "Z", "AM", "PM", "time", "as"})


@attrs.frozen(kw_only=True)
class KeptShape:
    """An exchange in short; texts but the first three are JSON, cut where they are long."""

    method: str
    base: str
    path: str
    query: str
    sent: str | None
    received: str | None


def kept_shape(exchange: EndedExchange) -> KeptShape:
    """Describe an exchange. What was said in it is masked wherever it is told again as a name."""
    request, reply = exchange.request, exchange.reply
    is_free = request.operation == _FREE
    is_closed = is_free or (reply is not None and len(reply.body) > _LARGEST_REPLY)
    shape = shape_of(request, attrs.evolve(reply, body=b"") if reply is not None and is_closed else reply)
    said = {value.lower() for _, value in request.query} | {text.lower() for text in _texts(request.body)}
    sent: Any = shape.sent
    if is_free and request.body is not None:
        sent = "a body that somebody wrote"
    received: Any = None
    if reply is not None:
        received = {
            "headers": _figures(shape),
            "body": f"{len(reply.body)} bytes" if is_closed else _masked(shape.received, said),
        }
    return KeptShape(
        method=request.method if request.method.isalpha() else _MASK,
        base=_base(exchange.base_url),
        path=_path(shape.path, said, is_free=is_free),
        query=_text(
            {
                _name(name, said): _masked(value, said)
                for name, value in {**shape.query, **({} if is_free else _settings(request))}.items()
            }
        ),
        sent=None if sent is None else _text(_masked(sent, said)),
        received=None if received is None else _text(received),
    )


def _settings(request: Request) -> dict[str, str]:
    return {
        name: f'the text "{value}"'
        for name, value in request.query
        if name in _OF_LISTINGS and _SETTING.fullmatch(value)
    }


def _path(path: str, said: set[str], *, is_free: bool) -> str:
    segments = [_MASK if unquote(segment).lower() in said else segment for segment in path.split("/")]
    if is_free:
        segments[_FREE_SEGMENTS:] = [_MASK for _ in segments[_FREE_SEGMENTS:]]
    return "/".join(segments)


def _base(url: str) -> str:
    """An address from the config, without what a person might have written into it beside the host."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _figures(shape: Shape) -> Mapping[str, str]:
    return {name: value for name, value in shape.headers.items() if _FIGURE.fullmatch(value)}


def _name(name: str, said: set[str]) -> str:
    return name if _KEY.fullmatch(name) and name.lower() not in said else _MASK


def _masked(value: Any, said: set[str]) -> Any:
    match value:
        case Mapping():
            named = {_name(str(name), said): _masked(inner, said) for name, inner in value.items()}
            return {_MASK: next(iter(named.values()))} if _is_by_key(value) else named
        case list():
            return [_masked(inner, said) for inner in value]
        case str() if value.startswith("time as "):
            # Whatever stands behind a time is shown there.
            return _WORD.sub(lambda found: found[0] if found[0] in _WORDS_OF_TIMES else _MASK, value)
        case _:
            return value


def _is_by_key(value: Mapping[Any, Any]) -> bool:
    """Tell whether several things of one form stand there, each under a key of its own: that may be a code, however it looks."""
    inner = list(value.values())
    return len(inner) > 1 and all(
        isinstance(one, Mapping) and one and one.keys() == inner[0].keys() for one in inner
    )


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for inner in value.values():
                yield from _texts(inner)
        case list() | tuple():
            for inner in value:
                yield from _texts(inner)


def _text(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _MOST else f"{text[:_MOST]}…"
