"""The way to Redis: short times, one warning when it is away, and a new try every few seconds."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeVar

import attrs

from couponhub.errors import ConfigError, LocalError
from couponhub.forking import PerProcess
from couponhub.state.machine_quotas import TRIED_AGAIN_AFTER
from couponhub.state.machine_share import AwayError
from couponhub.state.redis.faults import told, word_of
from couponhub.state.redis.scripts import PROBE, Script, TimeOfDay
from couponhub.state.shared_settings import SharedSettings

if TYPE_CHECKING:
    from redis import Redis
    from redis.commands.core import Script as Loaded

T = TypeVar("T")

_log = logging.getLogger(__name__)

_CONNECT_SECONDS = 0.5
_ANSWER_SECONDS = 0.3
"""Nobody who looks a customer up may wait longer for what only makes it quicker."""
PREFIX = "couponhub:"
"""Of every key."""


class Link:
    """The connections of each process to one Redis. Thread-safe, and safe with other processes, forked ones too.

    Args:
        settings: Where it is.
        clock: Monotonic seconds.
        time_of_day: What scripts take as the time; the server's own clock.
    """

    def __init__(
        self,
        settings: SharedSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        time_of_day: TimeOfDay = TimeOfDay.SERVER,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._time_of_day = time_of_day
        self._own = PerProcess(_Standing)

    @property
    def is_away(self) -> bool:
        """True while it is not used."""
        return self._own.get().away

    @property
    def next_try_in(self) -> float:
        """Seconds until it is tried again; 0 where it is used."""
        own = self._own.get()
        return max(0.0, own.next_try - self._clock()) if own.away else 0.0

    def run(
        self, script: Script, keys: Sequence[str], arguments: Sequence[bytes | str | int | float]
    ) -> list[object]:
        """Run a script on the server, and return what it says.

        Raises:
            AwayError: It cannot be used; this process is to go on by itself.
        """
        own = self._own.get()
        if own.away:
            self._come_back(own)
        try:
            return self._called(own, script, keys, arguments)
        except _failures() as error:
            self._leave(own, error)
            raise AwayError from None

    def check(self) -> str:
        """Try it now, and return what was found, for people.

        Raises:
            LocalError: It cannot be used.
        """
        started = time.monotonic()
        self._look(is_told=True)
        return f"{self.settings.place} answered in {(time.monotonic() - started) * 1000:.0f} ms"

    def look(self) -> None:
        """Try it now, as `check`, for programs: that it is away, or back, is said in the log as by any other use.

        Raises:
            LocalError: It cannot be used.
        """
        self._look(is_told=False)

    def _look(self, *, is_told: bool) -> None:
        own = self._own.get()
        try:
            self._called(own, PROBE, [f"{PREFIX}probe"], [])
        except _failures() as error:
            self._leave(own, error, is_told=is_told)
            raise told(error, self.settings.place) from None
        self._is_back(own)

    def close(self) -> None:
        """Close the connections; a later use opens new ones."""
        own = self._own.get()
        with own.lock:
            client, own.client, own.scripts = own.client, None, {}
        if client is not None:
            client.close()

    def _called(
        self,
        own: "_Standing",
        script: Script,
        keys: Sequence[str],
        arguments: Sequence[bytes | str | int | float],
    ) -> list[object]:
        loaded = own.scripts.get(script) or self._load(own, script)
        answer: object = loaded(keys, arguments)
        if not isinstance(answer, list):
            from redis.exceptions import InvalidResponse  # noqa: PLC0415 - an extra

            raise InvalidResponse("it runs no scripts: it answers as no Redis does")
        return answer

    def _load(self, own: "_Standing", script: Script) -> "Loaded":
        with own.lock:
            if own.client is None:
                own.client = _connected(self.settings)
            loaded = own.scripts[script] = own.client.register_script(script.text(self._time_of_day))
            return loaded

    def _come_back(self, own: "_Standing") -> None:
        """Try it again if it is time, on the thread of one caller; others go on by themselves meanwhile."""
        if self._clock() < own.next_try or not own.trying.acquire(blocking=False):
            raise AwayError
        try:
            # It writes: a Redis that may only be read, or has no memory left, is none that counts.
            self._called(own, PROBE, [f"{PREFIX}probe"], [])
        except _failures() as error:
            self._leave(own, error)
            raise AwayError from None
        finally:
            own.trying.release()
        self._is_back(own)

    def _leave(self, own: "_Standing", error: Exception, *, is_told: bool = False) -> None:
        with own.lock:
            own.next_try = self._clock() + TRIED_AGAIN_AFTER
            is_news, own.away = not own.away, True
            client = own.client
        if client is not None:
            # Whoever comes back finds perhaps another server under that name.
            client.connection_pool.disconnect(inuse_connections=False)
        if is_news and not is_told:
            _log.warning(
                "what machines share, %s, cannot be used (%s): until it can, calls that change something wait, lookups"
                " use %g of each quota, and this process alone remembers answers",
                self.settings.place,
                word_of(error),
                self.settings.share,
            )

    def _is_back(self, own: "_Standing") -> None:
        with own.lock:
            is_news, own.away = own.away, False
        if is_news:
            _log.warning("what machines share, %s, is used again", self.settings.place)


@attrs.define(eq=False)
class _Standing:
    """The standing of one process with Redis.

    Attributes:
        lock: Of what stands here; held for moments.
        trying: Held by the thread that tries whether it is back.
        next_try: When that is done, on the link's clock.
    """

    lock: threading.Lock = attrs.field(factory=threading.Lock)
    trying: threading.Lock = attrs.field(factory=threading.Lock)
    client: "Redis | None" = None
    scripts: "dict[Script, Loaded]" = attrs.field(factory=dict)
    away: bool = False
    next_try: float = 0.0


def _failures() -> tuple[type[Exception], ...]:
    from redis import RedisError  # noqa: PLC0415 - an extra

    return RedisError, OSError


def _connected(settings: SharedSettings) -> "Redis":
    """Return a client that connects when it is first used."""
    from redis import Redis  # noqa: PLC0415 - an extra
    from redis.backoff import NoBackoff  # noqa: PLC0415 - the same
    from redis.exceptions import ConnectionError as NoConnectionError  # noqa: PLC0415 - the same
    from redis.retry import Retry  # noqa: PLC0415 - the same

    if settings.url is None:
        raise LocalError("no place is configured that machines share", hint="name one in [shared] url")
    return Redis.from_url(
        settings.url.reveal(),
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_ANSWER_SECONDS,
        socket_keepalive=True,
        protocol=2,
        # A server that was started anew has closed what was open; one that is silent is not asked twice.
        retry=Retry(NoBackoff(), 1, supported_errors=(NoConnectionError,)),
    )


def require_driver() -> None:
    """Look for what the extra brings; nothing is imported.

    Raises:
        ConfigError: It is not installed.
    """
    if not (find_spec("redis") and find_spec("cryptography")):
        raise ConfigError(
            "[shared] url names Redis, and its client is not installed", hint="pip install 'couponhub[redis]'"
        )
