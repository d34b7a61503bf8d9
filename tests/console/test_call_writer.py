"""Calls on their way to the state: together, within bounds, and with nobody who notices when the state is away."""

import logging
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from couponhub.clock import utc_now
from couponhub.console.call_writer import CallWriter
from couponhub.errors import LocalError
from couponhub.state import CallRecord, FaultRecord, LeftOut, State, StoreSettings, open_state
from couponhub.testing.state_conformance.samples import new_call
from tests.kit.eventually import eventually

_FAULT = FaultRecord(at=utc_now(), request_id="r", kind="internal", status=500, method="GET", route="/")


class Away:
    """A state whose calls can be written only while `is_there` is set; the gate holds whoever writes."""

    def __init__(self) -> None:
        self.vendor_calls = self
        self.is_there = False
        self.gate = threading.Event()
        self.gate.set()
        self.batches: list[int] = []
        self.left_out: dict[LeftOut, int] = {}
        self.faults = 0
        self.tries = 0

    def write(
        self, calls: Sequence[CallRecord], *, faults: Sequence[Any], left_out: Mapping[LeftOut, int]
    ) -> None:
        """As `VendorCalls.write`."""
        self.faults += len(faults)
        self.tries += 1
        self.gate.wait(30)
        if not self.is_there:
            raise LocalError("the disk is full")
        self.batches.append(len(calls))
        for why, count in left_out.items():
            self.left_out[why] = self.left_out.get(why, 0) + count

    def prune(self) -> None:
        """As `VendorCalls.prune`."""

    def close(self) -> None:
        """As `State.close`."""


def writer_to(state: Away, **settings: Any) -> CallWriter:
    """A writer that never waits by itself."""
    return CallWriter(cast("State", state), **{"seconds": 3600.0, **settings})


def test_what_cannot_be_written_is_counted_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """One line when it fails first, one when it goes again; what was lost meanwhile is counted then, the rest is kept."""
    caplog.set_level(logging.INFO, "couponhub.console.call_writer")
    state = Away()
    writer = writer_to(state)
    for batch in range(3):
        writer.put(new_call(f"call_{batch}"))
        writer.leave_out(LeftOut.PLAIN)
        writer.flush()
    state.is_there = True
    writer.put(new_call("call_kept"))
    writer.flush()
    writer.close()
    assert ([1], {LeftOut.PLAIN: 3, LeftOut.UNWRITTEN: 3}) == (state.batches[:1], state.left_out)
    told = [record.getMessage() for record in caplog.records]
    assert [
        "calls to vendors are counted and not kept now: the disk is full",
        "calls to vendors are kept again",
    ] == told


def test_nobody_waits_while_the_state_does(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever calls a vendor goes on, memory stays bounded, and the end comes all the same."""
    state = Away()
    state.is_there = True
    state.gate.clear()
    writer = writer_to(state, most=5, seconds=0.0)
    writer.put(new_call("call_first"))
    eventually(lambda: state.tries, "the first batch")
    for number in range(12):
        writer.put(new_call(f"call_{number}"))
        writer.put_fault(_FAULT)
    writer.close()  # within two seconds, whatever the state does
    state.gate.set()
    eventually(lambda: state.left_out.get(LeftOut.BUSY) == 7, "the count of those that had no room")
    assert ([1, 5], 5) == (state.batches, state.faults)
    assert [] == caplog.records


def test_what_waits_is_written_at_the_end_together(tmp_path: Path) -> None:
    """In one transaction, before the state is let go of; afterwards nothing more is."""
    settings = StoreSettings(url=f"sqlite:///{tmp_path.as_posix()}/s.db")
    writer = CallWriter(open_state(settings), seconds=3600.0)
    for number in range(3):
        writer.put(new_call(f"call_{number}"))
    writer.close()
    writer.put(new_call("call_late"))
    with open_state(settings) as state:
        assert ["call_2", "call_1", "call_0"] == [one.id for one in state.vendor_calls.newest()]


def test_a_forked_process_writes_its_own(tmp_path: Path) -> None:
    """With a thread of its own; what waited at the fork is the parent's, and is written once."""
    settings = StoreSettings(url=f"sqlite:///{tmp_path.as_posix()}/s.db")
    writer = CallWriter(open_state(settings), seconds=3600.0)
    writer.put(new_call("call_parent"))
    child = os.fork()
    if not child:
        writer.put(new_call("call_child"))
        writer.close()
        os._exit(0)
    assert 0 == os.waitpid(child, 0)[1]
    writer.close()
    with open_state(settings) as state:
        assert {"call_parent", "call_child"} == {one.id for one in state.vendor_calls.newest()}
        assert 2 == len(state.vendor_calls.newest())
