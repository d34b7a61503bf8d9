"""What strangers send costs a time that grows with its length and no faster; operations are counted, not seconds."""

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any

import pytest

from couponhub.config import load_config
from couponhub.errors import ConfigError, UsageError
from couponhub.explain.redaction import Redactor
from couponhub.server.bodies import decoded
from couponhub.server.request_models import BatchRequest, LookupRequest, RequestReader


def operations(action: Callable[[], object]) -> int:
    """How many functions are called by it."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(before)
    return count


def refused(document: object, cls: type) -> None:
    """Read a body that is refused."""
    with pytest.raises(UsageError):
        RequestReader().read(document, cls)


@pytest.mark.parametrize(
    ("make", "cls"),
    [
        (lambda n: {"customer": {"mobile": "1"}, "status": ["x"] * n}, LookupRequest),
        (lambda n: {"customer": {"mobile": "1"}, "connections": [1] * n}, LookupRequest),
        (lambda n: {"customer": {"mobile": "1"}, **{f"key{at}": 1 for at in range(n)}}, LookupRequest),
        (lambda n: {"customer": {f"key{at}": 1 for at in range(n)}}, LookupRequest),
        (lambda n: {"customers": [1] * n}, BatchRequest),
        (lambda n: {"customers": [{"x": "1"}] * n}, BatchRequest),
    ],
)
def test_refusing_a_body_is_linear(make: Callable[[int], object], cls: type) -> None:
    """Twice as many faults cost at most a little more than twice as much."""
    few, many = (operations(partial(refused, make(n), cls)) for n in (500, 1000))
    assert many <= 2.2 * few


def test_refusing_a_config_is_linear(tmp_path: Any) -> None:
    """A list of wrong items, unknown keys, unknown tables: each is told, the first of them at least."""

    def load(n: int) -> None:
        path = tmp_path / f"{n}.toml"
        wrong = "\n".join(f"key{at} = 1" for at in range(n))
        path.write_text(
            f"[lookup]\nconnections = [{', '.join(['1'] * n)}]\n[server]\n{wrong}\n", encoding="utf-8"
        )
        with pytest.raises(ConfigError) as error:
            load_config(path)
        assert "lookup.connections[0]" in str(error.value)
        assert "server.key0" in str(error.value)

    few, many = (operations(partial(load, n)) for n in (1000, 2000))
    assert many <= 2.2 * few


def test_redacting_is_linear() -> None:
    """An explanation with twice as many codes, in a document twice as long, costs twice as much."""

    def redact(n: int) -> None:
        codes = [f"SAVE-{at:06}" for at in range(n)]
        assert ["***"] * n == Redactor(codes).document(codes)
        assert ["x *** y"] * n == Redactor(codes).document([f"x {code.lower()} y" for code in codes])

    few, many = (operations(partial(redact, n)) for n in (500, 1000))
    assert many <= 2.2 * few


MEBIBYTE = 1024 * 1024
AT_MOST = 60_000
"""Functions called, which is some fifty milliseconds; a body of a thousand customers takes about half of them."""


def filled(before: str, item: str, after: str) -> bytes:
    """As many items as a body may hold, between those."""
    count = (MEBIBYTE - len(before) - len(after)) // (len(item) + 1)
    return f"{before}{','.join([item] * count)}{after}".encode()


def numbered(before: str, after: str) -> bytes:
    """As many keys as a body may hold, all of them different."""
    keys = ",".join(f'"{at:08x}":1' for at in range((MEBIBYTE - 100) // 13))
    return f"{before}{keys}{after}".encode()


CUSTOMER = '"customer":{"mobile":"1"}'
KEYS = "{" + ",".join(f'"key{at}":1' for at in range(32)) + "}"
LARGE = {
    "lists in lists": b"[" * MEBIBYTE,
    "objects in objects": b'{"customer":' * (MEBIBYTE // 12),
    "lists in lists that end": b'{"customer":' + b"[" * 900 + b"]" * 900 + b"}",
    "a long key": f'{{"{"k" * (MEBIBYTE - 10)}":1}}'.encode(),
    "a long key of a customer": f'{{"customer":{{"{"k" * (MEBIBYTE - 30)}":"1"}}}}'.encode(),
    "a long text": f'{{"customer":{{"mobile":"{"1" * (MEBIBYTE - 40)}"}}}}'.encode(),
    "a long moment": f'{{{CUSTOMER},"since":"2026-01-01T00:00:00.{"1" * (MEBIBYTE - 90)}Z"}}'.encode(),
    "a long status": f'{{{CUSTOMER},"status":"{"x" * (MEBIBYTE - 90)}"}}'.encode(),
    "a number of 100,000 digits": f'{{{CUSTOMER},"deadline":{"9" * 100_000}}}'.encode(),
    "a number of 4,000 digits": f'{{{CUSTOMER},"deadline":{"9" * 4000}}}'.encode(),
    "a fraction of a million digits": f'{{{CUSTOMER},"deadline":0.{"9" * (MEBIBYTE - 90)}}}'.encode(),
    "numbers of 4,000 digits": filled(f'{{{CUSTOMER},"connections":[', "9" * 4000, "]}"),
    "the same key again and again": filled("{", CUSTOMER, "}"),
    "keys": numbered("{", "}"),
    "keys of a customer": numbered('{"customer":{', "}}"),
    "statuses": filled(f'{{{CUSTOMER},"status":[', '"active"', "]}"),
    "statuses that are none": filled(f'{{{CUSTOMER},"status":[', '"x"', "]}"),
    "connections": filled(f'{{{CUSTOMER},"connections":[', '"loyalty"', "]}"),
    "connections in connections": filled(f'{{{CUSTOMER},"connections":[', "[[[]]]", "]}"),
    "customers": filled('{"customers":[', '{"id":"1"}', "]}"),
    "customers that are none": filled('{"customers":[', "{}", "]}"),
    "customers of numbers": filled('{"customers":[', "1", "]}"),
    "a thousand customers": f'{{"customers":[{",".join([CUSTOMER[11:]] * 1000)}]}}'.encode(),
    "a thousand that are none": f'{{"customers":[{",".join(["{}"] * 1000)}]}}'.encode(),
    "a thousand with keys": f'{{"customers":[{",".join([KEYS] * 1000)}]}}'.encode(),
}
"""Bodies within the limit."""


@pytest.mark.parametrize("cls", [LookupRequest, BatchRequest])
@pytest.mark.parametrize("what", LARGE)
def test_no_body_within_the_limit_takes_long(what: str, cls: type) -> None:
    """Whatever it holds: it is decoded in native code, and what is too much is refused before anything is made of it."""
    assert len(LARGE[what]) <= MEBIBYTE

    def read() -> None:
        with suppress(UsageError):
            RequestReader().read(decoded(LARGE[what]), cls)

    read()  # the reader's own code is made at the first time
    assert operations(read) <= AT_MOST
