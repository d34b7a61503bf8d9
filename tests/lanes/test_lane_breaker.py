"""A lane whose vendor fails: answers at once, the vendor left alone, and probes that notice when it is back."""

import logging
import queue
import threading

import pytest

from couponhub.errors import RateLimited, UnreadableReply, VendorUnavailable
from couponhub.lanes import Known
from couponhub.models import Customer
from tests.lanes.stage import ALL, CUSTOMER, FOUND, OTHER, Heard, Said, Stage, down, silent, staged, until


def fail(stage: Stage, times: int, said: Said | None = None, *, deadline: float = 2.0) -> None:
    """Have questions about different customers fail."""
    stage.vendor.says = said or down()
    for number in range(times):
        stage.known(Customer(external_id=f"{number}"), deadline=deadline)


def test_while_open_asks_are_answered_at_once() -> None:
    """On the caller's thread; the vendor hears nothing, and the error says so."""
    stage = staged()
    fail(stage, 5)
    heard = stage.ask()

    assert [threading.current_thread()] == heard.threads
    error = heard.known().error
    assert isinstance(error, VendorUnavailable)
    assert "not asked: it has failed 5 times in a row, last: it broke" == error.message
    assert error.retry_after == 3600
    assert 5 == len(stage.vendor.calls)
    status = stage.lane.status()
    assert ("open", 5, 1) == (status.breaker, status.failures, status.opened_total)


def test_while_open_what_is_remembered_is_given() -> None:
    """Fresh as fresh, and older with the error beside it."""
    stage = staged()
    stage.known()
    fail(stage, 5)
    assert None is stage.known().error
    stage.pass_time(31)
    known = stage.known()

    assert known.found is not None
    assert isinstance(known.error, VendorUnavailable)
    assert "not asked" in known.error.message
    assert 6 == len(stage.vendor.calls)


def test_opening_takes_back_what_waits() -> None:
    """Who waits for a thread hears at once that there is no use."""
    stage = staged(concurrency=5)
    stage.vendor.holds = True
    asked = [stage.ask(Customer(external_id=f"{number}"), deadline=9) for number in range(5)]
    for _ in asked:
        stage.vendor.reached()
    waiting = [stage.ask(CUSTOMER, deadline=9), stage.ask(CUSTOMER, deadline=9), stage.ask(OTHER, deadline=9)]
    for _ in asked:
        stage.vendor.tell(down())

    errors = [heard.known().error for heard in waiting]
    assert all(isinstance(error, VendorUnavailable) for error in errors)
    assert stage.lane.status().waiting == 0
    assert len(stage.vendor.calls) <= 9  # a thread that was free may have taken one before the fifth failure


def test_long_silence_opens_it() -> None:
    """Calls that the vendor let run into their time."""
    stage = staged()
    fail(stage, 5, stage.takes(2.0, silent()))

    assert "open" == stage.lane.status().breaker


def test_callers_in_a_hurry_do_not_open_it() -> None:
    """A thousandth of a second proves nothing about the vendor, however often: it goes on answering."""
    stage = staged()
    stage.vendor.holds = True
    for number in range(50):
        hurried = stage.ask(Customer(external_id=f"{number}"), deadline=0.001)
        stage.vendor.reached()
        stage.pass_time(0.001)
        assert isinstance(hurried.leave().error, VendorUnavailable)
    assert ("closed", 0, 50) == (
        stage.lane.status().breaker,
        stage.lane.status().failures,
        stage.lane.status().in_flight,
    )
    for _ in range(50):
        stage.vendor.tell(FOUND)
    stage.vendor.holds = False
    assert FOUND == stage.known().found


def test_callers_in_a_hurry_find_out_a_dead_vendor() -> None:
    """They have left long before; what they began has its time, and counts."""
    stage = staged()
    stage.vendor.holds = True
    for number in range(5):
        hurried = stage.ask(Customer(external_id=f"{number}"), deadline=0.001)
        stage.vendor.reached()
        stage.pass_time(0.001)
        hurried.leave()
    for _ in range(5):
        stage.vendor.tell(silent())
    until(lambda: stage.lane.status().breaker == "open")
    assert isinstance(stage.known().error, VendorUnavailable)


def test_a_budget_of_ours_does_not_open_it() -> None:
    """Nothing was sent, so nothing was learned; nor does it begin the count of failures anew."""
    stage = staged()
    fail(stage, 4)
    fail(stage, 9, RateLimited("the budget is spent, so nothing was sent"))
    assert "closed" == stage.lane.status().breaker
    fail(stage, 1)

    assert "open" == stage.lane.status().breaker


def test_what_never_comes_back_opens_it() -> None:
    """A vendor that keeps the threads themselves is found out when others ask, and each counts once."""
    stage = staged(concurrency=5)
    stage.vendor.holds = True
    for number in range(5):
        stage.ask(Customer(external_id=f"{number}"), deadline=1)
        stage.vendor.reached()
    waiting = stage.ask(OTHER, deadline=9)
    stage.pass_time(3)
    error = stage.known().error

    assert isinstance(error, VendorUnavailable)
    assert "long after its time" in error.message
    assert "open" == stage.lane.status().breaker
    assert isinstance(waiting.known().error, VendorUnavailable)
    for _ in range(5):
        stage.vendor.tell(silent())
    until(lambda: stage.lane.status().in_flight == 0)
    assert (5, 5) == (stage.lane.status().failures, len(stage.vendor.calls))


