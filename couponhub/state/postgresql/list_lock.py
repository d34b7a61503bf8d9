"""The right to send to a list: an advisory lock of a session of its own, and a number that tells who came after whom.

A process that is stopped for long, or whose session was cut, believes in a lock that others have. So each taking
raises the list's number; whoever writes under the lock says its own, and whoever sends asks just before whether its
session still stands. Sessions of processes that stand still are ended by those who wait.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from couponhub.errors import LocalError, WaitTimeout
from couponhub.models import ListId
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.faults import told_as_local
from couponhub.state.postgresql.locks import lock_number, taken_of
from couponhub.state.postgresql.server_clock import elapsed
from couponhub.state.sql.database import Statements
from couponhub.state.sql.ledger import storable

if TYPE_CHECKING:
    from psycopg import Connection

LIVES_SECONDS = 60.0
"""The seconds after which somebody who holds a right and shows no sign of life is taken for stopped."""
_POLL_SECONDS = 0.2
_NOW = "extract(epoch FROM clock_timestamp())"

# In one statement, so that nobody sees the lock taken by one whose sign of life is its predecessor's.
_TAKE = f"""
    WITH got AS MATERIALIZED (SELECT pg_try_advisory_lock(%(number)s) AS is_mine)
    INSERT INTO list_epochs (connection, list_id, epoch, backend, alive_until)
    SELECT %(connection)s, %(list_id)s, 1, pg_backend_pid(), {_NOW} + %(lives)s FROM got WHERE is_mine
    ON CONFLICT (connection, list_id) DO UPDATE SET epoch = list_epochs.epoch + 1, backend = excluded.backend,
    alive_until = excluded.alive_until RETURNING epoch
"""  # noqa: S608 - our own texts
_END_STOPPED = f"""
    WITH stopped AS (UPDATE list_epochs SET epoch = epoch + 1 WHERE connection = %(connection)s AND list_id = %(list_id)s
    AND alive_until < {_NOW} RETURNING backend)
    SELECT pg_terminate_backend(pid) FROM pg_locks JOIN stopped ON backend = pid WHERE locktype = 'advisory' AND granted
    AND objsubid = 1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND ((classid::bigint << 32) | objid::bigint) = %(number)s
"""  # noqa: S608 - our own texts
_STILL = """
    UPDATE list_epochs SET alive_until = extract(epoch FROM clock_timestamp()) + %(lives)s WHERE connection = %(connection)s
    AND list_id = %(list_id)s AND epoch = %(epoch)s AND backend = pg_backend_pid() RETURNING epoch
"""

STILL_HELD = "SELECT epoch FROM list_epochs WHERE connection = :connection AND list_id = :list_id AND epoch = :epoch FOR SHARE"
"""Finds the right of that number where nobody has taken it over, and lets nobody before the transaction has ended."""


class ListRights:
    """The rights to send to the lists of one connection. Thread-safe.

    Args:
        database: The state's.
        connection: The connection's name.
    """

    def __init__(self, database: PostgresqlDatabase, connection: str) -> None:
        self._database = database
        self._connection = connection
        self._held: dict[ListId, _Right] = {}

    @contextmanager
    def hold(self, list_id: ListId, *, timeout: float | None) -> Iterator[None]:
        """As `Ledger.list_lock`; what is written in the block says the right's number."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._database.reading():
            pass  # the tables are there from here on
        with self._database.session() as session:
            right = self._taken(session, list_id, deadline)
            self._held[list_id] = right
            try:
                yield
            finally:
                self._held.pop(list_id, None)
                right.end()

    def is_held(self, list_id: ListId) -> bool:
        """Return True while anybody may send to the list."""
        with self._database.reading() as database:
            return bool(taken_of(database, [self._number(list_id)]))

    def require(self, list_id: ListId) -> None:
        """As `Ledger.require_lock`."""
        right = self._held.get(list_id)
        if right is not None and not right.stands():
            raise lost_right(list_id, "nothing was sent")

    def epoch(self, list_id: ListId) -> int | None:
        """Return the number of the right that this process holds; None where it holds none."""
        right = self._held.get(list_id)
        return None if right is None or right.process != os.getpid() else right.epoch

    def fence(self, database: Statements, list_id: ListId) -> int | None:
        """As `SqlLedger._fence`; nobody takes the right over before the transaction has ended."""
        epoch = self.epoch(list_id)
        if epoch is None:
            return None
        words = {"connection": self._connection, "list_id": storable(list_id), "epoch": epoch}
        if database.execute(STILL_HELD, words).fetchone() is None:
            raise lost_right(list_id, "nothing was written")
        return epoch

    def _taken(self, session: "Connection[Any]", list_id: ListId, deadline: float | None) -> "_Right":
        words = self._words(list_id)
        while True:
            with told_as_local(self._database.place):
                found = session.execute(_TAKE, words).fetchone()
                if found is not None:
                    return _Right(session, words | {"epoch": found[0]})
                has_ended_one = bool(session.execute(_END_STOPPED, words).fetchall())
            if deadline is not None and time.monotonic() >= deadline and not has_ended_one:
                raise WaitTimeout("another upload to this list is still being sent; nothing was sent")
            time.sleep(_POLL_SECONDS)

    def _words(self, list_id: ListId) -> dict[str, Any]:
        return {
            "number": self._number(list_id),
            "connection": self._connection,
            "list_id": storable(list_id),
            "lives": LIVES_SECONDS,
        }

    def _number(self, list_id: ListId) -> int:
        return lock_number("list", self._connection, storable(list_id))


class _Right:
    """A right that this process holds, with a thread that shows signs of life."""

    def __init__(self, session: "Connection[Any]", words: dict[str, Any]) -> None:
        self.epoch: int = words["epoch"]
        self.process = os.getpid()
        self._session = session
        self._words = words
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._show_life, name="list-right", daemon=True)
        self._thread.start()

    def stands(self) -> bool:
        """Ask the database, in the session of the lock itself, which cannot have ended then."""
        import psycopg  # noqa: PLC0415 - an extra

        if self.process != os.getpid():
            return False
        while True:
            began = elapsed()
            try:
                found = self._session.execute(_STILL, self._words).fetchone()
            except psycopg.Error:
                return False
            # An answer that lay there while this process was stopped proves nothing any more.
            if found is None or elapsed() - began < LIVES_SECONDS / 4:
                return found is not None

    def end(self) -> None:
        """Show no more signs of life. A process that was forked off in the block has none that shows any."""
        if self.process == os.getpid():
            self._over.set()
            self._thread.join()

    def _show_life(self) -> None:
        while not self._over.wait(LIVES_SECONDS / 4):
            if not self.stands():
                return


def lost_right(list_id: ListId, what: str) -> LocalError:
    """Return what is raised where a right was held, and is somebody else's by now.

    Args:
        list_id: To send to it.
        what: Was not done, for people.
    """
    return LocalError(
        f"the right to send to list {list_id} was lost, and {what}: this process stood still, or the store was cut off",
        hint="another process may go on with it; `couponhub uploads ls` shows how it stands, and `couponhub uploads resume` goes on",
    )
