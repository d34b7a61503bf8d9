"""Notices, while a process lives, that another one has forgotten somebody."""

import logging
import threading
from collections.abc import Callable

from couponhub.errors import LocalError
from couponhub.state import InvalidationSignal

_log = logging.getLogger(__name__)

_EVERY_SECONDS = 3.0


class Watch:
    """Looks for erasures on a daemon thread, from when it is started until it is closed.

    While it cannot learn of any, because the state is away, everything is dropped again and again: somebody may be
    forgotten elsewhere all the same.

    Args:
        signal: By which they are announced.
        heed: Drops what is remembered; called once or more after each erasure that was announced since the start.
        every: Seconds between two looks.
    """

    def __init__(
        self, signal: InvalidationSignal, heed: Callable[[], None], *, every: float = _EVERY_SECONDS
    ) -> None:
        self._signal = signal
        self._heed = heed
        self._every = every
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, before anything is remembered; a second time does nothing.

        Raises:
            LocalError: The system starts no thread. Begin anew then, for without it nothing may be remembered.
        """
        with self._lock:
            if self._thread is None and not self._closed.is_set():
                thread = threading.Thread(
                    target=self._run, args=(self._latest(),), name="erasures", daemon=True
                )
                try:
                    thread.start()
                except RuntimeError:
                    raise LocalError("this machine starts no further thread") from None
                self._thread = thread

    def close(self) -> None:
        """Look no more."""
        self._closed.set()

    def _run(self, seen: bytes | None) -> None:
        while not self._closed.wait(self._every):
            latest = self._latest()
            if latest is None or latest != seen:
                self._tell(is_deaf=latest is None, was_deaf=seen is None)
                seen = latest
                self._heed()

    def _latest(self) -> bytes | None:
        """Return the value of the signal; None when it cannot be read."""
        try:
            return self._signal.latest()
        except LocalError:
            return None
        except Exception:  # noqa: BLE001 - a thread that ended here would let everything be remembered
            _log.exception("the erasures of other processes cannot be read")
            return None

    def _tell(self, *, is_deaf: bool, was_deaf: bool) -> None:
        if is_deaf and not was_deaf:
            _log.warning(
                "no erasure of another process can be noticed now: answers are remembered for %g seconds at most",
                self._every,
            )
        elif was_deaf and not is_deaf:
            _log.info("erasures of other processes are noticed again")
