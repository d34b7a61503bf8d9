"""Calls and failures on their way to the state: nobody waits for it, memory is bounded, and what is lost is counted."""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence

import attrs

from couponhub.errors import CouponhubError
from couponhub.forking import PerProcess
from couponhub.state import CallRecord, FaultRecord, LeftOut, State

MOST_WAITING = 2_000
"""Calls, and as many failures: a few megabytes."""
_EACH_SECONDS = 1.0
_PRUNE_SECONDS = 60.0
_LAST_SECONDS = 2.0

_log = logging.getLogger(__name__)


@attrs.define(eq=False)
class _Waiting:
    """The things that wait in one process, and the thread that writes them."""

    lock: threading.Lock = attrs.field(factory=threading.Lock)
    calls: deque[CallRecord] = attrs.field(factory=deque)
    faults: deque[FaultRecord] = attrs.field(factory=deque)
    left_out: Counter[LeftOut] = attrs.field(factory=Counter)
    wake: threading.Event = attrs.field(factory=threading.Event)
    ending: threading.Event = attrs.field(factory=threading.Event)
    thread: threading.Thread | None = None
    is_failing: bool = False
    pruned_at: float | None = None


class CallWriter:
    """Writes together what came in a second, on a thread of its own, and removes what is beyond the bounds of what is kept.

    What cannot be written is dropped and counted; the first time, and once it goes again, the log says so. Thread-safe;
    a process that is forked off has a thread of its own, and leaves to its parent what waited there.

    Args:
        state: Where to; it is closed with this, and used by nobody else.
        most: How many calls wait.
        seconds: At most one transaction in so long.
    """

    def __init__(self, state: State, *, most: int = MOST_WAITING, seconds: float = _EACH_SECONDS) -> None:
        self._state = state
        self._most = most
        self._seconds = seconds
        self._own = PerProcess(_Waiting)

    def put(self, call: CallRecord) -> None:
        """Keep a call, soon."""
        own = self._own.get()
        with own.lock:
            if len(own.calls) < self._most:
                own.calls.append(call)
            else:
                own.left_out[LeftOut.BUSY] += 1
        self._wake(own)

    def put_fault(self, fault: FaultRecord) -> None:
        """Keep a failure, soon; while very many wait it is the log alone that tells of it."""
        own = self._own.get()
        with own.lock:
            if len(own.faults) < self._most:
                own.faults.append(fault)
        self._wake(own)

    def leave_out(self, why: LeftOut) -> None:
        """Count a call that is not kept."""
        own = self._own.get()
        with own.lock:
            own.left_out[why] += 1
        self._wake(own)

    def flush(self) -> None:
        """Write now what waits, on this thread."""
        self._write(self._own.get())

    def close(self) -> None:
        """Write what waits, unless the state takes its time, and let go of it."""
        own = self._own.get()
        own.ending.set()
        own.wake.set()
        if own.thread is not None:
            own.thread.join(_LAST_SECONDS)
            if own.thread.is_alive():
                return  # it has the state, and ends with the process
        self._state.close()

    def _wake(self, own: _Waiting) -> None:
        if own.wake.is_set():
            return
        own.wake.set()
        if own.thread is None:
            self._start(own)

    def _start(self, own: _Waiting) -> None:
        with own.lock:
            if own.thread is not None or own.ending.is_set():
                return
            own.thread = threading.Thread(target=self._run, args=(own,), name="calls", daemon=True)
            own.thread.start()

    def _run(self, own: _Waiting) -> None:
        while not own.ending.is_set():
            own.wake.wait()
            own.ending.wait(self._seconds)
            own.wake.clear()
            self._write(own)
        self._write(own)  # what came while the last batch was written

    def _write(self, own: _Waiting) -> None:
        with own.lock:
            calls, faults, left_out = tuple(own.calls), tuple(own.faults), dict(own.left_out)
            own.calls.clear()
            own.faults.clear()
            own.left_out.clear()
        try:
            self._state.vendor_calls.write(calls, faults=faults, left_out=left_out)
            calls, left_out = (), {}
            self._prune(own)
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody else shall notice
            self._failed(own, calls, left_out, error)
        else:
            if own.is_failing:
                own.is_failing = False
                _log.warning("calls to vendors are kept again")

    def _prune(self, own: _Waiting) -> None:
        now = time.monotonic()
        if own.pruned_at is None or now - own.pruned_at >= _PRUNE_SECONDS:
            own.pruned_at = now
            self._state.vendor_calls.prune()

    def _failed(
        self,
        own: _Waiting,
        calls: Sequence[CallRecord],
        left_out: Mapping[LeftOut, int],
        error: Exception,
    ) -> None:
        with own.lock:
            own.left_out.update(left_out)
            own.left_out[LeftOut.UNWRITTEN] += len(calls)
        if not own.is_failing:
            own.is_failing = True
            why = error.message if isinstance(error, CouponhubError) else type(error).__name__
            _log.warning("calls to vendors are counted and not kept now: %s", why)
