"""One clock for several processes and an emulated vendor: it runs like the real one, and every sleep sets it ahead."""

import fcntl
import json
import os
import struct
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs

from couponhub.clock import Clock

_AHEAD = struct.Struct("d")
_LONGEST_PAUSE = 0.01
"""Real seconds of a sleep at most: the vendor works in real time, and wants a moment of it."""


@attrs.frozen
class SharedClock:
    """A clock that lies in a file, so that it outlives whoever is killed while setting it ahead.

    Two who sleep at once wake one after the other, as in real time: each sets it to the end of its own sleep, if it is
    not past that by then.

    Attributes:
        path: The file; it must exist, `began` makes one.
        url: Of the emulators, whose clock is set with it.
    """

    path: Path
    url: str

    @classmethod
    def began(cls, path: Path, url: str) -> "SharedClock":
        """Make a clock that tells the real time."""
        path.write_bytes(_AHEAD.pack(0.0))
        return cls(path, url)

    @property
    def clock(self) -> Clock:
        """This clock as the product takes it."""
        return Clock(now=self.now, monotonic=self.monotonic, sleep=self.sleep)

    @property
    def ahead(self) -> float:
        """The seconds by which it is ahead of real time."""
        (seconds,) = _AHEAD.unpack(self.path.read_bytes())
        return float(seconds)

    def now(self) -> datetime:
        """Tell the time of day."""
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def seconds(self) -> float:
        """Tell the seconds since 1970."""
        return time.time() + self.ahead

    def monotonic(self) -> float:
        """Tell seconds that only grow."""
        return time.monotonic() + self.ahead

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass for everybody."""
        wakes = self.monotonic() + seconds
        with self._held() as file:
            ahead = max(self.ahead, wakes - time.monotonic())
            os.pwrite(file, _AHEAD.pack(ahead), 0)
            self._tell_vendors(ahead)
        time.sleep(min(seconds, _LONGEST_PAUSE))

    @contextmanager
    def _held(self) -> Iterator[int]:
        file = os.open(self.path, os.O_RDWR)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)

    def _tell_vendors(self, ahead: float) -> None:
        now = datetime.now(UTC) + timedelta(seconds=ahead)
        request = urllib.request.Request(  # noqa: S310 - ours
            f"{self.url}/_emulator/clock",
            data=json.dumps({"now": now.isoformat()}).encode(),
            headers={"Content-Type": "application/json"},
            method="PUT",
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - ours
            answer.read()
