"""Spoils an answer on its way to the client: the vendor did its work, and says so badly."""

import gzip
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from werkzeug.wrappers import Response


class Garbage(StrEnum):
    """The garbage that comes in place of the answer, always with HTTP 200."""

    HTML = "html"
    HALF = "half"
    EMPTY = "empty"
    TEXT = "text"
    NULLS = "nulls"
    ARRAY = "array"
    UNKNOWN_WORDS = "unknown_words"
    DOUBLED = "doubled"
    LONG = "long"
    BOMB = "bomb"


_BOMB_MEMBERS = 320
_MEGABYTE = 1024 * 1024
_NEW_WORD = "SOMETHING_NEW"
_ENUMERATED = re.compile(r"(?:.*_)?(?:status|type)|.*(?:Status|Type)")
# Not the names of files: they are what uploads are known by.
_FREE_TEXT = re.compile(r"(?:.*_)?(?:name|description|message)|.*(?:(?<![Ff]ile)Name|Description|Message)")
_PAGE = "<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>\n"


def garbled(response: Response, garbage: Garbage) -> Response:
    """Return what the client gets in place of `response`.

    What changes JSON (NULLS, ARRAY, UNKNOWN_WORDS, DOUBLED, LONG) lets pass what is none.
    """
    response.status_code = 200
    match garbage:
        case Garbage.HTML:
            response.set_data(_PAGE)
            response.content_type = "text/html; charset=utf-8"
        case Garbage.HALF:
            body = response.get_data()
            response.set_data(body[: len(body) // 2])
        case Garbage.EMPTY:
            response.set_data(b"")
        case Garbage.TEXT:
            response.set_data("OK")
            response.content_type = "text/plain; charset=utf-8"
        case Garbage.BOMB:
            # Blanks, in members that unpack one after the other, so that it costs nobody much to make.
            response.set_data(gzip.compress(b" " * _MEGABYTE, mtime=0) * _BOMB_MEMBERS)
            response.headers["Content-Encoding"] = "gzip"
        case _:
            _change_json(response, _JSON_CHANGES[garbage])
    return response


def with_wrong_types(response: Response) -> Response:
    """Swap the type of every leaf of a JSON answer: same keys, same lengths, nothing of the right type."""
    _change_json(response, lambda value: _with_leaves(value, _other_type))
    return response


def trickled(response: Response, *, seconds: float, wait: Callable[[float], None]) -> Response:
    """Send the answer a byte at a time, the last one after `seconds`; `wait` sleeps, and may raise to hang up."""
    body = response.get_data()

    def bytes_in_time() -> Iterator[bytes]:
        start = time.monotonic()
        for position in range(len(body)):
            wait(max(0.0, start + seconds * (position + 1) / len(body) - time.monotonic()))
            yield body[position : position + 1]

    response.response = bytes_in_time()
    response.content_length = len(body)
    return response


def _change_json(response: Response, change: Callable[[Any], Any]) -> None:
    try:
        decoded = json.loads(response.get_data())
    except ValueError:
        return
    response.set_data(json.dumps(change(decoded)))


def _with_leaves(value: Any, change: Callable[[Any], Any]) -> Any:
    match value:
        case dict():
            return {key: _with_leaves(item, change) for key, item in value.items()}
        case list():
            return [_with_leaves(item, change) for item in value]
        case _:
            return change(value)


def _with_texts(value: Any, keys: re.Pattern[str], change: Callable[[str], str]) -> Any:
    """Return the value with every text changed that stands under such a key."""
    match value:
        case dict():
            return {
                key: change(item)
                if isinstance(item, str) and keys.fullmatch(key)
                else _with_texts(item, keys, change)
                for key, item in value.items()
            }
        case list():
            return [_with_texts(item, keys, change) for item in value]
        case _:
            return value


def _lengthened(text: str) -> str:
    return text.ljust(_MEGABYTE, "x")


def _with_longest_array_doubled(value: Any) -> Any:
    if arrays := list(_arrays(value)):
        longest = max(arrays, key=len)  # the outermost of several
        longest[:] = [item for item in longest for _ in range(2)]
    return value


def _arrays(value: Any) -> Iterator[list[Any]]:
    if isinstance(value, list):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _arrays(item)


def _other_type(leaf: Any) -> Any:
    match leaf:
        case None:
            return []
        case bool():
            return str(leaf).lower()
        case str():
            return len(leaf)
        case _:
            return {"value": leaf}


_JSON_CHANGES: Mapping[Garbage, Callable[[Any], Any]] = MappingProxyType(
    {
        Garbage.NULLS: lambda value: _with_leaves(value, lambda _: None),
        Garbage.ARRAY: lambda value: [value],
        Garbage.UNKNOWN_WORDS: lambda value: _with_texts(value, _ENUMERATED, lambda _: _NEW_WORD),
        Garbage.DOUBLED: _with_longest_array_doubled,
        Garbage.LONG: lambda value: _with_texts(value, _FREE_TEXT, _lengthened),
    }
)