def test_an_answer_under_way_closes_it() -> None:
    """It was asked before the breaker opened, and proves that the vendor is there."""
    stage = staged()
    stage.vendor.holds = True
    slow = stage.ask(deadline=9)
    stage.vendor.reached()
    stage.vendor.holds = False
    fail(stage, 5)
    assert "open" == stage.lane.status().breaker
    stage.vendor.tell(FOUND)
    assert FOUND == slow.known().found

    assert "closed" == stage.lane.status().breaker


def test_without_a_check_nothing_breaks() -> None:
    """Nobody could close it again."""
    stage = staged(check=None)
    fail(stage, 20)

    assert ("closed", 20) == (stage.lane.status().breaker, len(stage.vendor.calls))


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
        error = self._told.get(timeout=10)
        if error is not None:
            raise error
        return "signed in"

    def tell(self, error: Exception | None) -> float:
        """Let one go; in how many seconds it had to end."""
        timeout = self.timeouts.get(timeout=5)
        self._told.put(error)
        return timeout


def test_probes_close_it(caplog: pytest.LogCaptureFixture) -> None:
    """Made on a daemon thread of the lane's own, one after the other, each within its own time."""
    caplog.set_level(logging.WARNING)
    probes = Probes()
    stage = staged(probes, probe_every=0.0, probe_timeout=3.0)
    fail(stage, 5)
    assert 3.0 == probes.timeouts.get(timeout=5)
    assert "probing" == stage.lane.status().breaker
    assert isinstance(stage.known().error, VendorUnavailable)
    probes.timeouts.put(3.0)
    probes.tell(down())
    probes.tell(down())
    probes.tell(None)
    until(lambda: stage.lane.status().breaker == "closed")
    stage.vendor.says = FOUND

    assert FOUND == stage.known().found
    assert 1 == len({thread.ident for thread in probes.threads})
    assert probes.threads[0].daemon
    assert [
        "shop: not asked any more until a probe succeeds",
        "shop: asked again",
    ] == [record.message for record in caplog.records]
    assert probes.timeouts.empty()
    stage.lane.close()


def test_after_a_probe_one_failure_opens_it_again() -> None:
    """A vendor whose check works and whose customers do not costs one caller in each round."""
    probes = Probes()
    stage = staged(probes, probe_every=0.0)
    fail(stage, 5)
    probes.tell(None)
    until(lambda: stage.lane.status().breaker == "closed")
    fail(stage, 1)

    assert stage.lane.status().opened_total == 2
    probes.tell(None)
    until(lambda: stage.lane.status().breaker == "closed")
    stage.lane.close()


def test_closing_ends_the_probes() -> None:
    """No thread is left behind."""
    probes = Probes()
    stage = staged(probes, name="ending", probe_every=0.0)
    fail(stage, 5)
    probes.timeouts.get(timeout=5)
    stage.lane.close()
    probes.timeouts.put(0)
    probes.tell(down())

    until(lambda: not any(thread.name == "probe-ending" for thread in threading.enumerate()))
    assert probes.timeouts.empty()


def test_closing_does_not_wait_for_the_next_probe() -> None:
    """However far away it is."""
    stage = staged(name="waiting", probe_every=3600.0)
    fail(stage, 5)
    stage.lane.close()

    until(lambda: not any(thread.name == "probe-waiting" for thread in threading.enumerate()))


def test_a_thread_that_cannot_be_started_now_is_started_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nothing would ever close it."""
    probes = Probes()
    stage = staged(probes, probe_every=0.0)
    fail(stage, 4)
    start = threading.Thread.start

    def refuse_probes(thread: threading.Thread) -> None:
        if thread.name.startswith("probe-"):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse_probes)
    fail(stage, 1)
    monkeypatch.undo()
    stage.known()
    probes.tell(None)

    until(lambda: stage.lane.status().breaker == "closed")
    stage.lane.close()


def test_other_lanes_notice_nothing() -> None:
    """A dead vendor has its own threads and its own breaker."""
    dead, alive = staged(concurrency=1), staged(concurrency=1)
    dead.vendor.holds = True
    heard: list[Heard] = [dead.ask(Customer(external_id=f"{number}"), deadline=9) for number in range(20)]

    assert Known(found=FOUND) == alive.known(query=ALL)
    assert not any(one.is_there for one in heard)
    dead.lane.close()
    dead.vendor.tell(FOUND)


def test_a_vendor_that_answers_nonsense_is_left_alone() -> None:
    """After ten replies in a row that nobody can read; that it was asked in vain says nothing of fewer."""
    stage = staged()
    fail(stage, 9, UnreadableReply("no JSON came"))
    assert "closed" == stage.lane.status().breaker
    fail(stage, 5, UnreadableReply("no JSON came"))
    assert ("open", 10) == (stage.lane.status().breaker, len(stage.vendor.calls))


def test_what_this_process_lacks_is_no_failure_of_the_vendors() -> None:
    """However often memory for replies was short, it is asked again."""
    crowded = VendorUnavailable("too many large replies", local=True)
    stage = staged()
    fail(stage, 20, crowded)
    assert ("closed", 20, 0) == (
        stage.lane.status().breaker,
        len(stage.vendor.calls),
        stage.lane.status().failures,
    )
