"""S-130 to S-135: the calls to vendors and the servers' own failures that are kept for a while."""

from datetime import timedelta
from typing import Any

import attrs

from couponhub.clock import utc_now
from couponhub.state import (
    CallDecision,
    CallFilter,
    CallRecord,
    CallRetention,
    FaultRecord,
    LeftOut,
    VendorCalls,
)
from couponhub.state.vendor_calls import FAILED
from couponhub.testing.state_conformance.harness import StateHarness
from couponhub.testing.state_conformance.samples import new_call

_WHOLE = attrs.evolve(
    new_call("call_whole", outcome="rate_limited"),
    method="POST",
    changes=True,
    decision=CallDecision.WAITED,
    because="ä word",
    waited=1.5,
    status=429,
    attempt=3,
    milliseconds=12,
    vendor_request_id="R-1",
    request_id="ours-1",
    headers=("Accept", "Authorization"),
    query='{"mobile":"text of 12 digits"}',
    sent='{"a":"ü"}',
    received="",
)


class VendorCallRules:
    """Rules of what is kept of calls and failures."""

    def test_s130_what_is_written_is_what_others_find(self, harness: StateHarness) -> None:
        """S-130: every field as it was written, the last written first, whatever their times; nothing at first."""
        calls, other = harness.open().vendor_calls, harness.open().vendor_calls
        assert ((), None, (), {}, ()) == _all(other)
        bare = new_call("call_bare", seconds=3600)
        calls.write([bare])
        calls.write([_WHOLE], left_out={LeftOut.PLAIN: 3, LeftOut.BUSY: 0})
        calls.write(left_out={LeftOut.PLAIN: 4})
        calls.write()
        assert (_WHOLE, bare) == other.newest()
        assert (_WHOLE, None) == (other.find("call_whole"), other.find("CALL_WHOLE"))
        assert (("shop", "customer_coupons"),) == other.operations()
        assert {LeftOut.PLAIN: 7} == other.left_out()

    def test_s131_what_is_asked_for_is_found(self, harness: StateHarness) -> None:
        """S-131: by each filter alone and together, a page at a time; behind one that is gone nothing comes."""
        calls = harness.open().vendor_calls
        calls.write([new_call(f"call_{number}", seconds=number) for number in range(5)])
        calls.write(
            [_WHOLE, attrs.evolve(new_call("call_other"), connection="till", operation="create_list")]
        )

        def ids(before: str | None = None, most: int = 50, **wanted: Any) -> list[str]:
            found = calls.newest(CallFilter(**wanted), before=before, most=most)
            return [one.id.removeprefix("call_") for one in found]

        assert ["other", "whole", "4"] == ids(most=3)
        assert ["3", "2", "1", "0"] == ids(before="call_4")
        assert [] == ids(before="call_gone")
        assert ["other"] == ids(connection="till") == ids(operation="create_list")
        assert ["whole"] == ids(outcome=FAILED) == ids(outcome="rate_limited") == ids(request_id="ours-1")
        assert ["4", "3"] == ids(since=new_call("", seconds=3).at, outcome="ok", connection="shop", most=2)
        assert [] == ids(connection="till", outcome=FAILED)

    def test_s132_what_is_beyond_the_bounds_goes(self, harness: StateHarness) -> None:
        """S-132: the oldest of each sort by their number, and all by their age, however many there are; the rest stays."""
        calls = harness.open().vendor_calls
        fault = FaultRecord(
            at=utc_now(), request_id="r", kind="internal", status=500, method="GET", route="/"
        )
        calls.write(
            [new_call(f"call_{number}") for number in range(1203)]
            + [new_call(f"call_bad{number}", outcome="unavailable") for number in range(3)],
            faults=[attrs.evolve(fault, request_id=str(number)) for number in range(4)],
            left_out={LeftOut.MANY: 1},
        )
        kept = CallRetention(plain=2, others=2, faults=1)
        assert 1201 + 1 + 3 == calls.prune(kept)
        assert ["bad2", "bad1", "1202", "1201"] == [one.id.removeprefix("call_") for one in calls.newest()]
        assert [("3", 1)] == [(one.newest.request_id, one.count) for one in calls.faults()]
        assert (0, {LeftOut.MANY: 1}) == (calls.prune(), calls.left_out())
        harness.jump(timedelta(days=8).total_seconds())
        assert {} == calls.left_out()
        assert 5 == calls.prune()
        assert ((), None, (), {}, ()) == _all(calls)

    def test_s133_many_write_at_once(self, harness: StateHarness) -> None:
        """S-133: two processes write while this one removes what is too much: nothing that is kept is lost or doubled."""
        workers = [harness.spawn("write_calls", own, "40") for own in ("x", "y")]
        calls = harness.open().vendor_calls
        said = [worker.step() for worker in workers]
        for _ in range(5):
            calls.prune(CallRetention(plain=10_000))
        said += [step for worker in workers for step in worker.rest()]
        assert sorted(said) == sorted(one.id for one in calls.newest(most=1000))
        assert {LeftOut.PLAIN: 80} == calls.left_out()
        assert 70 == calls.prune(CallRetention(plain=10))
        assert 10 == len(calls.newest(most=1000))

    def test_s134_failures_are_told_by_their_sort(self, harness: StateHarness) -> None:
        """S-134: by kind, status, route and place, each with its count and its last request; one request's alone if asked for."""
        calls, now = harness.open().vendor_calls, utc_now()
        one = FaultRecord(
            at=now,
            request_id="r1",
            kind="internal",
            status=500,
            method="POST",
            route="/v1/lookup",
            place="a:1",
        )
        later = attrs.evolve(one, at=now + timedelta(seconds=5), request_id="r2")
        other = attrs.evolve(one, request_id="r3", place="b:2")
        calls.write(faults=[one, other])
        calls.write(faults=[later])
        assert [(later, 2, now), (other, 1, now)] == [
            (found.newest, found.count, found.first_at) for found in calls.faults()
        ]
        assert [one] == [found.newest for found in calls.faults("r1")]
        assert () == calls.faults("r4")
        assert 1 == len(calls.faults(most=1))

    def test_s135_a_kill_amid_writing(self, harness: StateHarness) -> None:
        """S-135: every batch that was announced is there, and of the next all or nothing; others go on."""
        worker = harness.spawn("write_calls", "x", "100000")
        said = [worker.step() for _ in range(4)]
        said += worker.kill()
        calls = harness.open().vendor_calls
        found = [record.id for record in calls.newest(most=100_000)][::-1]
        assert said == found[: len(said)]
        assert len(found) <= len(said) + 1
        calls.write([_WHOLE])
        assert _WHOLE == calls.find(_WHOLE.id)


def _all(calls: VendorCalls) -> tuple[object, ...]:
    found: CallRecord | None = calls.find("call_1202")
    return calls.newest(), found, calls.operations(), calls.left_out(), calls.faults()
