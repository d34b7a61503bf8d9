"""A signal that comes just as the main thread begins to wait: it does not end that wait, and is heeded all the same."""

import _thread
import threading
import time
from collections.abc import Callable

import pytest

from couponhub.holdings.asking import answers_in_order
from couponhub.jobs.queued import QueuedJobs
from couponhub.object_stores import waited_for
from couponhub.server.workers import Woken


def _object_store(blocked: Callable[[], None]) -> None:
    waited_for(blocked)


def _export(blocked: Callable[[], None]) -> None:
    list(answers_in_order(lambda _: blocked(), [1]))


def _server(blocked: Callable[[], None]) -> None:
    threading.Thread(target=blocked, daemon=True).start()
    Woken().wait()


def _worker(blocked: Callable[[], None]) -> None:
    class Waits:
        """A queue with nothing in it."""

        def enqueue(self) -> None:
            """Take nothing."""

        def revive(self) -> None:
            """Find nothing."""

        def work(self, *_: object, stopping: threading.Event, **__: object) -> None:
            """Wait for what does not come."""
            threading.Thread(target=blocked, daemon=True).start()
            stopping.wait()

    class Nothing:
        """No jobs."""

        def due(self) -> list[object]:
            """Nothing is due."""
            return []

    jobs = QueuedJobs(Nothing(), Waits(), lambda _: None, threading.Event())  # type: ignore[arg-type,return-value] # of no further use
    list(jobs.work(1))


@pytest.mark.parametrize("waits", [_object_store, _export, _server, _worker])
def test_a_signal_is_heeded_though_it_ends_no_wait(waits: Callable[[Callable[[], None]], None]) -> None:
    """An interrupt that wakes nobody, as one in the wrong moment, is raised: each wait is one in pieces."""
    gate = threading.Event()

    def blocked() -> None:
        time.sleep(0.1)
        _thread.interrupt_main()
        gate.wait()

    with pytest.raises(KeyboardInterrupt):
        waits(blocked)
    gate.set()
