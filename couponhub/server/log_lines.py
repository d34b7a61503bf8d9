"""Lines on their way to stderr: whoever writes one never waits for whoever reads it, and memory is bounded."""

import logging
import os
import select
import stat
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

MOST_WAITING = 10_000
"""Lines; about two megabytes of an access log."""
LAST_LINES_SECONDS = 2.0
_TOGETHER_SECONDS = 0.05


class Lines:
    """Writes lines together, a moment later, on a thread of its own: each write would let other threads in.

    While nobody reads, what comes beyond `most` is counted and let go of; that is told once somebody reads again.

    Args:
        write: Takes lines, whole; stderr by default.
        lost: The line that tells how many are missing.
        most: How many wait.
    """

    def __init__(
        self,
        write: Callable[[bytes], object] | None = None,
        *,
        lost: Callable[[int], str],
        most: int = MOST_WAITING,
    ) -> None:
        self._write = write or _to_stderr
        self._told_lost = lost
        self._most = most
        self._lost = 0
        self._process = os.getpid()
        self._lines: deque[str] = deque()
        self._waiting = threading.Event()
        self._writing = threading.Lock()
        threading.Thread(target=self._run, name="lines", daemon=True).start()

    def put(self, line: str) -> None:
        """Write a line, soon."""
        if len(self._lines) >= self._most:
            self._lost += 1
            return
        self._lines.append(line)
        if not self._waiting.is_set():
            self._waiting.set()

    def flush(self) -> None:
        """Write now what waits, however long that takes."""
        if os.getpid() != self._process:
            return  # a copy that came with a fork: those lines are the parent's to write
        with self._writing:
            lines = []
            with suppress(IndexError):
                while True:
                    lines.append(self._lines.popleft())
            if self._lost:
                lines.append(self._told_lost(self._lost))
                self._lost = 0
            if lines:
                with suppress(OSError):  # whoever read it went away, which is no fault of the requests'
                    self._write("\n".join([*lines, ""]).encode())

    def finish(self, seconds: float) -> None:
        """Write what waits, unless nobody reads it in that time."""
        last = threading.Thread(target=self.flush, daemon=True)
        last.start()
        last.join(seconds)

    def _run(self) -> None:
        while self._waiting.wait():
            time.sleep(_TOGETHER_SECONDS)
            self._waiting.clear()
            self.flush()


class LinesHandler(logging.Handler):
    """Writes records to stderr, with nobody waiting for it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = Lines(lost=lambda count: self.format(lost_record(count)))

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, soon."""
        try:
            self.lines.put(self.format(record))
        except Exception:  # noqa: BLE001 - as every handler does
            self.handleError(record)

    def flush(self) -> None:
        """Write what waits at the end of the process, which a reader that is gone does not hold up."""
        self.lines.finish(LAST_LINES_SECONDS)


def lost_record(count: int) -> logging.LogRecord:
    """Return the record that tells how many lines are missing."""
    text = "%d lines were not written: nobody read stderr"
    record = logging.LogRecord(__name__, logging.WARNING, "", 0, text, (count,), None)
    record.fields = {"lost": count}
    return record


def _to_stderr(lines: bytes) -> None:
    # What several processes write to a pipe keeps apart only in pieces of this size; each ends with a line.
    most = select.PIPE_BUF if stat.S_ISFIFO(os.fstat(2).st_mode) else len(lines)
    while lines:
        end = len(lines) if len(lines) <= most else lines.rfind(b"\n", 0, most) + 1 or lines.find(b"\n") + 1
        lines = lines[os.write(2, lines[:end]) :]
