"""Counts calls in windows, each one a row that is read and written under SQLite's one lock for writers."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from couponhub.state.budgets import Spent
from couponhub.state.quotas import Granted, Window
from couponhub.state.settings import StoreSettings
from couponhub.state.sqlite.counters import Counters
from couponhub.state.windows import AccountWindows

T = TypeVar("T")


class SqliteQuotas:
    """A `QuotaStore` in a database of its own beside the ledger's.

    It is written without waiting for the disk: after a power cut a few calls may be forgotten, after a crash of a
    process none. See `Counters` for what happens while it cannot be written.

    Args:
        settings: Of the store.
        now: Seconds since the epoch.
    """

    def __init__(self, settings: StoreSettings, *, now: Callable[[], float] = time.time) -> None:
        self._counters = Counters(settings)
        self.now = now

    def take(self, account: str, kind: str, windows: Sequence[Window], want: int) -> Granted | Spent:
        """As `QuotaStore.take`."""
        return self._change(account, lambda own: own.take(kind, windows, want))

    def learn(
        self, account: str, window: Window, *, limit: int | None, remaining: int, ends_in: float
    ) -> bool:
        """As `QuotaStore.learn`."""
        return self._change(
            account, lambda own: own.learn(window, limit=limit, remaining=remaining, ends_in=ends_in)
        )

    def exhaust(self, account: str, window: Window, ends_in: float) -> None:
        """As `QuotaStore.exhaust`."""
        self._change(account, lambda own: own.exhaust(window, ends_in))

    def pause(self, account: str, kind: str, ends_in: float) -> None:
        """As `QuotaStore.pause`."""
        self._change(account, lambda own: own.pause(kind, ends_in))

    def left(self, account: str, kinds: Mapping[str, Sequence[Window]]) -> Mapping[str, int]:
        """As `QuotaStore.left`."""
        return self._change(account, lambda own: own.left(kinds))

    def close(self) -> None:
        """Close the database; a later use opens it again."""
        self._counters.close()

    def _change(self, account: str, change: Callable[[AccountWindows], T]) -> T:
        return self._counters.change(lambda rows, now: change(AccountWindows(rows, now, account)), self.now)
