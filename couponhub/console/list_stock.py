"""The lists of all connections, read beside the requests and remembered for a minute: a page must not spend a vendor's calls."""

import logging
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime

import attrs

from couponhub.clock import SYSTEM_CLOCK, Clock
from couponhub.console.reading_notes import ReadingNotes
from couponhub.console.running_out import RunningOut
from couponhub.errors import CouponhubError, LocalError
from couponhub.hub import CouponHub
from couponhub.models import CouponList
from couponhub.models.base import NOTHING_RAW

_log = logging.getLogger(__name__)

_FRESH_SECONDS = 60.0
"""A vendor may let its lists be read so many times a day; a page is looked at more often."""
_AGAIN_SECONDS = 5.0
"""Whoever asks for them anew again and again is shown what was read a moment ago."""
_FAILED_SECONDS = 15.0
"""Lists that could not be read are asked for again sooner."""
_WAIT_SECONDS = 1.5


@attrs.frozen(kw_only=True)
class Stock:
    """The lists of one connection, as they were read.

    Attributes:
        lists: Those that could be read, in the vendor's order; () before any were.
        error: What ended the reading before it was whole; None when nothing is missing.
        read_at: When the reading began; None before the first one has ended.
        is_reading: True while they are read, for the first time or anew, and what was read before is looked up.
        outlooks: When each runs out, by its id; {} while that is not looked up, and where no history is kept.
    """

    connection: str
    lists: tuple[CouponList, ...] = attrs.field(default=(), repr=False)
    error: CouponhubError | None = None
    read_at: datetime | None = None
    is_reading: bool = False
    outlooks: Mapping[str, RunningOut] = attrs.field(factory=dict, repr=False)


class ListStock:
    """Reads the lists of connections, each by a thread of its own, one at a time. Thread-safe.

    Args:
        hub: Whom to ask.
        clock: What age is measured on.
        notes: Where a history of it is kept; one of the hub's by default.
    """

    def __init__(
        self, hub: CouponHub, clock: Clock = SYSTEM_CLOCK, *, notes: ReadingNotes | None = None
    ) -> None:
        self._hub = hub
        self._notes = notes or ReadingNotes(hub)
        self._clock = clock
        self._lock = threading.Lock()
        self._read: dict[str, _Reading] = {}

    def look(self, names: Iterable[str]) -> tuple[Stock, ...]:
        """Return what is known of connections; those of which nothing is known are waited for, for a moment."""
        readings = [self._begun(name, _FRESH_SECONDS) for name in names]
        until = self._clock.monotonic() + _WAIT_SECONDS
        for one in readings:
            if one.stock.read_at is None:
                one.ended.wait(max(0.0, until - self._clock.monotonic()))
        return tuple(one.stock for one in readings)

    def read_again(self, names: Iterable[str]) -> None:
        """Begin to read what was not read in the last few seconds."""
        for name in names:
            self._begun(name, _AGAIN_SECONDS)

    def forget(self, name: str) -> None:
        """Remember nothing of a connection, for something of it was changed; what is being read counts for nothing."""
        with self._lock:
            self._read.pop(name, None)

    def known(self, connection: str, list_id: str) -> CouponList | None:
        """Return a list as it was last read here; None where it was not, or that is too long ago."""
        with self._lock:
            found = self._read.get(connection)
            if found is None or found.age(self._clock) > _FRESH_SECONDS:
                return None
            return next((one for one in found.stock.lists if one.id == list_id), None)

    def _begun(self, name: str, fresh: float) -> "_Reading":
        with self._lock:
            one = self._read.setdefault(name, _Reading(Stock(connection=name)))
            longest = fresh if one.stock.error is None else min(fresh, _FAILED_SECONDS)
            if one.stock.is_reading or one.age(self._clock) <= longest:
                return one
            one.ended.clear()
            thread = threading.Thread(target=self._fill, args=(one,), name=f"lists-{name}", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                error = LocalError("this machine starts no further thread", connection=name)
                one.stock = attrs.evolve(one.stock, error=error)
                return one
            one.stock = attrs.evolve(one.stock, is_reading=True)
            return one

    def _fill(self, one: "_Reading") -> None:
        before, at = one.stock, self._clock.now()
        name = before.connection
        found: list[CouponList] = []
        error: CouponhubError | None = None
        try:
            # Pages show nothing of the vendor's own objects, which are the most of what would be remembered.
            found.extend(attrs.evolve(one, raw=NOTHING_RAW) for one in self._hub[name].lists.iterate())
        except CouponhubError as raised:
            error = raised
        except Exception as raised:  # noqa: BLE001 - an adapter's fault must not leave the page waiting for ever
            error = LocalError(f"reading lists fails with {type(raised).__name__}", connection=name)
        if error is not None and not found and before.lists:  # what was known is shown, with its time
            stock = attrs.evolve(before, error=error)
        else:
            stock = Stock(connection=name, lists=tuple(found), error=error, read_at=at)
            # Nobody who waits longer for a state than for the vendor is kept from what the vendor said.
            one.stock = attrs.evolve(stock, outlooks=before.outlooks, is_reading=True)
            stock = attrs.evolve(stock, outlooks=self._looked_up(name, found))
        with self._lock:
            # What takes longer than it stays fresh must not be read for ever: it is fresh from its end on.
            one.ended_at = self._clock.monotonic()
            one.stock = attrs.evolve(stock, is_reading=False)
        one.ended.set()

    def _looked_up(self, name: str, found: list[CouponList]) -> Mapping[str, RunningOut]:
        try:
            self._notes.note_lists(name, found)
            return self._notes.outlooks(name, found)
        except Exception:  # noqa: BLE001 - a history is worth less than the lists
            _log.debug("when the lists of %s run out cannot be told", name, exc_info=True)
            return {}


class _Reading:
    """The last reading of one connection, and the one that is under way."""

    def __init__(self, stock: Stock) -> None:
        self.stock = stock
        self.ended_at = float("-inf")
        self.ended = threading.Event()

    def age(self, clock: Clock) -> float:
        """Seconds since it was read, whatever came of it."""
        return clock.monotonic() - self.ended_at
