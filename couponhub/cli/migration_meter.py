"""The progress of a migration, put together from how it stands each time that it is told."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import attrs

from couponhub.cli.upload_meter import duration
from couponhub.models import MigrationStatus

_WARM = 5.0
"""Seconds until a rate says something."""


@attrs.define
class MigrationMeter:
    """A migration under way, as far as it is known. See `couponhub.cli.progress.Meter`.

    Attributes:
        subject: Of the migration; None before it is written down.
        clock: Seconds that only grow.
        now: The time of day, for the moment at which the limits let it end.
    """

    subject: str | None = None
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _status: MigrationStatus | None = None
    _began: float = attrs.field(init=False)
    _done_before: int | None = None

    def __attrs_post_init__(self) -> None:
        self._began = self.clock()

    def note(self, status: MigrationStatus) -> None:
        """Take note of how it stands."""
        self.subject, self._status = status.id, status
        if self._done_before is None:
            self._done_before = status.sent

    @property
    def phase(self) -> str:
        """See `Meter.phase`."""
        if self._status is None:
            return "reading the sources and both vendors again"
        return f"{self._status.phase.value.replace('_', ' ')} ({self._status.job_status})"

    @property
    def elapsed(self) -> float:
        """See `Meter.elapsed`."""
        return self.clock() - self._began

    @property
    def rows(self) -> int | None:
        """See `Meter.rows`."""
        return None if self._status is None else self._status.rows

    @property
    def done(self) -> int:
        """See `Meter.done`."""
        return 0 if self._status is None else self._status.sent

    @property
    def wait(self) -> str | None:
        """See `Meter.wait`."""
        return None if self._status is None else self._status.waiting_for

    @property
    def changes(self) -> object:
        """See `Meter.changes`."""
        return (self.subject, self.phase, self.done, self.wait)

    @property
    def rate(self) -> float:
        """Codes a second since this process began; 0 while nothing can be said."""
        return (self.done - (self._done_before or 0)) / self.elapsed if self.elapsed > _WARM else 0.0

    def facts(self) -> Iterator[str]:
        """See `Meter.facts`."""
        if self._status is None:
            return
        yield f"{self.done:,} of {self.rows:,} codes taken"
        if self._status.per_minute is not None:
            yield f"at most {self._status.per_minute} files a minute"
        if self.rate > 0:
            yield f"{self.rate:,.0f} codes/s"
        ends_at = self._status.ends_at
        if ends_at is not None and (left := (ends_at - self.now()).total_seconds()) > 1:
            yield f"the limits let it end in {duration(left)}"

    def line(self) -> str:
        """See `Meter.line`."""
        head = f"{self.subject}: {self.phase}" if self.subject else self.phase
        facts = ", ".join([head, *self.facts()])
        return f"{facts}; waiting for {self.wait}" if self.wait else facts
