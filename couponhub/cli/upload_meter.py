"""The progress of an upload, put together from the events that are told of it."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from math import ceil

import attrs

from couponhub.models import Part, Upload, UploadStatus
from couponhub.uploads import SECOND_LOOK, EventKind, UploadEvent

SENDING = "sending"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def duration(seconds: float) -> str:
    """Return a time in words, in its two largest units: "38 s", "2 min 5 s", "3 h 20 min"."""
    left = max(0, ceil(seconds))
    for size, unit, next_size, next_unit in (
        (_DAY, "d", _HOUR, "h"),
        (_HOUR, "h", _MINUTE, "min"),
        (_MINUTE, "min", 1, "s"),
    ):
        if left >= size:
            rest = left % size // next_size
            return f"{left // size} {unit}" + (f" {rest} {next_unit}" if rest else "")
    return f"{left} s"


@attrs.define
class UploadMeter:
    """The state of an upload under way, as far as it is known.

    Attributes:
        upload_id: Of the upload, once something is written down of it.
        may_have_sent: True once the vendor may have something of it.
        phase: What is being done.
        waiting_for: What is waited for, None while nothing is.
        clock: Seconds that only grow.
        now: The time of day, for the moment at which limits let the last part go out.
    """

    upload_id: str | None = None
    may_have_sent: bool = False
    phase: str = "preparing the codes"
    waiting_for: str | None = None
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _upload: Upload | None = None
    _began: float = attrs.field(init=False)
    _phase_began: float = attrs.field(init=False)
    _done_before: int = 0
    _waits_until: float | None = None
    _was_asked: bool = False

    def __attrs_post_init__(self) -> None:
        self._began = self._phase_began = self.clock()

    def note(self, event: UploadEvent) -> None:
        """Take note of an event."""
        upload, kind = event.upload, event.kind
        self.waiting_for, self._waits_until = None, None
        if kind is EventKind.SETTLING:
            self._enter(f"waiting for {upload.id}, which an earlier call left at the vendor")
            return
        if kind is EventKind.PAUSED:
            self.waiting_for = upload.waiting_for
            if event.seconds is not None:
                self._waits_until = self.clock() + event.seconds
        if kind is EventKind.PREPARING or (self.upload_id is None and kind is EventKind.PAUSED):
            return  # nothing is written down of it
        self.upload_id, self._upload = upload.id, upload
        if kind is EventKind.SUBMITTING or any(map(_is_there, upload.parts)):
            self.may_have_sent = True
        elif kind is EventKind.PAUSED and upload.waiting_for != SECOND_LOOK:
            self.may_have_sent = False  # it was refused before any work
        is_sent = bool(upload.parts) and all(map(_is_there, upload.parts))
        if upload.status.ended:
            self._enter(str(upload.status))
        elif kind is EventKind.POLLED and upload.not_sent and not (upload.pending or upload.unknown):
            self._enter("yet to be sent")
            self.waiting_for = upload.waiting_for
        else:
            self._enter("waiting for the vendor" if is_sent or kind is EventKind.POLLED else SENDING)
        if kind is EventKind.POLLED and not self._was_asked:
            # What the vendor was through with before it was first asked says nothing of its pace.
            self._was_asked = True
            self._begin_phase()

    @property
    def subject(self) -> str | None:
        """The upload's id, once something is written down of it."""
        return self.upload_id

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return self.clock() - self._began

    @property
    def rows(self) -> int | None:
        """Rows that go to the vendor; None where that is not known."""
        if self._upload is None or any(part.rows is None for part in self._upload.parts):
            return None
        return sum(part.rows or 0 for part in self._upload.parts)

    @property
    def done(self) -> int:
        """Rows that the vendor has while they are sent, and those that it is through with afterwards."""
        parts = () if self._upload is None else self._upload.parts
        if self.phase == SENDING:
            return sum(part.rows or 0 for part in parts if _is_there(part))
        return sum((part.accepted or 0) + (part.rejected or 0) for part in parts)

    @property
    def part(self) -> tuple[int, int] | None:
        """The part that is sent, or has not ended, and how many there are; None where there is none."""
        parts = () if self._upload is None else self._upload.parts
        through = _is_there if self.phase == SENDING else (lambda part: part.status.ended)
        return (min(sum(map(through, parts)) + 1, len(parts)), len(parts)) if parts else None

    @property
    def rate(self) -> float:
        """Rows a second since this phase began, pauses and all; 0 while nothing can be said."""
        passed = self.clock() - self._phase_began
        return (self.done - self._done_before) / passed if passed > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the last row, by the rate, a pause and the limits; None while nothing can be said."""
        rows, rate = self.rows, self.rate
        pause = 0.0 if self._waits_until is None else max(0.0, self._waits_until - self.clock())
        by_rate = max(pause, (rows - self.done) / rate) if rows is not None and rate > 0 else 0.0
        ends_at = None if self._upload is None else self._upload.ends_at
        by_limits = 0.0 if ends_at is None else (ends_at - self.now()).total_seconds()
        return max(by_rate, by_limits) or None

    @property
    def later_day(self) -> str | None:
        """The moment at which the limits let the last part go out, where that is on another day, in UTC; else None."""
        ends_at = None if self._upload is None else self._upload.ends_at
        if ends_at is None or ends_at.date() <= self.now().date():
            return None
        return f"{ends_at:%Y-%m-%d %H:%M} UTC"

    @property
    def outlook(self) -> str | None:
        """Tell of an upload that takes several days of a quota when it can have been sent; None for any other."""
        if self._upload is None or self.later_day is None:
            return None
        return (
            f"{self.upload_id}: the limits do not let its {len(self._upload.parts):,} parts go out today: the last one"
            f" cannot be sent before {self.later_day}"
        )

    @property
    def wait(self) -> str | None:
        """Name what is waited for, with the seconds that are left of it: "upload_per_minute: 38 s"."""
        if self.waiting_for is None or self._waits_until is None:
            return self.waiting_for
        return f"{self.waiting_for}: {duration(self._waits_until - self.clock())}"

    @property
    def changes(self) -> object:
        """The figures of which a change is worth a line."""
        return (self.phase, self.upload_id, self.done, self.part, self.waiting_for)

    def facts(self) -> Iterator[str]:
        """Give what there is to tell beside the phase, shortly."""
        if self._upload is not None and self._upload.status.ended:
            yield from _ends(self._upload)
            return
        if self.rows:
            yield f"{self.done:,} of {self.rows:,} rows {'sent' if self.phase == SENDING else 'done'}"
        if self.part is not None:
            yield f"part {self.part[0]:,} of {self.part[1]:,}"
        if self.rate > 0:
            yield f"{self.rate:,.0f} rows/s"
        if self.seconds_left is not None and self.seconds_left > 0:
            yield f"{duration(self.seconds_left)} left"
        if (day := self.later_day) is not None:
            yield f"not before {day}"

    def line(self) -> str:
        """Return all of it as one line."""
        head = f"{self.upload_id}: {self.phase}" if self.upload_id else self.phase
        facts = ", ".join([head, *self.facts()])
        return f"{facts}; waiting for {self.wait}" if self.wait else facts

    def _enter(self, phase: str) -> None:
        if phase != self.phase:
            self.phase = phase
            self._begin_phase()

    def _begin_phase(self) -> None:
        self._phase_began, self._done_before = self.clock(), self.done


def _ends(upload: Upload) -> Iterator[str]:
    """Give what became of the rows that were to go to the vendor."""
    counts = (("accepted", upload.accepted), ("rejected", upload.rejected), ("not sent", upload.not_sent))
    return (f"{count:,} {word}" for word, count in counts if count)


def _is_there(part: Part) -> bool:
    """Return True when the vendor has a part, or may have it."""
    return part.id is not None or part.status is UploadStatus.UNKNOWN
