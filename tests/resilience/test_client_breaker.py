"""A client whose vendor fails: answers at once, the vendor left alone, and probes that notice when it is back."""

import logging
import queue
import threading

import pytest

from couponhub.errors import RateLimited, UnreadableReply, VendorUnavailable
from couponhub.models import Customer
from couponhub.resilience import Outcome
from tests.kit.eventually import eventually
from tests.resilience.harness import (
    ALL,
    CUSTOMER,
    FOUND,
    OTHER,
    ClientHarness,
    Heard,
    Said,
    down,
    harness_of,
    silent,
)


def fail(harness: ClientHarness, times: int, said: Said | None = None, *, deadline: float = 2.0) -> None:
    """Have questions about different customers fail."""
    harness.vendor.says = said or down()
    for number in range(times):
        harness.known(Customer(external_id=f"{number}"), deadline=deadline)


def test_while_open_asks_are_answered_at_once() -> None:
    """On the caller's thread; the vendor hears nothing, and the error says so."""
    harness = harness_of()
    fail(harness, 5)
    heard = harness.ask()

    assert [threading.current_thread()] == heard.threads
    error = heard.known().error
    assert isinstance(error, VendorUnavailable)
    assert "not asked: it has failed 5 times in a row, last: it broke" == error.message
    assert error.retry_after == 3600
    assert 5 == len(harness.vendor.calls)
    status = harness.client.status()
    assert ("open", 5, 1) == (status.breaker, status.failures, status.opened_total)


def test_while_open_what_is_remembered_is_given() -> None:
    """Fresh as fresh, and older with the error beside it."""
    harness = harness_of()
    harness.known()
    fail(harness, 5)
    assert None is harness.known().error
    harness.pass_time(31)
    known = harness.known()

    assert known.found is not None
    assert isinstance(known.error, VendorUnavailable)
    assert "not asked" in known.error.message
    assert 6 == len(harness.vendor.calls)


def test_opening_takes_back_what_waits() -> None:
    """Who waits for a thread hears at once that there is no use."""
    harness = harness_of(concurrency=5)
    harness.vendor.holds = True
    asked = [harness.ask(Customer(external_id=f"{number}"), deadline=9) for number in range(5)]
    for _ in asked:
        harness.vendor.reached()
    waiting = [
        harness.ask(CUSTOMER, deadline=9),
        harness.ask(CUSTOMER, deadline=9),
        harness.ask(OTHER, deadline=9),
    ]
    for _ in asked:
        harness.vendor.tell(down())

    errors = [heard.known().error for heard in waiting]
    assert all(isinstance(error, VendorUnavailable) for error in errors)
    assert harness.client.status().waiting == 0
    assert (
        len(harness.vendor.calls) <= 9
    )  # a thread that was free may have taken one before the fifth failure


def test_long_silence_opens_it() -> None:
    """Calls that the vendor let run into their time."""
    harness = harness_of()
    fail(harness, 5, harness.takes(2.0, silent()))

    assert "open" == harness.client.status().breaker


def test_callers_in_a_hurry_do_not_open_it() -> None:
    """A thousandth of a second proves nothing about the vendor, however often: it goes on answering."""
    harness = harness_of()
    harness.vendor.holds = True
    for number in range(50):
        hurried = harness.ask(Customer(external_id=f"{number}"), deadline=0.001)
        harness.vendor.reached()
        harness.pass_time(0.001)
        assert isinstance(hurried.leave().error, VendorUnavailable)
    assert ("closed", 0, 50) == (
        harness.client.status().breaker,
        harness.client.status().failures,
        harness.client.status().in_flight,
    )
    for _ in range(50):
        harness.vendor.tell(FOUND)
    harness.vendor.holds = False
    assert FOUND == harness.known().found


def test_callers_in_a_hurry_find_out_a_dead_vendor() -> None:
    """They have left long before; what they began has its time, and counts."""
    harness = harness_of()
    harness.vendor.holds = True
    for number in range(5):
        hurried = harness.ask(Customer(external_id=f"{number}"), deadline=0.001)
        harness.vendor.reached()
        harness.pass_time(0.001)
        hurried.leave()
    for _ in range(5):
        harness.vendor.tell(silent())
    eventually(lambda: harness.client.status().breaker == "open")
    assert isinstance(harness.known().error, VendorUnavailable)


def test_a_budget_of_ours_does_not_open_it() -> None:
    """Nothing was sent, so nothing was learned; nor does it begin the count of failures anew."""
    harness = harness_of()
    fail(harness, 4)
    fail(harness, 9, RateLimited("the budget is spent, so nothing was sent"))
    assert "closed" == harness.client.status().breaker
    fail(harness, 1)

    assert "open" == harness.client.status().breaker


def test_what_never_comes_back_opens_it() -> None:
    """A vendor that keeps the threads themselves is found out when others ask, and each counts once."""
    harness = harness_of(concurrency=5)
    harness.vendor.holds = True
    for number in range(5):
        harness.ask(Customer(external_id=f"{number}"), deadline=1)
        harness.vendor.reached()
    waiting = harness.ask(OTHER, deadline=9)
    harness.pass_time(3)
    error = harness.known().error

    assert isinstance(error, VendorUnavailable)
    assert "long after its time" in error.message
    assert "open" == harness.client.status().breaker
    assert isinstance(waiting.known().error, VendorUnavailable)
    for _ in range(5):
        harness.vendor.tell(silent())
    eventually(lambda: harness.client.status().in_flight == 0)
    assert (5, 5) == (harness.client.status().failures, len(harness.vendor.calls))


