"""Asking: beside the caller, a few at once, none after its time, and everybody is told once."""

import threading

import pytest

from couponhub.clock import Deadline
from couponhub.errors import LocalError, UsageError, VendorUnavailable
from couponhub.models import Customer
from couponhub.resilience import Outcome, ResilienceStatus
from tests.resilience.harness import ALL, CUSTOMER, FOUND, Heard, harness_of


def customers(count: int) -> list[Customer]:
    """Make different ones."""
    return [Customer(mobile=f"9198765432{number:02d}") for number in range(count)]


def test_an_answer_comes_from_another_thread_once() -> None:
    """The caller waits for nobody, and the vendor is given its own time, however soon the caller must leave."""
    harness = harness_of()
    heard = harness.ask(deadline=1.5)

    assert Outcome(found=FOUND) == heard.known()
    assert [2.0] == [call.seconds for call in harness.vendor.calls]
    assert threading.current_thread() not in heard.threads
    assert heard.threads[0].daemon


def test_an_error_is_told_as_it_is() -> None:
    """Whoever asked decides what it means, also of a fault of ours."""
    harness = harness_of()
    harness.vendor.says = fault = KeyError("a fault of ours")

    assert Outcome(error=fault) == harness.known()


@pytest.mark.parametrize("said", [None, ["coupons"]])
def test_what_is_no_answer_is_a_fault(said: object) -> None:
    """An adapter that returns anything else ends no thread, and leaves nobody without a word."""
    harness = harness_of()
    harness.vendor.says = lambda: said  # type: ignore[assignment] # that is the point

    assert isinstance(harness.known().error, TypeError)


def test_only_so_many_are_asked_at_once() -> None:
    """The others wait; the vendor has its own time for each, however long it waited."""
    harness = harness_of(concurrency=2)
    harness.vendor.holds = True
    heard = [harness.ask(customer, deadline=10) for customer in customers(5)]
    for _ in range(2):
        harness.vendor.reached()
    assert ResilienceStatus(in_flight=2, waiting=3, cache_misses=5) == harness.client.status()

    harness.pass_time(4)
    for _ in range(5):
        harness.vendor.tell(FOUND)
    assert [FOUND] * 5 == [one.known().found for one in heard]
    assert 2 == harness.vendor.most_at_once
    assert [10] * 5 == [call.seconds for call in harness.vendor.calls]


def test_who_waited_too_long_is_not_asked_about() -> None:
    """The vendor never sees a question that nobody waits for."""
    harness = harness_of(concurrency=1)
    harness.vendor.holds = True
    first, second, third = customers(3)
    patient = harness.ask(first, deadline=10)
    harness.vendor.reached()
    hurried, last = harness.ask(second, deadline=1), harness.ask(third, deadline=10)
    harness.pass_time(1)
    harness.vendor.tell(FOUND)
    harness.vendor.tell(FOUND)

    assert [FOUND, FOUND] == [patient.known().found, last.known().found]
    assert not hurried.is_there
    error = hurried.leave().error
    assert isinstance(error, VendorUnavailable)
    assert (True, False) == (error.too_slow, error.sent)
    assert "not asked within the deadline" in error.message
    assert [first, third] == [call.customer for call in harness.vendor.calls]


def test_a_deadline_that_is_over_asks_nobody() -> None:
    """Who leaves at once is told so."""
    harness = harness_of()

    assert isinstance(harness.ask(deadline=0.0).leave().error, VendorUnavailable)
    assert [] == harness.vendor.calls


def test_a_vendor_that_hangs_keeps_few_threads_and_no_queue() -> None:
    """However many ask, and although it never comes back: what nobody waits for any more waits no more either."""
    harness = harness_of(name="hung", concurrency=2)
    harness.vendor.holds = True
    hung = customers(52)
    waiting: list[Heard] = []
    for customer in hung[:2]:
        waiting.append(harness.ask(customer, deadline=1))
        harness.vendor.reached()
    told: list[Exception | None] = []
    for customer in hung[2:]:
        waiting.append(harness.ask(customer, deadline=1))
        harness.pass_time(0.5)
        if len(waiting) > 3:
            told.append(waiting.pop(0).leave().error)
    assert 2 == sum(thread.name == "lookup-hung" for thread in threading.enumerate())
    assert harness.client.status().waiting <= 3

    assert 49 == len(told)
    assert all(isinstance(error, VendorUnavailable) and error.too_slow for error in told)
    assert 2 == len(harness.vendor.calls)
    for _ in range(2):
        harness.vendor.tell(FOUND)


def test_a_taker_that_fails_harms_nobody_else() -> None:
    """It must not raise; if it does, the others hear their answers, and the thread lives on."""
    harness = harness_of(concurrency=1)
    harness.vendor.holds = True

    def fails(_: Outcome) -> None:
        raise RuntimeError("must not happen")

    harness.client.ask(CUSTOMER, ALL, Deadline.after(2.0), fails)
    heard = harness.ask()
    harness.vendor.reached()
    harness.vendor.tell(FOUND)
    assert FOUND == heard.known().found

    harness.vendor.holds = False
    assert FOUND == harness.known(Customer(email="a@example.com")).found


def test_without_threads_the_fault_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the system starts none, nothing hangs."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    harness = harness_of()
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert isinstance(harness.known().error, LocalError)
    monkeypatch.undo()
    assert FOUND == harness.known().found


def test_closing_tells_who_waits() -> None:
    """What was asked already ends as it does; what was not is not asked any more."""
    harness = harness_of(concurrency=1)
    harness.vendor.holds = True
    first, second = customers(2)
    asked, waiting = harness.ask(first), harness.ask(second)
    harness.vendor.reached()
    harness.client.close()

    assert isinstance(waiting.known().error, UsageError)
    assert isinstance(harness.known().error, UsageError)
    harness.vendor.tell(FOUND)
    assert FOUND == asked.known().found
    assert 1 == len(harness.vendor.calls)
    harness.client.close()
