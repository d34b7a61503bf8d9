"""How much of a vendor's rate limits is spent, shared by all threads and processes that use the same store.

A limit is named `<budget>_per_minute` or `<budget>_per_day`; an account (one workspace, one API key) spends
from it in fixed windows: calendar minutes and UTC days, until the vendor's own headers say otherwise.
"""

import hashlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

import attrs

from couponhub.errors import LocalError
from couponhub.store.settings import StoreSettings

T = TypeVar("T")

_log = logging.getLogger(__name__)

_SECONDS = {"minute": 60, "day": 86_400}
_LARGEST_LEASE = 1 / 200
"""Of what is left of a budget, for one process to count as spent before it is."""
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS budgets (
        account TEXT NOT NULL,
        name    TEXT NOT NULL,
        ends    REAL NOT NULL,
        used    INTEGER NOT NULL,
        cap     INTEGER,
        PRIMARY KEY (account, name)
    ) WITHOUT ROWID
"""


@attrs.frozen
class Spent:
    """A budget that has nothing left.

    Attributes:
        limit: Its flat name, e.g. `upload_per_day`.
        seconds: Until its window ends.
        daily: Whether waiting a moment is pointless.
    """

    limit: str
    seconds: float
    daily: bool


class Quotas:
    """The budgets of all accounts, in a database of their own beside the store's. Thread-safe.

    They are written without waiting for the disk: after a power cut a few calls may be forgotten, after a
    crash of a process none. Where nothing can be written, they are kept in memory for this process alone.

    Args:
        settings: Of the store.
        now: Seconds since the epoch.
    """

    def __init__(self, settings: StoreSettings, *, now: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self.now = now
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self._inherited: sqlite3.Connection | None = None
        self._process = os.getpid()

    def of(self, account: str, limits: Mapping[str, int]) -> "Budgets":
        """The budgets of one account; a limit of 0 is none.

        Args:
            account: What tells it from others, such as an address and a key; kept as a hash.
            limits: By flat name; names without a window are passed over.
        """
        digest = hashlib.sha256(account.encode()).hexdigest()[:32]
        return Budgets(self, digest, {name: limit for name, limit in limits.items() if limit > 0})

    def close(self) -> None:
        """Close the database; a later use opens it again."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def change(self, change: Callable[[sqlite3.Cursor, float], T]) -> T:
        """Run `change` on the budgets, alone among all threads and processes."""
        with self._lock:
            try:
                return self._changed(self._opened(), change)
            except (sqlite3.Error, OSError, LocalError) as error:
                _log.warning("quotas are kept in memory, for this process alone: %s", type(error).__name__)
                self._database = _open(":memory:")
                return self._changed(self._database, change)

    def _changed(self, database: sqlite3.Connection, change: Callable[[sqlite3.Cursor, float], T]) -> T:
        cursor = database.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        try:
            answer = change(cursor, self.now())
        except BaseException:
            cursor.execute("ROLLBACK")
            raise
        cursor.execute("COMMIT")
        return answer

    def _opened(self) -> sqlite3.Connection:
        process = os.getpid()
        if self._database is None or self._process != process:
            # SQLite forbids to carry a connection into a forked process, even to close it there.
            self._inherited = self._database
            self._database = _open(self._settings.path.with_suffix(".quotas.db"))
            self._process = process
        return self._database


