"""A vendor whose clock jumps between two calls, and tokens that die in the middle of an operation."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from werkzeug.wrappers import Request, Response

from couponhub.clock import utc_now
from couponhub.errors import CouponhubError
from tests.faults.bench import Bench
from tests.faults.cells import assert_good, calls_of, judge
from tests.faults.mishaps import NONE
from tests.faults.operations import Operation, operations_of

OPERATIONS = [
    (vendor, operation) for vendor in ("moengage", "capillary") for operation in operations_of(vendor)
]
JUMPS = {"a day forth and back": 1, "a day back and forth": -1}


@contextmanager
def jumping(bench: Bench, days: int, nth: int, patch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Have the vendor's clock stand so many days from now at the n-th call alone; gives where it stood at each."""
    stood: list[int] = []
    handle = bench.harness.emulator.handle

    def jump(request: Request) -> Response:
        stood.append(days if len(stood) == nth - 1 else 0)
        bench.harness.control.set_clock(utc_now() + timedelta(days=stood[-1]))
        return handle(request)

    with patch.context() as patched:
        patched.setattr(bench.harness.emulator, "handle", jump)
        yield stood
    bench.harness.control.set_clock(None)


@pytest.mark.parametrize("jump", JUMPS)
@pytest.mark.parametrize(
    ("vendor", "operation"),
    OPERATIONS,
    ids=[f"{vendor}-{operation.name}" for vendor, operation in OPERATIONS],
)
def test_a_clock_that_jumps(
    benches: dict[str, Bench], monkeypatch: pytest.MonkeyPatch, vendor: str, operation: Operation, jump: str
) -> None:
    """Whatever day it is at the vendor, from one call to the next, nothing is lost, doubled or made up."""
    bench = benches[vendor]
    calls = calls_of(bench, operation)
    nth = min(2, max(*calls.writing, *calls.reading, 1))
    target = operation.prepare(bench)
    document = None
    with jumping(bench, JUMPS[jump], nth, monkeypatch) as stood:
        try:
            document = operation.ask(bench, target)
        except CouponhubError as error:
            assert_good(error)
            # What a vendor may refuse, since it lies in its future.
            assert operation.name == "usage request"
    assert JUMPS[jump] in stood
    judge(bench, operation, NONE, target, document)
    bench.renew()  # what was written on another day is no ground for others


@pytest.mark.parametrize(
    "operation", operations_of("capillary"), ids=[operation.name for operation in operations_of("capillary")]
)
def test_tokens_that_die(benches: dict[str, Bench], operation: Operation) -> None:
    """A token that is good for one call is renewed before each next one, and nobody notices."""
    bench = benches["capillary"]
    calls_of(bench, operation)
    target = operation.prepare(bench)
    bench.harness.control.set_options(token_calls=1)
    bench.harness.server.app.recorder.clear()
    document = operation.ask(bench, target)
    tokens = sum("oauth" in call.path for call in bench.harness.server.app.recorder.requests())
    bench.harness.control.set_options(token_calls=0)
    assert tokens
    judge(bench, operation, NONE, target, document)
