"""Asking: beside the caller, a few at once, none after its time, and everybody is told once."""

import threading

import pytest

from couponhub.clock import Deadline
from couponhub.errors import LocalError, UsageError, VendorUnavailable
from couponhub.lanes import Known, LaneStatus
from couponhub.models import Customer
from tests.lanes.stage import ALL, CUSTOMER, FOUND, Heard, staged


def customers(count: int) -> list[Customer]:
    """Make different ones."""
    return [Customer(mobile=f"9198765432{number:02d}") for number in range(count)]


def test_an_answer_comes_from_another_thread_once() -> None:
    """The caller waits for nobody, and the vendor is given its own time, however soon the caller must leave."""
    stage = staged()
    heard = stage.ask(deadline=1.5)

    assert Known(found=FOUND) == heard.known()
    assert [2.0] == [call.seconds for call in stage.vendor.calls]
    assert threading.current_thread() not in heard.threads
    assert heard.threads[0].daemon


def test_an_error_is_told_as_it_is() -> None:
    """Whoever asked decides what it means, also of a fault of ours."""
    stage = staged()
    stage.vendor.says = fault = KeyError("a fault of ours")

    assert Known(error=fault) == stage.known()


@pytest.mark.parametrize("said", [None, ["coupons"]])
def test_what_is_no_answer_is_a_fault(said: object) -> None:
    """An adapter that returns anything else ends no thread, and leaves nobody without a word."""
    stage = staged()
    stage.vendor.says = lambda: said  # type: ignore[assignment] # that is the point

    assert isinstance(stage.known().error, TypeError)


def test_only_so_many_are_asked_at_once() -> None:
    """The others wait; the vendor has its own time for each, however long it waited."""
    stage = staged(concurrency=2)
    stage.vendor.holds = True
    heard = [stage.ask(customer, deadline=10) for customer in customers(5)]
    for _ in range(2):
        stage.vendor.reached()
    assert LaneStatus(in_flight=2, waiting=3, cache_misses=5) == stage.lane.status()

    stage.pass_time(4)
    for _ in range(5):
        stage.vendor.tell(FOUND)
    assert [FOUND] * 5 == [one.known().found for one in heard]
    assert 2 == stage.vendor.most_at_once
    assert [10] * 5 == [call.seconds for call in stage.vendor.calls]


def test_who_waited_too_long_is_not_asked_about() -> None:
    """The vendor never sees a question that nobody waits for."""
    stage = staged(concurrency=1)
    stage.vendor.holds = True
    first, second, third = customers(3)
    patient = stage.ask(first, deadline=10)
    stage.vendor.reached()
    hurried, last = stage.ask(second, deadline=1), stage.ask(third, deadline=10)
    stage.pass_time(1)
    stage.vendor.tell(FOUND)
    stage.vendor.tell(FOUND)

    assert [FOUND, FOUND] == [patient.known().found, last.known().found]
    assert not hurried.is_there
    error = hurried.leave().error
    assert isinstance(error, VendorUnavailable)
    assert (True, False) == (error.too_slow, error.sent)
    assert "not asked within the deadline" in error.message
    assert [first, third] == [call.customer for call in stage.vendor.calls]


def test_a_deadline_that_is_over_asks_nobody() -> None:
    """Who leaves at once is told so."""
    stage = staged()

    assert isinstance(stage.ask(deadline=0.0).leave().error, VendorUnavailable)
    assert [] == stage.vendor.calls


def test_a_vendor_that_hangs_keeps_few_threads_and_no_queue() -> None:
    """However many ask, and although it never comes back: what nobody waits for any more waits no more either."""
    stage = staged(name="hung", concurrency=2)
    stage.vendor.holds = True
    hung = customers(52)
    waiting: list[Heard] = []
    for customer in hung[:2]:
        waiting.append(stage.ask(customer, deadline=1))
        stage.vendor.reached()
    told: list[Exception | None] = []
    for customer in hung[2:]:
        waiting.append(stage.ask(customer, deadline=1))
        stage.pass_time(0.5)
        if len(waiting) > 3:
            told.append(waiting.pop(0).leave().error)
    assert 2 == sum(thread.name == "lookup-hung" for thread in threading.enumerate())
    assert stage.lane.status().waiting <= 3

    assert 49 == len(told)
    assert all(isinstance(error, VendorUnavailable) and error.too_slow for error in told)
    assert 2 == len(stage.vendor.calls)
    for _ in range(2):
        stage.vendor.tell(FOUND)


def test_a_taker_that_fails_harms_nobody_else() -> None:
    """It must not raise; if it does, the others hear their answers, and the thread lives on."""
    stage = staged(concurrency=1)
    stage.vendor.holds = True

    def fails(_: Known) -> None:
        raise RuntimeError("must not happen")

    stage.lane.ask(CUSTOMER, ALL, Deadline.after(2.0), fails)
    heard = stage.ask()
    stage.vendor.reached()
    stage.vendor.tell(FOUND)
    assert FOUND == heard.known().found

    stage.vendor.holds = False
    assert FOUND == stage.known(Customer(email="a@example.com")).found


def test_without_threads_the_fault_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the system starts none, nothing hangs."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    stage = staged()
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert isinstance(stage.known().error, LocalError)
    monkeypatch.undo()
    assert FOUND == stage.known().found


def test_closing_tells_who_waits() -> None:
    """What was asked already ends as it does; what was not is not asked any more."""
    stage = staged(concurrency=1)
    stage.vendor.holds = True
    first, second = customers(2)
    asked, waiting = stage.ask(first), stage.ask(second)
    stage.vendor.reached()
    stage.lane.close()

    assert isinstance(waiting.known().error, UsageError)
    assert isinstance(stage.known().error, UsageError)
    stage.vendor.tell(FOUND)
    assert FOUND == asked.known().found
    assert 1 == len(stage.vendor.calls)
    stage.lane.close()
