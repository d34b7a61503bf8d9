"""Counters of calls: in a file for all processes, and in memory for as long as the file cannot be used."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeVar

import attrs

from couponhub.errors import LocalError
from couponhub.forking import PerProcess
from couponhub.state.settings import StoreSettings
from couponhub.state.sqlite.kept import KeptConnection
from couponhub.state.sqlite.layout import QUOTAS, Layout
from couponhub.state.sqlite.opening import make_private, open_to_write
from couponhub.state.windows import Key, WindowRow, WindowRows

T = TypeVar("T")
_log = logging.getLogger(__name__)

_BUSY_SECONDS = 5.0
_TRIED_AGAIN_AFTER = 3.0


class Counters:
    """The windows of all accounts. Thread-safe, and safe with other processes, forked ones too.

    When the file fails, this process counts on from what it saw there last, and tries the file again every few
    seconds. What it counted meanwhile is then added to what others did: of one budget they may together have spent
    more than there was while they could not know of each other, and never a call twice after that.

    Args:
        settings: Of the store, beside which the file lies.
        clock: Monotonic seconds.
    """

    def __init__(self, settings: StoreSettings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._layout = Layout(settings)
        self._kept = KeptConnection(self._open)
        self._clock = clock
        self._seen: dict[Key, WindowRow] = {}
        self._own = PerProcess(_Counting)

    def close(self) -> None:
        """Close the file; a later use opens it again."""
        self._kept.close()

    def change(self, change: Callable[[WindowRows, float], T], now: Callable[[], float]) -> T:
        """Run `change` on the windows, alone among all threads and processes.

        Args:
            change: Is given the windows and the time; is called anew where the file fails.
            now: Seconds since the epoch.
        """
        own = self._own.get()
        with own.turn:
            if own.aside is None or self._clock() >= own.next_try:
                try:
                    return self._in_file(own, change, now)
                except (sqlite3.Error, OSError, LocalError) as error:
                    self._turn_aside(own, error)
            return change(own.aside or _Aside(self._seen), now())

    def _in_file(
        self, own: "_Counting", change: Callable[[WindowRows, float], T], now: Callable[[], float]
    ) -> T:
        with self._kept.used() as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                moment, rows = now(), _FileRows(database, self._seen)
                if own.aside is not None:
                    own.aside.add_to(rows, moment)
                answer = change(rows, moment)
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise
            if own.aside is not None:
                own.aside = None
                database.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000:.0f}")
                _log.warning("quotas are shared with other processes again")
        return answer

    def _turn_aside(self, own: "_Counting", error: Exception) -> None:
        if own.aside is None:
            text = error.strerror if isinstance(error, OSError) else str(error)
            reason = text if text and isinstance(error, (OSError, sqlite3.Error)) else type(error).__name__
            _log.warning(
                "the store cannot be written (%s): until it can, this process counts its calls in memory, and other"
                " processes do not see them; [store] url names another file",
                reason,
            )
            own.aside = _Aside(self._seen)
        own.next_try = self._clock() + _TRIED_AGAIN_AFTER
        with suppress(sqlite3.Error):
            self._kept.close()

    def _open(self) -> sqlite3.Connection:
        path = self._layout.quotas
        make_private(path)
        # Whoever only tries whether it can be used again must not wait for that.
        waits = _BUSY_SECONDS if self._own.get().aside is None else 0.0
        return open_to_write(path, QUOTAS, busy_seconds=waits, synchronous="OFF")


@attrs.define(eq=False)
class _Counting:
    """The way in which one process counts now.

    Attributes:
        aside: Where, while the file cannot be used.
        next_try: When that is tried again, on the counters' clock.
    """

    turn: threading.Lock = attrs.field(factory=threading.Lock)
    aside: "_Aside | None" = None
    next_try: float = 0.0


@attrs.frozen(eq=False)
class _FileRows:
    """The windows in the file; what is seen of them is noted in `seen`."""

    database: sqlite3.Connection
    seen: dict[Key, WindowRow]

    def get(self, key: Key) -> WindowRow | None:
        found = self.database.execute(
            "SELECT ends, used, cap FROM budgets WHERE account = ? AND name = ?", key
        ).fetchone()
        if found is None:
            return None
        row = self.seen[key] = WindowRow(ends=found[0], used=found[1], cap=found[2])
        return row

    def put(self, key: Key, row: WindowRow) -> None:
        self.database.execute(
            "INSERT OR REPLACE INTO budgets (account, name, ends, used, cap) VALUES (?, ?, ?, ?, ?)",
            (*key, row.ends, row.used, row.cap),
        )
        self.seen[key] = row


class _Aside:
    """The windows in memory, from how they were last seen in the file."""

    def __init__(self, seen: Mapping[Key, WindowRow]) -> None:
        self._begun = dict(seen)
        self._rows = dict(seen)

    def get(self, key: Key) -> WindowRow | None:
        return self._rows.get(key)

    def put(self, key: Key, row: WindowRow) -> None:
        self._rows[key] = row

    def add_to(self, rows: WindowRows, now: float) -> None:
        """Add what was counted here; where both moved on, to what the file has, up to the later end."""
        for key, row in self._rows.items():
            begun, there = self._begun.get(key), rows.get(key)
            if row == begun or row.ends <= now:
                continue
            if there is None or there.ends <= now:
                rows.put(key, row)
                continue
            counted = row.used - (begun.used if begun is not None and begun.ends == row.ends else 0)
            cap = there.cap if begun is not None and begun.cap == row.cap else row.cap
            rows.put(
                key, WindowRow(ends=max(there.ends, row.ends), used=there.used + max(0, counted), cap=cap)
            )
