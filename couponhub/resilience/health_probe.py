"""Trying, beside all lookups, whether a vendor is back."""

import contextlib
import threading
import time
from collections.abc import Callable

from couponhub.transport.room import without_trace

Check = Callable[[float], object]
"""The cheapest harmless call to a connection, within that many seconds; raises what went wrong."""


class HealthProbe:
    """A daemon thread that makes probes while they are wanted. It begins when one is first wanted.

    Args:
        name: The connection's.
        check: The probe.
        ended: Is told how each ended: by which error, or None.
        every: Seconds from the beginning of one to the next; the first waits as long.
        timeout: Seconds that one may take.
        turn: Tells whether it is this process that makes one now; None for always.
    """

    def __init__(
        self,
        name: str,
        check: Check,
        ended: Callable[[Exception | None], None],
        *,
        every: float,
        timeout: float,
        turn: Callable[[], bool] | None = None,
    ) -> None:
        self._turn = turn
        self._check = check
        self._ended = ended
        self._every = every
        self._timeout = timeout
        self._wanted = threading.Event()
        self._closed = threading.Event()
        self._name = f"probe-{name}"
        self._thread: threading.Thread | None = None
        self.is_probing = False

    def want(self, wanted: bool) -> None:
        """Begin or end making probes. Not thread-safe: its client holds a lock."""
        if not wanted:
            self._wanted.clear()
        elif not self._closed.is_set():
            self._wanted.set()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                # Where the system starts no thread now, it is asked again at the next question.
                with contextlib.suppress(RuntimeError):
                    self._thread.start()

    def close(self) -> None:
        """Make no more probes."""
        self._closed.set()
        self._wanted.set()

    def _run(self) -> None:
        took = 0.0
        while not self._closed.is_set():
            if not self._wanted.is_set():
                took = 0.0
                self._wanted.wait()
            if self._closed.wait(max(0.0, self._every - took)):
                return
            took = 0.0
            if self._wanted.is_set():
                started = time.monotonic()
                self._probe()
                took = time.monotonic() - started

    def _probe(self) -> None:
        if self._turn is not None and not self._turn():
            return
        error: Exception | None = None
        self.is_probing = True
        try:
            self._check(self._timeout)
        except Exception as failure:  # noqa: BLE001 - the breaker decides what each fault means
            error = without_trace(failure)
        self.is_probing = False
        self._ended(error)
