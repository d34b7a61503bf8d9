"""The parts that the server rests on, and how each stands: looked at beside the requests, so that a silent one holds up nobody."""

import logging
import threading
from collections.abc import Iterable
from datetime import datetime

import attrs

from couponhub.clock import SYSTEM_CLOCK, Clock
from couponhub.serialization import Document, instant_text
from couponhub.state import PartProbe, Reach, ReachedPart

_log = logging.getLogger(__name__)

_FRESH_SECONDS = 1.0
"""Whoever asks need not be known: each part is looked at no more often."""
_LOOK_SECONDS = 2.0
_WAIT_SECONDS = 0.5
"""Less than the patience of those who ask, which is a second as a rule."""
_FIRST_WAIT_SECONDS = 3.0
"""As long as nothing is known that could be told instead."""
_STALE_SECONDS = 10.0
"""A look that has not ended for so long, as at a disk of another machine that hangs, says enough."""
NEEDED = frozenset({ReachedPart.STATE})
"""Without any other part lookups are answered, if with less."""


@attrs.frozen(kw_only=True)
class Standing:
    """The standing of a part.

    Attributes:
        is_up: Whether it could be reached when it was last looked at.
        since: For how long that has been so, as far as this process knows; None while it was never looked at.
        seconds: How long the last look took; None while there was none.
    """

    part: ReachedPart
    kind: str
    place: str
    is_up: bool
    since: datetime | None
    seconds: float | None

    def document(self, *, tells_place: bool) -> Document:
        """The part as JSON."""
        return {
            "part": self.part.value,
            "kind": self.kind,
            "place": self.place if tells_place else None,
            "ok": self.is_up,
            "needed": self.part in NEEDED,
            "since": instant_text(self.since),
            "seconds": None if self.seconds is None else round(self.seconds, 6),
        }


class Parts:
    """Tells how parts stand. Thread-safe.

    Each look has a thread of its own, of which there is one at a time for each part. A change is told in the log, once.

    Args:
        probes: The parts, and the ways to look at them.
        clock: What time is measured on.
    """

    def __init__(self, probes: Iterable[PartProbe], *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._watched = [_WatchedPart(one, clock) for one in probes]

    def standings(self) -> tuple[Standing, ...]:
        """Look at each part that was not looked at in the last second, wait a moment for it, and tell of all."""
        begun = [one for one in self._watched if one.begin()]
        began = self._clock.monotonic()
        for one in begun:
            most = _WAIT_SECONDS if one.is_known else _FIRST_WAIT_SECONDS
            one.wait(began + most - self._clock.monotonic())
        return tuple(one.standing() for one in self._watched)


class _WatchedPart:
    """One part, with what was seen of it last."""

    def __init__(self, probe: PartProbe, clock: Clock) -> None:
        self._probe = probe
        self._clock = clock
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._is_looking = False
        self._began = self._seen_at = float("-inf")
        self._seen: Reach | None = None
        self._since: datetime | None = None

    def begin(self) -> bool:
        """Begin a look, if one is due; False when none is, or one is under way."""
        with self._lock:
            now = self._clock.monotonic()
            if self._is_looking or now - self._began < _FRESH_SECONDS:
                return False
            self._began = now
            self._ended.clear()
            thread = threading.Thread(target=self._look, name=f"look-{self._probe.part}", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no thread can be had now; what was seen last tells for a while
                return False
            self._is_looking = True
            return True

    @property
    def is_known(self) -> bool:
        """True when it was looked at before."""
        return self._seen is not None

    def wait(self, seconds: float) -> None:
        """Wait for the look that was begun, at most so many seconds."""
        self._ended.wait(max(0.0, seconds))

    def standing(self) -> Standing:
        """Tell what was seen last; nothing that is too old is any proof that a part is there."""
        with self._lock:
            seen, age = self._seen, self._clock.monotonic() - self._seen_at
            is_stale = self._is_looking and age > _STALE_SECONDS
            return Standing(
                part=self._probe.part,
                kind=self._probe.kind,
                place=self._probe.place,
                is_up=seen is not None and seen.is_up and not is_stale,
                since=self._since,
                seconds=None if seen is None else seen.seconds,
            )

    def _look(self) -> None:
        seen = self._probe.reach(_LOOK_SECONDS)
        with self._lock:
            before, self._seen = self._seen, seen
            self._seen_at = self._clock.monotonic()
            if before is None or before.is_up != seen.is_up:
                self._since = self._clock.now()
                self._tell(seen, is_first=before is None)
            self._is_looking = False
        self._ended.set()

    def _tell(self, seen: Reach, *, is_first: bool) -> None:
        if seen.fault is not None:
            _log.warning(
                "the part %s cannot be reached: %s", seen.part, " / ".join(str(seen.fault).splitlines())
            )
        elif not is_first:
            _log.info("the part %s can be reached again", seen.part)
