"""Patience with a server that is away: one looks from time to time whether it is back, and nobody else waits for that."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from couponhub.errors import LocalError
from couponhub.forking import ProcessLock

_AWAY_SECONDS = 3.0
_SLOW_SECONDS = 1.0


class Patience:
    """Keeps those who have little time from waiting for a server that did not answer others. Thread-safe.

    Args:
        monotonic: The clock, for tests.
    """

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = ProcessLock()
        self._fault: LocalError | None = None
        self._again = -math.inf

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Let the block ask the server, unless others were not answered a moment ago: then their fault is told again.

        Raises:
            LocalError: That fault, or what the block raises.
        """
        fault = self._told()
        if fault is not None:
            raise LocalError(fault.message, hint=fault.hint)  # a new one: each raise adds to an error's trace
        began = self._monotonic()
        try:
            yield
        except LocalError as error:
            ended = self._monotonic()
            # A server that refuses at once, or ends one connection, keeps nobody waiting, and may be back with the next.
            if ended - began >= _SLOW_SECONDS:
                with self._lock:
                    self._fault, self._again = error, ended + _AWAY_SECONDS
            raise
        with self._lock:
            self._fault = None

    def _told(self) -> LocalError | None:
        """Return the fault that is told again; None for whoever is to ask now."""
        with self._lock:
            fault, now = self._fault, self._monotonic()
            if fault is None or now < self._again:
                return fault
            self._again = now + _AWAY_SECONDS  # others leave it to this one meanwhile
            return None
