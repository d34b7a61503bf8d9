"""The server's clock, which all machines go by: theirs may be minutes apart."""

import time

import attrs

from couponhub.forking import ProcessLock
from couponhub.state.postgresql.database import PostgresqlDatabase

_TRUSTED_SECONDS = 300.0
"""For which this machine counts on from what the server said."""


def elapsed() -> float:
    """Return seconds that nobody sets, and that are counted while a machine sleeps, where the system has such."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


@attrs.define
class ServerClock:
    """Tells the server's time without asking it each time. Thread-safe."""

    database: PostgresqlDatabase
    _lock: ProcessLock = attrs.field(factory=ProcessLock, init=False)
    _seen: tuple[float, float] | None = attrs.field(default=None, init=False)

    def time(self) -> float:
        """Return seconds since the epoch.

        Raises:
            LocalError: The server cannot be asked, and has not been for long.
        """
        with self._lock:
            seen = self._seen
        if seen is None or not 0 <= elapsed() - seen[1] < _TRUSTED_SECONDS:
            with self.database.reading() as database:
                (row,) = database.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchall()
            seen = float(row[0]), elapsed()
            with self._lock:
                self._seen = seen
        return seen[0] + elapsed() - seen[1]
