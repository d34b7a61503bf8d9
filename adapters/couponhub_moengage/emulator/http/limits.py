"""The documented rate limits, counted in fixed windows: the calendar minute and the UTC day."""

import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

import attrs

MINUTE = 60
DAY = 86_400


@attrs.frozen(kw_only=True)
class Allowance:
    """The requests that one operation takes; `per_minute` is None where only the day is limited."""

    per_day: int
    per_minute: int | None = None

    def windows(self) -> Iterator[tuple[int, int]]:
        """Each window as (its length in seconds, requests in it)."""
        if self.per_minute is not None:
            yield MINUTE, self.per_minute
        yield DAY, self.per_day


_WRITE = Allowance(per_day=100)
_READ = Allowance(per_day=10_000)
_JOB = Allowance(per_minute=5, per_day=50)

# "Rate Limits" and the pages of the single operations.
ALLOWANCES: Mapping[str, Allowance] = MappingProxyType(
    {
        "create_list": _WRITE,
        "fetch_lists": _READ,
        "fetch_list": _READ,
        "update_list": _WRITE,
        "activate_list": _WRITE,
        "archive_list": _WRITE,
        "upload_file": _JOB,
        "fetch_files": _READ,
        "fetch_file": _READ,
        "delete_file": _JOB,
        "usage_report": _JOB,
    }
)


class RateLimits:
    """Counts requests per operation, or per operation and list where `scope` names one. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str, int], tuple[int, int]] = {}
        self._on = False

    def switch(self, *, on: bool) -> None:
        """Enforce the limits, or not; counting begins anew."""
        with self._lock:
            self._on = on
            self._counts.clear()

    def clear(self) -> None:
        """Count from nothing."""
        with self._lock:
            self._counts.clear()

    def admit(self, operation: str, scope: str, now: datetime) -> bool:
        """Count one request, or refuse it uncounted when any of its windows is full."""
        with self._lock:
            if not self._on:
                return True
            windows = list(ALLOWANCES[operation].windows())
            used = [self._used(operation, scope, length, now) for length, _ in windows]
            if any(count >= limit for count, (_, limit) in zip(used, windows, strict=True)):
                return False
            for count, (length, _) in zip(used, windows, strict=True):
                self._counts[operation, scope, length] = (_window(now, length), count + 1)
            return True

    def headers(self, operation: str, scope: str, now: datetime) -> dict[str, str]:
        """The headers of an answer, of the window with the least left; none while limits are off."""
        with self._lock:
            if not self._on:
                return {}
            left, limit, length = min(
                (limit - self._used(operation, scope, length, now), limit, length)
                for length, limit in ALLOWANCES[operation].windows()
            )
            if left == 0:  # with both windows full, only the later reset lets anything through
                limit, length = max(
                    (limit, length)
                    for length, limit in ALLOWANCES[operation].windows()
                    if limit == self._used(operation, scope, length, now)
                )
            return {
                "x-ratelimit-limit": str(limit),
                "x-ratelimit-remaining": str(left),
                "x-ratelimit-reset": str((_window(now, length) + 1) * length),
            }

    def _used(self, operation: str, scope: str, length: int, now: datetime) -> int:
        window, count = self._counts.get((operation, scope, length), (0, 0))
        return count if window == _window(now, length) else 0


def _window(now: datetime, length: int) -> int:
    return int(now.timestamp()) // length
