"""All that machines share in one Redis."""

import secrets
import time
from collections.abc import Callable

from couponhub.errors import LocalError
from couponhub.forking import ProcessLock
from couponhub.state.hashing import HashKey
from couponhub.state.invalidation import InvalidationSignal
from couponhub.state.machine_quotas import WriteQuotas
from couponhub.state.quotas import QuotaStore
from couponhub.state.reach import PartProbe, ReachedPart
from couponhub.state.redis.erasures import Erasures
from couponhub.state.redis.link import Link, require_driver
from couponhub.state.redis.lookups import RedisLookups
from couponhub.state.redis.quotas import RedisQuotas
from couponhub.state.redis.sealing import Seal
from couponhub.state.shared import SharedLookups
from couponhub.state.shared_settings import SharedSettings

_ERASED_READ_AFTER = 2.0
"""Seconds for which the store's word is taken as known: it may be a question to another machine."""


class RedisShared:
    """A `Shared` in Redis or Valkey.

    Args:
        settings: The table `[shared]`.
        key: Gives the key of all who share the state; called when something is first sealed.
        erased: The signal of a store that several machines share; None for one that is this machine's own.
        link: The way there; one of its own by default.

    Raises:
        ConfigError: The client is not installed.
    """

    def __init__(
        self,
        settings: SharedSettings,
        *,
        key: Callable[[], HashKey],
        erased: InvalidationSignal | None = None,
        link: Link | None = None,
    ) -> None:
        require_driver()
        self._link = link or Link(settings)
        self._key = key
        self._erased = erased
        self._lock = ProcessLock()  # of the seal
        self._seal: Seal | None = None
        self._known: tuple[float, bytes] = (float("-inf"), b"")
        self._quotas = RedisQuotas(self._link)
        self._write_quotas = WriteQuotas(self._quotas)
        self._erasures = Erasures(self._link, is_told_by_store=erased is not None)

    @property
    def quotas(self) -> QuotaStore:
        """As `Shared.quotas`."""
        return self._quotas

    @property
    def write_quotas(self) -> QuotaStore:
        """As `Shared.write_quotas`."""
        return self._write_quotas

    @property
    def invalidation(self) -> InvalidationSignal:
        """As `Shared.invalidation`."""
        return self._erasures

    def lookups(self, connection: bytes) -> SharedLookups:
        """As `Shared.lookups`."""
        with self._lock:
            if self._seal is None:
                self._seal = Seal(self._key())
            return RedisLookups(self._link, self._seal, self._erasures, self._erased_here, connection)

    @property
    def is_away(self) -> bool:
        """As `Shared.is_away`."""
        return self._link.is_away

    def probe(self) -> PartProbe:
        """As `Shared.probe`."""
        settings = self._link.settings
        return PartProbe(
            part=ReachedPart.SHARED, kind="redis", place=settings.place, look=lambda _: self._link.look()
        )

    def check(self) -> str:
        """As `Shared.check`."""
        return self._link.check()

    def close(self) -> None:
        """As `Shared.close`."""
        self._link.close()

    def _erased_here(self) -> bytes:
        """Return the store's word for the erasures that it knows of, as of a moment ago."""
        if self._erased is None:
            return b""
        at, word = self._known
        if time.monotonic() >= at + _ERASED_READ_AFTER:
            try:
                word = self._erased.latest()
            except LocalError:
                word = secrets.token_bytes(
                    16
                )  # nobody can tell: nothing that was remembered before is as new as this
            self._known = (time.monotonic(), word)
        return word
