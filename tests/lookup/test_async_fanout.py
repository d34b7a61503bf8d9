"""A lookup that is awaited: woken from other threads, left in time, and cancelled without a loss."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from couponhub.errors import LocalError
from couponhub.lookup import Question
from couponhub.lookup.async_fanout import Alarms, AsyncFanOut, Beside
from couponhub.models import CouponQuery, Customer, CustomerCoupons, LookupAnswer, Reason, Strategy, Verdict
from couponhub.resilience import DirectClient, LookupClient, ResilienceSettings, ResilientClient
from tests.resilience.harness import FOUND, Vendor

BUYER = Customer(mobile="919876543210")


def beside(call: Callable[[], object]) -> None:
    """Do it on a thread of its own."""
    threading.Thread(target=call, daemon=True).start()


async def asking(
    *clients: LookupClient,
    deadline: float = 10.0,
    strategy: Strategy = Strategy.MERGE,
    beside: Beside = beside,
) -> LookupAnswer:
    """Ask these about one customer."""
    asked = Question(clients=clients, query=CouponQuery(), deadline=deadline, strategy=strategy)
    return await AsyncFanOut(asked, BUYER, beside, Alarms(asyncio.get_running_loop())).run_async()


def resilient(vendor: Vendor, name: str = "shop") -> ResilientClient:
    """The way to a vendor."""
    return ResilientClient(name, vendor.ask, settings=ResilienceSettings())


def test_answers_of_several_threads_are_heard() -> None:
    """Each wakes the loop, in whatever order they come, and stands at its place."""
    vendors = [Vendor(), Vendor(CustomerCoupons()), Vendor(OSError("odd"))]
    answer = asyncio.run(asking(*(resilient(vendor, str(place)) for place, vendor in enumerate(vendors))))
    assert ["found", "none", "unknown"] == [one.verdict for one in answer.answers]


def test_whoever_is_late_is_left() -> None:
    """At the deadline, with the reason; a hung vendor keeps no thread of the loop's."""
    hung, quick = Vendor(), Vendor()
    hung.holds = True
    answer = asyncio.run(asking(resilient(hung, "hung"), resilient(quick, "quick"), deadline=0.4))
    assert [(Verdict.UNKNOWN, Reason.TIMEOUT), (Verdict.FOUND, None)] == [
        (one.verdict, one.reason) for one in answer.answers
    ]
    hung.tell(FOUND)


def test_the_next_is_asked_in_its_turn() -> None:
    """With first-found, one that hangs keeps the next from being asked for its share of the time only."""
    hung, holds = Vendor(), Vendor()
    hung.holds = True
    answer = asyncio.run(
        asking(
            resilient(hung, "hung"), resilient(holds, "holds"), deadline=1.0, strategy=Strategy.FIRST_FOUND
        )
    )
    assert ["unknown", "found"] == [one.verdict for one in answer.answers]
    hung.tell(FOUND)


def test_a_cancelled_question_fills_the_memory() -> None:
    """Cancelling ends the waiting only: the vendor answers, and whoever asks next is told at once."""
    vendor = Vendor()
    vendor.holds = True
    client = resilient(vendor)

    async def run() -> None:
        task = asyncio.ensure_future(asking(client))
        await asyncio.to_thread(vendor.reached)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        kept = asyncio.ensure_future(asking(client))
        await asyncio.sleep(0)
        vendor.tell(FOUND)
        assert Verdict.FOUND is (await kept).answers[0].verdict

    asyncio.run(run())
    assert 1 == len(vendor.calls)
    assert client.recall(BUYER, CouponQuery()) is not None


def test_a_late_answer_finds_a_closed_loop_and_is_kept() -> None:
    """The loop may be gone when the vendor answers: nobody is told, and the answer is remembered."""
    vendor = Vendor()
    vendor.holds = True
    client = resilient(vendor)

    async def leave() -> None:
        task = asyncio.ensure_future(asking(client))
        await asyncio.to_thread(vendor.reached)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(leave())
    vendor.tell(FOUND)
    assert Verdict.FOUND is asyncio.run(asking(client)).answers[0].verdict
    assert 1 == len(vendor.calls)


def test_what_answers_on_the_callers_thread_is_asked_on_another() -> None:
    """An index of reports reads a file, for which the event loop does not wait."""
    threads: list[int] = []

    def ask(*_: object) -> CustomerCoupons:
        threads.append(threading.get_ident())
        return FOUND

    assert asyncio.run(asking(DirectClient("index", ask))).complete
    assert [threading.get_ident()] != threads


def test_no_thread_is_an_answer() -> None:
    """A machine that starts no thread for that is told in the answer, not by a lookup that hangs."""

    def none(_: Callable[[], object]) -> None:
        raise LocalError("this machine starts no further thread")

    (one,) = asyncio.run(asking(DirectClient("index", lambda *_: FOUND), beside=none)).answers
    assert "starts no further thread" in str(one.error)
