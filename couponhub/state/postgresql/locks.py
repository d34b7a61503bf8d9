"""Locks by name as session advisory locks: gone with the session that holds them, and so with its process."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from couponhub.errors import WaitTimeout
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.faults import told_as_local
from couponhub.state.sql.database import Statements

if TYPE_CHECKING:
    from psycopg import Connection

_POLL_SECONDS = 0.2


class SessionLocks:
    """`Locks` between all machines, each on a session of its own.

    A name is a number of 64 bits to PostgreSQL. Of two names with one number one waits for the other, and that is all;
    of a million names that are held at once a pair has one with a chance of 1 to 37 million.

    Args:
        database: Whose sessions hold them.
        sleep: How to wait, for tests.
    """

    def __init__(self, database: PostgresqlDatabase, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._database = database
        self._sleep = sleep

    @contextmanager
    def hold(self, name: Sequence[str], *, timeout: float | None) -> Iterator[None]:
        """As `Locks.hold`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        number = lock_number("lock", *name)
        with self._database.session() as session:
            while not take(session, number, self._database.place):
                if deadline is not None and time.monotonic() >= deadline:
                    raise WaitTimeout("somebody else still holds the lock")
                self._sleep(_POLL_SECONDS)
            yield

    def is_held(self, name: Sequence[str]) -> bool:
        """As `Locks.is_held`."""
        number = lock_number("lock", *name)
        with self._database.looking() as database:
            return bool(taken_of(database, [number]))


def lock_number(*words: str) -> int:
    """Return the number of an advisory lock: others who use the database choose theirs in another way."""
    digest = blake2b(digest_size=8, person=b"couponhub lock")
    for word in words:
        text = word.encode()
        digest.update(len(text).to_bytes(8) + text)
    return int.from_bytes(digest.digest(), signed=True)


def take(session: "Connection[Any]", number: int, place: str) -> bool:
    """Take a lock until the session ends; return False when somebody else has it."""
    with told_as_local(place):
        found = session.execute("SELECT pg_try_advisory_lock(%s)", (number,)).fetchone()
    return bool(found and found[0])


def taken_of(database: Statements, numbers: Collection[int]) -> frozenset[int]:
    """Return those of these locks that anybody holds."""
    rows = database.execute(
        "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
        " AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return frozenset(numbers).intersection(row[0] for row in rows)
