"""The order in which lookups ask: that of the config, and above it what was switched while everything runs."""

import logging
import math
from collections.abc import Iterable

import attrs

from couponhub.clock import SYSTEM_CLOCK, Clock
from couponhub.errors import LocalError
from couponhub.models.connections import PreferredBy
from couponhub.state import LookupPreference

_log = logging.getLogger(__name__)
_EVERY_SECONDS = 2.0


@attrs.frozen
class _Order:
    """The order as it was last worked out, and what it came from."""

    switched: tuple[str, ...]
    names: tuple[str, ...]


class AskingOrder:
    """The connections that lookups ask which name none, the preferred ones first. Thread-safe.

    A switch is noticed by whichever lookup comes first after a while: there is no thread, and most lookups read nothing.
    What cannot be read keeps nobody from looking up: the order stays as it was, and a warning says so once.

    Args:
        asked: The connections that are asked, in the order of the config.
        preferred: Which of them come first, by the config.
        preference: What was switched; its connections come before those.
        clock: What the pauses between two readings are measured on.
        every: Seconds between two readings.
    """

    def __init__(
        self,
        asked: Iterable[str],
        preferred: Iterable[str],
        preference: LookupPreference,
        *,
        clock: Clock = SYSTEM_CLOCK,
        every: float = _EVERY_SECONDS,
    ) -> None:
        self._asked = tuple(dict.fromkeys(asked))
        self._preferred = tuple(preferred)
        self._preference = preference
        self._clock = clock
        self._every = every
        self._next = -math.inf
        self._is_warned = False
        self._order = self._ordered(())

    @property
    def names(self) -> tuple[str, ...]:
        """The connections in the order in which they are asked now; the same object while it does not change."""
        self._follow()
        return self._order.names

    @property
    def is_due(self) -> bool:
        """True when whoever asks next for the names reads the state."""
        return self._clock.monotonic() >= self._next

    def preferred_by(self, name: str) -> PreferredBy | None:
        """Tell why a connection comes before others that are asked; None when it does not."""
        if name not in self.names:
            return None
        if name in self._order.switched:
            return PreferredBy.STATE
        return PreferredBy.CONFIG if name in self._preferred else None

    def _follow(self) -> None:
        now = self._clock.monotonic()
        if now < self._next:
            return
        self._next = now + self._every  # first, so that others who come meanwhile need not read too
        try:
            switched = self._preference.get()
        except LocalError as error:
            if not self._is_warned:
                self._is_warned = True
                _log.warning("the order in which lookups ask stays as it is: %s", error)
            return
        self._is_warned = False
        if switched != self._order.switched:
            self._order = self._ordered(switched)
            _log.info("lookups ask %s, in this order", ", ".join(self._order.names))

    def _ordered(self, switched: tuple[str, ...]) -> _Order:
        # Others who share the state may have other connections.
        first = [name for name in (*switched, *self._preferred) if name in self._asked]
        return _Order(switched, tuple(dict.fromkeys((*first, *self._asked))))
