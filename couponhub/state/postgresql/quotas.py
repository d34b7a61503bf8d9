"""Counts calls in windows in PostgreSQL, for all machines that share a store."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, LiteralString

import attrs

from couponhub.errors import LocalError
from couponhub.forking import PerProcess
from couponhub.state.budgets import Spent
from couponhub.state.machine_quotas import TRIED_AGAIN_AFTER, MachineQuotas
from couponhub.state.machine_share import AwayError, Seen, VendorWord
from couponhub.state.postgresql.connections import ConnectionPool, Connections
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.quota_statements import ADD, ENSURE, LEFT, PAUSE, TAKE, TELL
from couponhub.state.quotas import LARGEST_LEASE, LONGEST_PAUSE, Granted, Window
from couponhub.state.windows import AccountWindows, Key, WindowRow, WindowRowsInMemory, is_daily

_log = logging.getLogger(__name__)

_ANSWER_SECONDS = 2.0
_MOST_CONNECTIONS = 2
"""For each process; the lease above makes few calls of many."""


class PostgresqlQuotas(MachineQuotas):
    """`MachineQuotas` in the store. Windows follow the server's clock.

    Args:
        database: Of the store.
        share: As of `MachineQuotas`.
        now: The same.
        ahead: Seconds that the server's clock is taken to be ahead of what it says, for tests.
        monotonic: The clock of the tries, for tests.
    """

    def __init__(
        self,
        database: PostgresqlDatabase,
        *,
        share: float = 0.25,
        now: Callable[[], float] = time.time,
        ahead: Callable[[], float] = lambda: 0.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(share=share, now=now)
        self._database = database
        self._ahead = ahead
        self._monotonic = monotonic
        self._connections = Connections(database.settings.conninfo)
        self._standing = PerProcess(_Standing)

    def close(self) -> None:
        """Close the connections; a later use opens them again."""
        own = self._standing.get()
        with own.lock:
            pool, own.pool = own.pool, None
        if pool is not None:
            pool.close()

    def _next_try_in(self) -> float:
        own = self._standing.get()
        return max(0.0, own.next_try - self._monotonic()) if own.away else 0.0

    def _taken(self, account: str, kind: str, windows: Sequence[Window], want: int) -> Granted | Spent:
        began = self._now()
        rows = self._counted(
            TAKE, account, windows, kind=kind, want=want, lease=LARGEST_LEASE, longest=LONGEST_PAUSE
        )
        for window, row in zip(windows, rows, strict=True):
            self._note(account, window, _seen(row, began))
        now, calls, paused = rows[0]["now"], rows[0]["calls"], rows[0]["paused"]
        if paused is not None:
            return Spent(None, paused - now, daily=False)
        if calls is not None:
            return Granted(calls=calls, ends_in=min(row["ends"] for row in rows) - now)
        window, row = next(
            (window, row) for window, row in zip(windows, rows, strict=True) if row["used"] >= row["cap"]
        )
        return Spent(window.name, row["ends"] - now, is_daily(window))

    def _add(self, account: str, window: Window, calls: int) -> None:
        self._counted(ADD, account, [window], calls=calls)

    def _tell(self, account: str, word: VendorWord) -> bool:
        began = self._now()
        (row,) = self._counted(
            TELL,
            account,
            [word.window],
            said=word.limit,
            remaining=word.remaining,
            ends_in=max(0.001, word.ends - began),
        )
        self._note(account, word.window, _seen(row, began))
        return bool(row["changed"])

    def _pause(self, account: str, kind: str, ends_in: float) -> None:
        self._run(PAUSE, {"account": account, "kind": kind, "ends_in": ends_in})

    def _left(self, account: str, kinds: Mapping[str, Sequence[Window]]) -> Mapping[str, int]:
        names = [*kinds, *(window.name for windows in kinds.values() for window in windows)]
        rows = self._run(LEFT, {"account": account, "names": names})
        found: dict[Key, WindowRow] = {
            (account, row["name"]): WindowRow(ends=row["ends"], used=row["used"], cap=row["cap"])
            for row in rows
            if row["name"] is not None
        }
        return AccountWindows(WindowRowsInMemory(found), rows[0]["now"], account).left(kinds)

    def _counted(
        self, statement: LiteralString, account: str, windows: Sequence[Window], **values: Any
    ) -> Sequence[Any]:
        """Run a statement on windows; their rows are made where they are not there yet."""
        said = {
            "account": account,
            "kind": "",
            "names": [window.name for window in windows],
            "limits": [window.limit for window in windows],
            "seconds": [float(window.seconds) for window in windows],
            **values,
        }
        rows = self._run(statement, said)
        while len(rows) < len(windows):
            self._run(ENSURE, said)
            rows = self._run(statement, said)
        return rows

    def _run(self, statement: LiteralString, values: Mapping[str, Any]) -> Sequence[Any]:
        """Run a statement, which is a transaction of its own.

        Raises:
            AwayError: The store cannot be used; this process is to go on by itself.
        """
        import psycopg  # noqa: PLC0415 - an extra

        own = self._standing.get()
        if own.away and not own.may_try(self._monotonic()):
            raise AwayError
        try:
            with self._pool(own).used(seconds=_ANSWER_SECONDS) as connection:
                cursor = connection.execute(statement, {**values, "ahead": self._ahead()})
                rows = [] if cursor.description is None else cursor.fetchall()
        except (psycopg.Error, LocalError, OSError) as error:
            self._leave(own, error)
            raise AwayError from None
        finally:
            own.has_tried()
        self._is_back(own)
        return rows

    def _pool(self, own: "_Standing") -> ConnectionPool:
        if own.pool is None:
            # What takes a moment first, and gives up soon; then the tables are made, where they are not there.
            with self._database.looking(seconds=_ANSWER_SECONDS):
                pass
            with self._database.reading():
                pass
            with own.lock:
                if own.pool is None:
                    own.pool = ConnectionPool(
                        self._connections, most=_MOST_CONNECTIONS, place=self._database.place
                    )
        return own.pool

    def _leave(self, own: "_Standing", error: Exception) -> None:
        with own.lock:
            own.next_try = self._monotonic() + TRIED_AGAIN_AFTER
            is_news, own.away = not own.away, True
        if is_news:
            lines = str(error.message if isinstance(error, LocalError) else error).strip().splitlines()
            _log.warning(
                "quotas cannot be counted in the store (%s): until they can, this machine uses %g of each by itself, and"
                " others do not see what it does",
                lines[0] if lines else type(error).__name__,
                self._share,
            )

    def _is_back(self, own: "_Standing") -> None:
        if own.away:
            with own.lock:
                is_news, own.away = own.away, False
            if is_news:
                _log.warning("quotas are counted in the store again")


@attrs.define(eq=False)
class _Standing:
    """The standing of one process with the store.

    Attributes:
        lock: Of what stands here; held for moments.
        trying: Held by the thread that tries whether it is back.
        next_try: When that is done, on the monotonic clock.
    """

    lock: threading.Lock = attrs.field(factory=threading.Lock)
    trying: threading.RLock = attrs.field(factory=threading.RLock)
    pool: ConnectionPool | None = None
    away: bool = False
    next_try: float = 0.0

    def may_try(self, now: float) -> bool:
        """Tell whether it is time to try, and this thread is the one that does."""
        return now >= self.next_try and self.trying.acquire(blocking=False)

    def has_tried(self) -> None:
        """Let another thread try."""
        with suppress(RuntimeError):  # of a thread that tried nothing
            self.trying.release()


def _seen(row: Any, began: float) -> Seen:
    return Seen(
        ends=round(row["ends"] * 1000),
        used=row["used"],
        cap=row["cap"],
        ends_here=began + row["ends"] - row["now"],
    )
