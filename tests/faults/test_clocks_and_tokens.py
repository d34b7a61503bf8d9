"""A vendor whose clock jumps between two calls, and tokens that die in the middle of an operation."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from werkzeug.wrappers import Request, Response

from couponhub.clock import utc_now
from couponhub.errors import CouponhubError
from tests.faults.cells import assert_good, calls_of, judge
from tests.faults.fault_harness import FaultHarness
from tests.faults.mishaps import NONE
from tests.faults.operations import Operation, operations_of

OPERATIONS = [
    (vendor, operation) for vendor in ("moengage", "capillary") for operation in operations_of(vendor)
]
JUMPS = {"a day forth and back": 1, "a day back and forth": -1}


@contextmanager
def jumping(faulty: FaultHarness, days: int, nth: int, patch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Have the vendor's clock stand so many days from now at the n-th call alone; gives where it stood at each."""
    stood: list[int] = []
    handle = faulty.harness.emulator.handle

    def jump(request: Request) -> Response:
        stood.append(days if len(stood) == nth - 1 else 0)
        faulty.harness.control.set_clock(utc_now() + timedelta(days=stood[-1]))
        return handle(request)

    with patch.context() as patched:
        patched.setattr(faulty.harness.emulator, "handle", jump)
        yield stood
    faulty.harness.control.set_clock(None)


@pytest.mark.parametrize("jump", JUMPS)
@pytest.mark.parametrize(
    ("vendor", "operation"),
    OPERATIONS,
    ids=[f"{vendor}-{operation.name}" for vendor, operation in OPERATIONS],
)
def test_a_clock_that_jumps(
    faulty_vendors: dict[str, FaultHarness],
    monkeypatch: pytest.MonkeyPatch,
    vendor: str,
    operation: Operation,
    jump: str,
) -> None:
    """Whatever day it is at the vendor, from one call to the next, nothing is lost, doubled or made up."""
    faulty = faulty_vendors[vendor]
    calls = calls_of(faulty, operation)
    nth = min(2, max(*calls.writing, *calls.reading, 1))
    target = operation.prepare(faulty)
    document = None
    with jumping(faulty, JUMPS[jump], nth, monkeypatch) as stood:
        try:
            document = operation.ask(faulty, target)
        except CouponhubError as error:
            assert_good(error)
            # What a vendor may refuse, since it lies in its future.
            assert operation.name == "usage request"
    assert JUMPS[jump] in stood
    judge(faulty, operation, NONE, target, document)
    faulty.renew()  # what was written on another day is no ground for others


@pytest.mark.parametrize(
    "operation", operations_of("capillary"), ids=[operation.name for operation in operations_of("capillary")]
)
def test_tokens_that_die(faulty_vendors: dict[str, FaultHarness], operation: Operation) -> None:
    """A token that is good for one call is renewed before each next one, and nobody notices."""
    faulty = faulty_vendors["capillary"]
    calls_of(faulty, operation)
    target = operation.prepare(faulty)
    faulty.harness.control.set_options(token_calls=1)
    faulty.harness.server.app.recorder.clear()
    document = operation.ask(faulty, target)
    tokens = sum("oauth" in call.path for call in faulty.harness.server.app.recorder.requests())
    faulty.harness.control.set_options(token_calls=0)
    assert tokens
    judge(faulty, operation, NONE, target, document)
