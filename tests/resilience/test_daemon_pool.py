"""Threads that work a queue off: as many as are needed, at most so many, and none when there is nothing to do."""

import queue
import threading

import pytest

from couponhub.resilience.daemon_pool import DaemonThreadPool


def named(name: str) -> list[threading.Thread]:
    """The threads of that name."""
    return [thread for thread in threading.enumerate() if thread.name == name]


def gone(name: str) -> bool:
    """Whether all threads of that name end soon."""
    for thread in named(name):
        thread.join(60)
    return not named(name)


def test_threads_are_started_as_they_are_needed_and_kept() -> None:
    """One after the other needs one; two at once need two."""
    worked: queue.SimpleQueue[tuple[int, threading.Thread]] = queue.SimpleQueue()
    gate = threading.Semaphore(0)

    def work(item: int) -> None:
        assert gate.acquire(timeout=60)
        worked.put((item, threading.current_thread()))

    workers = DaemonThreadPool("kept", 8, work)
    workers.add(1)
    gate.release()
    first = worked.get(timeout=60)[1]
    while workers._idle == 0:
        pass
    workers.add(2)
    gate.release()
    assert (2, first) == worked.get(timeout=60)
    while workers._idle == 0:
        pass
    workers.add(3)
    workers.add(4)
    assert 2 == len(named("kept"))
    gate.release(2)
    assert {3, 4} == {worked.get(timeout=60)[0], worked.get(timeout=60)[0]}
    workers.close()
    assert gone("kept")


def test_idle_threads_end() -> None:
    """And new ones are started when there is something to do again."""
    worked: queue.SimpleQueue[int] = queue.SimpleQueue()
    workers = DaemonThreadPool("idle", 2, worked.put, idle=0.01)
    for item in range(3):
        workers.add(item)
        assert item == worked.get(timeout=60)
        assert gone("idle")


def test_items_can_be_taken_back() -> None:
    """As long as no thread has them."""
    gate, begun = threading.Event(), threading.Event()
    worked: list[str] = []

    def work(item: str) -> None:
        begun.set()
        assert gate.wait(60)
        worked.append(item)

    workers = DaemonThreadPool("back", 1, work)
    workers.add("a")
    assert begun.wait(60)
    for item in "bcd":
        workers.add(item)
    workers.remove("c")
    workers.remove("a")
    assert 2 == workers.waiting
    assert ["b", "d"] == workers.clear()
    workers.add("e")
    workers.close()
    gate.set()
    assert gone("back")
    assert ["a", "e"] == worked


def test_a_thread_too_few_is_no_fault_while_there_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """The item waits for it."""
    gate = threading.Event()
    worked: queue.SimpleQueue[int] = queue.SimpleQueue()

    def work(item: int) -> None:
        assert gate.wait(60)
        worked.put(item)

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    workers = DaemonThreadPool("scarce", 4, work)
    workers.add(1)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    workers.add(2)
    gate.set()
    assert [1, 2] == [worked.get(timeout=60), worked.get(timeout=60)]
    workers.close()
    assert gone("scarce")
    with pytest.raises(RuntimeError):
        workers.add(3)
    assert 0 == workers.waiting
