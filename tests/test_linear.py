"""What strangers send costs a time that grows with its length and no faster; operations are counted, not seconds."""

import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import pytest

from couponhub.config import load_config
from couponhub.errors import ConfigError, UsageError
from couponhub.explaining.redaction import Redactor
from couponhub.server.requests import BatchRequest, LookupRequest, RequestReader


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