class Budgets:
    """What one account may still spend. Thread-safe.

    A process that makes many calls counts some as spent before it makes them, so that not every call must be
    written: never more than it has made in that window already, nor than a small part of what is left. What it
    does not make is lost, so that the limits hold whatever becomes of it.

    Args:
        quotas: Where it is kept.
        account: What tells the account from others.
        limits: Flat name to calls per window.
    """

    def __init__(self, quotas: Quotas, account: str, limits: Mapping[str, int]) -> None:
        self._quotas = quotas
        self._account = account
        self._limits = limits
        self._lock = threading.Lock()
        self._leases: dict[str, _Lease] = {}
        self._by_budget: dict[str, tuple[str, ...]] = {}
        for name in limits:
            budget, separator, period = name.rpartition("_per_")
            if separator and period in _SECONDS:
                self._by_budget[budget] = (*self._by_budget.get(budget, ()), name)

    def take(self, budget: str) -> Spent | None:
        """Spend one call of every window of a budget, or none at all and say which has nothing left."""
        names = self._by_budget.get(budget)
        if names is None:
            return None
        with self._lock:
            lease = self._lease(budget)
            if lease.left:
                lease.left -= 1
                return None
            return self._quotas.change(partial(self._renew, budget, names, lease.taken))

    def _renew(
        self, budget: str, names: Iterable[str], taken: int, cursor: sqlite3.Cursor, now: float
    ) -> Spent | None:
        windows = [self._window(cursor, name, now) for name in names]
        for window in windows:
            if window.used >= window.cap:
                return Spent(window.name, window.ends - now, _period(window.name) == "day")
        left = min(window.cap - window.used for window in windows)
        count = max(1, min(taken, int(left * _LARGEST_LEASE)))
        for window in windows:
            self._write(cursor, attrs.evolve(window, used=window.used + count))
        ends = min(window.ends for window in windows)
        self._leases[budget] = _Lease(begins=now, ends=ends, taken=taken + count, left=count - 1)
        return None

    def _lease(self, budget: str) -> "_Lease":
        """What this process holds of a budget now."""
        lease = self._leases.get(budget)
        # One that was taken in the future was taken before the clock was set back; another process's is not ours.
        if (
            lease is not None
            and lease.begins <= self._quotas.now() < lease.ends
            and lease.process == os.getpid()
        ):
            return lease
        return _Lease()

    def learn(self, budget: str, *, limit: int | None, remaining: int, ends_in: float) -> None:
        """Take over what the vendor's headers say of the window that ends in that many seconds; they win.

        Calls that are on their way are not in the vendor's figure yet, so that ours only ever grows by it.
        """
        name = self._named_by(budget, ends_in)
        if name is None:
            return

        def change(cursor: sqlite3.Cursor, now: float) -> None:
            window = self._window(cursor, name, now)
            cap = window.cap if limit is None else limit
            used = max(window.used, cap - remaining)
            if (used, cap) != (window.used, window.cap):
                self._leases.pop(budget, None)
                self._write(cursor, attrs.evolve(window, used=used, cap=cap, ends=now + ends_in))

        with self._lock:
            self._quotas.change(change)

    def exhaust(self, budget: str, ends_in: float) -> None:
        """The vendor refused a call for its rate: nothing is left until its window ends."""
        name = self._named_by(budget, ends_in)
        if name is None:
            return

        def change(cursor: sqlite3.Cursor, now: float) -> None:
            window = self._window(cursor, name, now)
            self._leases.pop(budget, None)
            self._write(cursor, attrs.evolve(window, used=window.cap, ends=now + ends_in))

        with self._lock:
            self._quotas.change(change)

    def left(self) -> dict[str, int]:
        """What is left in each window now, by flat name."""

        def change(cursor: sqlite3.Cursor, now: float) -> dict[str, int]:
            return {
                name: max(0, window.cap - window.used) + self._lease(budget).left
                for budget, names in self._by_budget.items()
                for name in names
                for window in [self._window(cursor, name, now)]
            }

        with self._lock:
            return self._quotas.change(change)

    def _named_by(self, budget: str, ends_in: float) -> str | None:
        """The limit whose window the vendor means: the shortest that can end so late."""
        names = sorted(self._by_budget.get(budget, ()), key=lambda name: _SECONDS[_period(name)])
        return next(
            (name for name in names if ends_in <= _SECONDS[_period(name)]), names[-1] if names else None
        )

    def _window(self, cursor: sqlite3.Cursor, name: str, now: float) -> "_Window":
        limit = self._limits[name]
        row = cursor.execute(
            "SELECT ends, used, cap FROM budgets WHERE account = ? AND name = ?", (self._account, name)
        ).fetchone()
        length = _SECONDS[_period(name)]
        # A window that ends later than a whole one from now was written before the clock was set back.
        if row is None or not now < row[0] <= now + length:
            return _Window(name, (now // length + 1) * length, 0, limit)
        return _Window(name, row[0], row[1], limit if row[2] is None else row[2])

    def _write(self, cursor: sqlite3.Cursor, window: "_Window") -> None:
        cap = None if window.cap == self._limits[window.name] else window.cap
        cursor.execute(
            "INSERT OR REPLACE INTO budgets (account, name, ends, used, cap) VALUES (?, ?, ?, ?, ?)",
            (self._account, window.name, window.ends, window.used, cap),
        )


@attrs.define(kw_only=True)
class _Lease:
    """Calls that are counted as spent, up to the end of a window.

    Attributes:
        process: Which process holds it: one that is forked off finds its parent's.
        begins: When it was taken.
        taken: How many calls so far in that window.
        left: How many of these have not been made.
    """

    process: int = attrs.field(factory=os.getpid)
    begins: float = 0.0
    ends: float = 0.0
    taken: int = 0
    left: int = 0


@attrs.frozen
class _Window:
    name: str
    ends: float
    used: int
    cap: int


def _period(name: str) -> str:
    return name.rpartition("_per_")[2]


def _open(path: Path | str) -> sqlite3.Connection:
    if isinstance(path, Path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
    database = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = OFF")
    database.execute(_SCHEMA)
    return database