def test_an_answer_under_way_closes_it() -> None:
    """It was asked before the breaker opened, and proves that the vendor is there."""
    harness = harness_of()
    harness.vendor.holds = True
    slow = harness.ask(deadline=9)
    harness.vendor.reached()
    harness.vendor.holds = False
    fail(harness, 5)
    assert "open" == harness.client.status().breaker
    harness.vendor.tell(FOUND)
    assert FOUND == slow.known().found

    assert "closed" == harness.client.status().breaker


def test_without_a_check_nothing_breaks() -> None:
    """Nobody could close it again."""
    harness = harness_of(check=None)
    fail(harness, 20)

    assert ("closed", 20) == (harness.client.status().breaker, len(harness.vendor.calls))


class Probes:
    """A connection's check that waits for what it is told to come to."""

    def __init__(self) -> None:
        self.timeouts: queue.SimpleQueue[float] = queue.SimpleQueue()
        self.threads: list[threading.Thread] = []
        self._told: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()

    def __call__(self, timeout: float) -> object:
        """See `Check`."""
        self.threads.append(threading.current_thread())
        self.timeouts.put(timeout)
        error = self._told.get(timeout=60)
        if error is not None:
            raise error
        return "signed in"

    def tell(self, error: Exception | None) -> float:
        """Let one go; in how many seconds it had to end."""
        timeout = self.timeouts.get(timeout=60)
        self._told.put(error)
        return timeout


def test_probes_close_it(caplog: pytest.LogCaptureFixture) -> None:
    """Made on a daemon thread of the client's own, one after the other, each within its own time."""
    caplog.set_level(logging.WARNING)
    probes = Probes()
    harness = harness_of(probes, probe_every=0.0, probe_timeout=3.0)
    fail(harness, 5)
    assert 3.0 == probes.timeouts.get(timeout=60)
    assert "probing" == harness.client.status().breaker
    assert isinstance(harness.known().error, VendorUnavailable)
    probes.timeouts.put(3.0)
    probes.tell(down())
    probes.tell(down())
    probes.tell(None)
    eventually(lambda: harness.client.status().breaker == "closed")
    harness.vendor.says = FOUND

    assert FOUND == harness.known().found
    assert 1 == len({thread.ident for thread in probes.threads})
    assert probes.threads[0].daemon
    assert [
        "shop: not asked any more until a probe succeeds",
        "shop: asked again",
    ] == [record.message for record in caplog.records]
    assert probes.timeouts.empty()
    harness.client.close()


def test_after_a_probe_one_failure_opens_it_again() -> None:
    """A vendor whose check works and whose customers do not costs one caller in each round."""
    probes = Probes()
    harness = harness_of(probes, probe_every=0.0)
    fail(harness, 5)
    probes.tell(None)
    eventually(lambda: harness.client.status().breaker == "closed")
    fail(harness, 1)

    assert harness.client.status().opened_total == 2
    probes.tell(None)
    eventually(lambda: harness.client.status().breaker == "closed")
    harness.client.close()


def test_closing_ends_the_probes() -> None:
    """No thread is left behind."""
    probes = Probes()
    harness = harness_of(probes, name="ending", probe_every=0.0)
    fail(harness, 5)
    probes.timeouts.get(timeout=60)
    harness.client.close()
    probes.timeouts.put(0)
    probes.tell(down())

    eventually(lambda: not any(thread.name == "probe-ending" for thread in threading.enumerate()))
    assert probes.timeouts.empty()


def test_closing_does_not_wait_for_the_next_probe() -> None:
    """However far away it is."""
    harness = harness_of(name="waiting", probe_every=3600.0)
    fail(harness, 5)
    harness.client.close()

    eventually(lambda: not any(thread.name == "probe-waiting" for thread in threading.enumerate()))


def test_a_thread_that_cannot_be_started_now_is_started_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nothing would ever close it."""
    probes = Probes()
    harness = harness_of(probes, probe_every=0.0)
    fail(harness, 4)
    start = threading.Thread.start

    def refuse_probes(thread: threading.Thread) -> None:
        if thread.name.startswith("probe-"):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse_probes)
    fail(harness, 1)
    monkeypatch.undo()
    harness.known()
    probes.tell(None)

    eventually(lambda: harness.client.status().breaker == "closed")
    harness.client.close()


def test_other_clients_notice_nothing() -> None:
    """A dead vendor has its own threads and its own breaker."""
    dead, alive = harness_of(concurrency=1), harness_of(concurrency=1)
    dead.vendor.holds = True
    heard: list[Heard] = [dead.ask(Customer(external_id=f"{number}"), deadline=9) for number in range(20)]

    assert Outcome(found=FOUND) == alive.known(query=ALL)
    assert not any(one.is_there for one in heard)
    dead.client.close()
    dead.vendor.tell(FOUND)


def test_a_vendor_that_answers_nonsense_is_left_alone() -> None:
    """After ten replies in a row that nobody can read; that it was asked in vain says nothing of fewer."""
    harness = harness_of()
    fail(harness, 9, UnreadableReply("no JSON came"))
    assert "closed" == harness.client.status().breaker
    fail(harness, 5, UnreadableReply("no JSON came"))
    assert ("open", 10) == (harness.client.status().breaker, len(harness.vendor.calls))


def test_what_this_process_lacks_is_no_failure_of_the_vendors() -> None:
    """However often memory for replies was short, it is asked again."""
    crowded = VendorUnavailable("too many large replies", local=True)
    harness = harness_of()
    fail(harness, 20, crowded)
    assert ("closed", 20, 0) == (
        harness.client.status().breaker,
        len(harness.vendor.calls),
        harness.client.status().failures,
    )
