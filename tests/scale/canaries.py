"""A look for what must not stand there: known codes, identifiers, tokens and secrets in dumps, in Redis, in logs and figures."""

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import redis

from tests.deploy.described import ROOT

PEOPLE = ROOT / "docs" / "people.md"


def tables_of_people() -> frozenset[str]:
    """The tables of PostgreSQL that docs/people.md says may hold something of a person, or a code."""
    text = PEOPLE.read_text(encoding="utf-8")
    found: set[str] = set()
    for line in text.splitlines():
        where, _, what = line.removeprefix("|").partition("|")
        names = re.findall(r"`(\w+)`", where)
        is_a_table = "PostgreSQL" in where or where.strip().startswith(("the same: `", "`"))
        if line.startswith("|") and is_a_table and "no identifier and no code" not in what:
            found.update(names)
    return frozenset(found)


def forms(word: str) -> Iterator[bytes]:
    """The spellings in which a word may stand somewhere: as it is, quoted for an address, in hex, and in Base64 at any place."""
    plain = word.encode()
    yield plain
    yield plain.hex().encode()
    if (quoted := quote(word, safe="").encode()) != plain:
        yield quoted
    for lead in range(3):
        whole = base64.b64encode(b"\0" * lead + plain).decode()
        inner = whole[(0, 2, 3)[lead] : len(whole) - (0, 4, 4)[(lead + len(plain)) % 3]]
        if len(inner) >= 12:
            yield inner.encode()


def found_in(content: bytes, canaries: Mapping[str, str]) -> set[str]:
    """The kinds of canaries that stand in a content.

    Args:
        content: Of a file, a row, a page.
        canaries: Their words, with the kind of each.
    """
    lower = content.lower()
    return {
        kind
        for word, kind in canaries.items()
        if any((form in content) or (form.lower() in lower) for form in forms(word))
    }


def in_dump(dump: Path, canaries: Mapping[str, str]) -> dict[str, set[str]]:
    """The kinds that stand in each table of a dump, by its name without the schema; "" for what is no table's row."""
    found: dict[str, set[str]] = {}
    for name, content in _parts(dump.read_bytes()):
        if kinds := found_in(content, canaries):
            found.setdefault(name, set()).update(kinds)
    return found


def _parts(text: bytes) -> Iterator[tuple[str, bytes]]:
    rows = re.compile(rb"^COPY (\S+) \([^\n]*\) FROM stdin;\n(.*?)^\\\.$", re.MULTILINE | re.DOTALL)
    place = 0
    for match in rows.finditer(text):
        yield "", text[place : match.start()]
        yield match[1].decode().rpartition(".")[2].strip('"'), match[2]
        place = match.end()
    yield "", text[place:]


def in_redis(client: "redis.Redis", canaries: Mapping[str, str]) -> tuple[int, set[str]]:
    """How many keys there are, and the kinds that stand in any of them or in its value."""
    kinds: set[str] = set()
    count = 0
    for key in client.scan_iter():
        count += 1
        kinds |= found_in(key + b"\n" + b"\n".join(_values(client, key)), canaries)
    return count, kinds


def _values(client: "redis.Redis", key: bytes) -> Iterable[bytes]:
    readers: Mapping[object, Callable[[], object]] = {
        b"string": lambda: client.get(key),
        b"hash": lambda: client.hgetall(key),
        b"list": lambda: client.lrange(key, 0, -1),
        b"set": lambda: client.smembers(key),
        b"zset": lambda: client.zrange(key, 0, -1),
        b"stream": lambda: client.xrange(key),
    }
    return _flat(readers[client.type(key)]())


def _flat(value: object) -> Iterator[bytes]:
    """All that a value consists of."""
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, Mapping):
        yield from _flat([*value.keys(), *value.values()])
    elif isinstance(value, list | tuple | set):
        for each in value:
            yield from _flat(each)
