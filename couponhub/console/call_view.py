"""One call to a vendor as its page shows it: in words, with its bodies, and as a command of curl without anything secret."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from couponhub.state import CallRecord

_MASK = "***"
_UNSAFE = re.compile(r"[^A-Z0-9]+")
_PLAIN_HEADERS: Mapping[str, str] = {"accept": "application/json", "content-type": "application/json"}
_CUSTOMERS = frozenset(
    {"mobile", "email", "external_id", "externalid", "id", "user_id", "customer_id", "userid"}
)
_CODES = frozenset({"code", "codes", "coupon_code", "couponcode"})
_KNOWN = re.compile(r'the text "(.*)"')
_FORM = '"a form with a file"'


def pretty(text: str | None) -> str | None:
    """A body that was kept, over several lines; as it is where it was cut."""
    if text is None:
        return None
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text


def as_curl(call: CallRecord, adapter: str) -> str | None:
    """Return a command that does the same, with names in the place of whatever is secret or somebody's; None where it is unknown.

    Args:
        call: The call.
        adapter: The vendor's, by which credentials are named: `$CAPILLARY_TOKEN`.
    """
    if not call.path:
        return None
    words = [f"curl --request {call.method}", f"--url {shlex.quote(_url(call))}"]
    words += [f"--header {header}" for header in _headers(call, _name(adapter))]
    if call.sent == _FORM:
        words.append("--form 'file=@CODES.csv'")
    elif call.sent is not None:
        words.append(f"--data {shlex.quote(_body(call.sent))}")
    return " \\\n  ".join(words)


def _url(call: CallRecord) -> str:
    query = "&".join(
        f"{quote(name, safe='')}={_value(name, shape)}"
        for name, shape in _decoded(call.query, default={}).items()
    )
    path = call.path.replace(_MASK, "ID")
    return f"{call.base.rstrip('/')}{path}{'?' if query else ''}{query}"


def _headers(call: CallRecord, adapter: str) -> Iterator[str]:
    tokens = [name for name in call.headers if "token" in name.lower()]
    for name in call.headers:
        told = _PLAIN_HEADERS.get(name.lower())
        if told is None:
            # A variable is a header's whole value: named after a key of the config, it would be filled in with that.
            yield f'"{name}: ${adapter}_{"TOKEN" if tokens == [name] else _name(name)}"'
        elif name.lower() != "content-type" or call.sent != _FORM:  # curl itself says what a form is
            yield shlex.quote(f"{name}: {told}")


def _body(sent: str) -> str:
    shape = _decoded(sent, default=None)
    return "BODY" if shape is None or isinstance(shape, str) else json.dumps(_filled(shape, "VALUE"))


def _filled(shape: Any, name: str) -> Any:
    match shape:
        case {"list_of": int(), "kinds": list() as kinds}:
            return [_filled(kind, name) for kind in kinds[:1]]
        case Mapping():
            return {key: _filled(inner, key) for key, inner in shape.items()}
        case str() if shape.startswith(("whole number", "number")):
            return 0
        case str():
            return _placeholder(name)
        case _:
            return shape


def _value(name: str, shape: object) -> str:
    known = _KNOWN.fullmatch(shape) if isinstance(shape, str) else None
    return quote(known[1], safe="") if known else _placeholder(name)


def _placeholder(name: str) -> str:
    if name.lower() in _CUSTOMERS:
        return "CUSTOMER"
    return "CODE" if name.lower() in _CODES else _name(name)


def _name(text: str) -> str:
    return _UNSAFE.sub("_", text.upper()).strip("_") or "VALUE"


def _decoded(text: str, *, default: Any) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return default
