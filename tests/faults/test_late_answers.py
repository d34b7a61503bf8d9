"""Answers that come when nobody waits for them any more: what is done late is not done twice."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import partial

import attrs
import pytest

from couponhub.clock import Clock
from couponhub.errors import CouponhubError, VendorUnavailable
from couponhub.hub import CouponHub
from couponhub.transport import RetryPolicy
from tests.faults.cells import ask_through, calls_of, judge, told_of
from tests.faults.fault_harness import CODE, FaultHarness, PacedClock, fault_harness_of
from tests.faults.mishaps import Mishap
from tests.faults.operations import Operation, operations_of
from tests.faults.small_parts import SMALL, SUBMISSION, assert_each_once, finish, new_target, send
from tests.kit.witness import codes_given

TIMEOUT, LATE, SETTLED = 0.1, 0.15, 0.5
"""Seconds: what a vendor is given, what it takes, and what is waited before absence counts."""

LATENCY = Mishap(name="late", fault="latency", value=lambda _: LATE)
SLOW_BODY = Mishap(name="a byte at a time", fault="slow_body", value=lambda _: LATE)

CELLS = [
    (vendor, operation, mishap)
    for vendor in ("moengage", "capillary")
    for operation in operations_of(vendor)
    for mishap in (LATENCY, SLOW_BODY)
    if mishap is LATENCY or operation.writes is None  # a write's answer is as lost in either way
]
Hurries = Callable[[FaultHarness], FaultHarness]


@pytest.fixture(scope="module")
def hurried() -> Iterator[Hurries]:
    """The same vendor, asked in a hurry: with a hub that gives the vendor little time, and for which time is real."""
    with ExitStack() as opened:

        def hurried(faulty: FaultHarness) -> FaultHarness:
            (connection,) = faulty.hub.config.connections.values()
            hasty = attrs.evolve(connection.settings, timeout=TIMEOUT, settle=SETTLED)
            connections = {faulty.vendor: attrs.evolve(connection, settings=hasty)}
            config = attrs.evolve(faulty.hub.config, connections=connections)
            with pytest.MonkeyPatch.context() as patch:
                policy = partial(RetryPolicy, base=0.0, attempts=2)
                patch.setattr("couponhub.transport.transport.RetryPolicy", policy)
                patch.setattr("couponhub.runtime.SYSTEM_CLOCK", Clock())
                hub = opened.enter_context(CouponHub(config))
                with suppress(VendorUnavailable):  # this machine may be slow; it is signed in, or will be
                    hub[faulty.vendor].check()
            return attrs.evolve(faulty, hub=hub)

        yield hurried


@pytest.mark.parametrize(
    ("vendor", "operation", "mishap"),
    CELLS,
    ids=[f"{vendor}-{operation.name}-{mishap.name}" for vendor, operation, mishap in CELLS],
)
def test_no_lie(
    faulty_vendors: dict[str, FaultHarness],
    hurried: Hurries,
    vendor: str,
    operation: Operation,
    mishap: Mishap,
) -> None:
    """An answer that is late, or too slow in coming, is none; the work that it told of is seen before it is repeated."""
    faulty = faulty_vendors[vendor]
    calls = calls_of(faulty, operation)
    for nth in calls.writing or calls.reading[:1]:
        with told_of(f"{mishap.name} at call {nth}"):
            target = operation.prepare(faulty)
            hasty = hurried(faulty)
            document = ask_through(faulty, operation, mishap, nth, target, by=hasty)
            time.sleep(LATE)  # what was held back is done by now
            judge(faulty, operation, mishap, target, document)


@pytest.mark.parametrize("vendor", SMALL)
def test_every_part_is_answered_late(hurried: Hurries, monkeypatch: pytest.MonkeyPatch, vendor: str) -> None:
    """Of an upload of three parts no submission is answered in time, and the vendor does each: none is sent again."""
    paced = PacedClock()
    paced.rule(monkeypatch)
    with (
        fault_harness_of(vendor, paced, file_limits=SMALL[vendor]) as faulty,
        codes_given(f"{CODE}-[0-9]+") as given,
    ):
        target = new_target(faulty)
        faulty.spoil(LATENCY, None, SUBMISSION[vendor])
        with suppress(CouponhubError):  # this machine may be slow, and looks too late as well
            send(hurried(faulty), target)
        assert faulty.mend()
        time.sleep(LATE)
        finish(faulty, target)
        assert_each_once(faulty, given, target)
