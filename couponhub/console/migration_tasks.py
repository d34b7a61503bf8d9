"""Long work on migrations that somebody asked for on a page: it goes on beside requests, which none of it holds."""

import logging
import threading
from collections.abc import Callable
from contextvars import copy_context
from datetime import datetime

import attrs

from couponhub.clock import utc_now
from couponhub.errors import CouponhubError, LocalError, UsageError
from couponhub.server.discretion import discreet
from couponhub.server.log_format import places_of

_log = logging.getLogger(__name__)

_MOST_AT_ONCE = 2
"""Each reads all of a migration's codes."""
_MOST_KEPT = 50


@attrs.frozen(kw_only=True)
class LongTask:
    """One such work, the last of its kind on a migration.

    Attributes:
        began_at: When it was asked for, in UTC.
        ended_at: When it ended; None while it is under way.
        found: What came of it, fit to be shown: no code stands in it whole.
        error: What went wrong, for people.
    """

    began_at: datetime
    ended_at: datetime | None = None
    found: object = None
    error: CouponhubError | None = None

    @property
    def is_under_way(self) -> bool:
        """True while it goes on."""
        return self.ended_at is None


class LongTasks:
    """Runs them in threads of this process, and remembers what came of them for as long as it lives. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[tuple[str, str], LongTask] = {}

    def last(self, migration_id: str, kind: str) -> LongTask | None:
        """Return the last one of a kind, be it under way or not; None when this process knows of none."""
        return self._last.get((migration_id, kind))

    def begin(self, migration_id: str, kind: str, run: Callable[[], object]) -> None:
        """Have it done, unless it is under way.

        Args:
            migration_id: On which migration.
            kind: Tells it from others on the same one.
            run: Does it, on behalf of whoever asks now, and returns what may be shown.

        Raises:
            UsageError: Too many are under way.
            LocalError: This machine starts no further thread.
        """
        key = (migration_id, kind)
        with self._lock:
            known = self._last.get(key)
            if known is not None and known.is_under_way:
                return
            if sum(task.is_under_way for task in self._last.values()) >= _MOST_AT_ONCE:
                raise UsageError(
                    "other migrations are being compared here right now", hint="wait until they are through"
                )
            while len(self._last) >= _MOST_KEPT:
                del self._last[next(one for one, task in self._last.items() if not task.is_under_way)]
            self._last.pop(key, None)
            self._last[key] = began = LongTask(began_at=utc_now())
        context = copy_context()  # who asks
        thread = threading.Thread(
            target=context.run, args=(self._run, key, began, run), name="migration", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            with self._lock:
                self._last.pop(key, None)
            raise LocalError("this machine starts no further thread", hint="try it again later") from None

    def _run(self, key: tuple[str, str], began: LongTask, run: Callable[[], object]) -> None:
        found, error = None, None
        try:
            found = run()
        except CouponhubError as raised:
            error = discreet(raised)
        except Exception as raised:  # noqa: BLE001 - a page tells of it
            # Where, and never the error's own text, which may quote a code.
            fields = {"at": places_of(raised.__traceback__)}
            _log.error("a fault of couponhub itself: %s", type(raised).__name__, extra={"fields": fields})
            error = LocalError(f"a fault of couponhub itself ({type(raised).__name__})")
        with self._lock:
            self._last[key] = attrs.evolve(began, ended_at=utc_now(), found=found, error=error)
