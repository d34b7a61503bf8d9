"""Keeps what is read anyway, so that there is a history of it, and reads what nobody has looked at; no page waits for it."""

import logging
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

import attrs

from couponhub.clock import SYSTEM_CLOCK, Clock
from couponhub.connection import Connection
from couponhub.console.quota_gauge import PastUse
from couponhub.console.running_out import LOOKED_BACK, RunningOut
from couponhub.console.shared_looks import SharedLooks
from couponhub.errors import CouponhubError, LocalError, UsageError, VendorError
from couponhub.hub import CouponHub
from couponhub.models import CouponList
from couponhub.models.base import NOTHING_RAW
from couponhub.state import StockReading

_log = logging.getLogger(__name__)

_SAMPLED_EVERY = 300.0
_SAME_FOR = 900.0
"""Counts that have not changed are written again so seldom."""
_LOOKED_AT_EVERY = 60.0

_READ_EVERY = 6 * 3600.0
"""Lists that nobody looks at are read so seldom: a day needs a reading, and a failed one is made up for."""
_QUIET_SECONDS = 60.0
"""After the start, when caches are cold and all servers of a roll-out come up at once."""
_LEAST_SHARE = 4
_OF_UPLOADS = "upload_"

Noted = tuple[int | None, int | None]


class ReadingNotes:
    """The history of lists and limits, written and read. Thread-safe.

    Nothing raises for a state that fails or may not be written: then there is no history, and a line for who debugs says so.

    Args:
        hub: Whose lists and limits.
        clock: The time.
    """

    def __init__(self, hub: CouponHub, clock: Clock = SYSTEM_CLOCK) -> None:
        self._hub = hub
        self._clock = clock
        self._tried: dict[str, float] = {}
        self._noted: dict[str, tuple[float, dict[str, Noted]]] = {}
        self._looks: SharedLooks[Mapping[str, PastUse]] = SharedLooks(
            clock=clock.monotonic, least_seconds=_LOOKED_AT_EVERY
        )

    def note_lists(self, connection: str, lists: Sequence[CouponList]) -> None:
        """Keep how many codes the lists of a connection have left, as they were read a moment ago."""
        now = self._clock.monotonic()
        counts: dict[str, Noted] = {one.id: (one.available, one.total) for one in lists}
        at, before = self._noted.get(connection, (float("-inf"), {}))
        is_due = now - at >= _SAME_FOR
        changed = lists if is_due else [one for one in lists if before.get(one.id) != counts[one.id]]
        try:
            if changed:
                self._hub[connection]  # of a hub that was closed nothing is written any more
                self._hub.state.readings.note_stock(connection, changed)
        except CouponhubError as error:
            _not_kept(error)
            return
        self._noted[connection] = now if is_due else at, counts

    def outlooks(self, connection: str, lists: Sequence[CouponList]) -> Mapping[str, RunningOut]:
        """Return when lists run out, by id, of those whose vendor tells what is left; {} where no history can be read."""
        now = self._clock.now()
        try:
            kept = self._hub.state.readings.stocks(connection, now - LOOKED_BACK)
        except CouponhubError as error:
            _not_kept(error)
            return {}
        return {
            one.id: RunningOut.of(
                [
                    *kept.get(one.id, ()),
                    StockReading(at=now, until=now, available=one.available, total=one.total),
                ],
                now,
            )
            for one in lists
            if one.available is not None
        }

    def stock(self, connection: str, list_id: str) -> tuple[StockReading, ...]:
        """Return the readings of a list, oldest first; () where there are none, or they cannot be read."""
        try:
            return self._hub.state.readings.stock(connection, list_id)
        except CouponhubError as error:
            _not_kept(error)
            return ()

    def quotas(self, connection: str) -> Mapping[str, PastUse]:
        """Return how a connection's limits were used in the last 24 hours, as it stood a minute ago at most."""
        return self._looks.look(connection, lambda: self._read(connection))

    def sample(self) -> None:
        """Keep how many calls every limit has left now.

        Raises:
            UsageError: The hub was closed.
        """
        for name in self._hub:
            try:
                connection = self._hub[name]
                left = connection.quota_left()
                if left:
                    self._hub.state.readings.note_quotas(name, left, connection.capabilities.limits)
            except UsageError:
                raise
            except CouponhubError as error:
                _not_kept(error)

    def read_lists(self) -> None:
        """Read the lists of every connection of which no reading of the last six hours is kept, by whatever machine.

        One process does it at a time, and each tries at most every six hours, whatever comes of it. What people ask for goes
        first: where less than a quarter of a limit of calls is left, nothing is read.

        Raises:
            UsageError: The hub was closed.
        """
        for name in self._hub:
            now = self._clock.monotonic()
            if now - self._tried.get(name, float("-inf")) < _READ_EVERY:
                continue
            try:
                connection = self._hub[name]
                if not _is_free(connection):
                    continue
                with self._hub.state.locks.hold(("stock", name), timeout=0):
                    if self._hub.state.readings.stocks(
                        name, self._clock.now() - timedelta(seconds=_READ_EVERY)
                    ):
                        continue
                    self._tried[name] = now
                    found: list[CouponList] = []
                    with suppress(VendorError):  # what was read before it failed is as good as any
                        found.extend(attrs.evolve(one, raw=NOTHING_RAW) for one in connection.lists.iterate())
                    self.note_lists(name, found)
            except UsageError:
                raise
            except CouponhubError as error:
                _not_kept(error)

    def keep_sampling(self, seconds: float = _SAMPLED_EVERY) -> None:
        """Sample from now on, on a thread of its own, until the hub is closed; after a while read lists, too."""
        stopped = threading.Event()
        began = self._clock.monotonic()

        def run() -> None:
            while True:
                try:
                    self.sample()
                    if self._clock.monotonic() - began >= _QUIET_SECONDS:
                        self.read_lists()
                except UsageError:
                    return  # the hub was closed
                except Exception as error:  # noqa: BLE001 - an adapter's fault must not end what others need
                    _not_kept(LocalError(f"reading limits fails with {type(error).__name__}"))
                stopped.wait(seconds)

        threading.Thread(target=run, name="readings", daemon=True).start()

    def _read(self, connection: str) -> Mapping[str, PastUse]:
        since = self._clock.now() - timedelta(hours=24)
        try:
            found = self._hub.state.readings.quotas(connection)
        except CouponhubError as error:
            _not_kept(error)
            return {}
        past = {name: PastUse.of([one for one in some if one.at >= since]) for name, some in found.items()}
        return {name: one for name, one in past.items() if one is not None}


def _is_free(connection: Connection) -> bool:
    """Tell whether enough is left of a connection's limits of calls."""
    most = connection.capabilities.limits
    return all(
        left * _LEAST_SHARE >= most.get(limit, 0)
        for limit, left in connection.quota_left().items()
        if not limit.startswith(_OF_UPLOADS)
    )


def _not_kept(error: CouponhubError) -> None:
    _log.debug("there is no history of stock and limits: %s", " / ".join(str(error).splitlines()))
