"""Notices, while a process lives, that another one has forgotten somebody."""

import threading
from collections.abc import Callable

from couponhub.errors import LocalError
from couponhub.state import InvalidationSignal

_EVERY_SECONDS = 3.0


class Watch:
    """Looks for erasures on a daemon thread, from when it is started until it is closed.

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
                seen = self._signal.latest()
                thread = threading.Thread(target=self._run, args=(seen,), name="erasures", daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    raise LocalError("this machine starts no further thread") from None
                self._thread = thread

    def close(self) -> None:
        """Look no more."""
        self._closed.set()

    def _run(self, seen: bytes) -> None:
        while not self._closed.wait(self._every):
            latest = self._signal.latest()
            if latest != seen:
                seen = latest
                self._heed()
