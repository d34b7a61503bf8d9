"""Callback addresses in a database."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from couponhub.clock import utc_now
from couponhub.models import UploadId
from couponhub.state.sql.database import Database

_LONGEST_JOB = timedelta(days=30)
"""After that nobody waits any more, whether or not somebody saw the upload end."""


class SqlCallbacks:
    """`Callbacks` in the database of the ledger.

    Args:
        store: Where they are kept.
        now: The clock, for tests.
    """

    def __init__(self, store: Database, *, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._now = now

    def begin(self, upload_id: UploadId) -> str:
        """As `Callbacks.begin`."""
        token = secrets.token_urlsafe(32)
        now = self._now()
        with self._store.transaction() as database:
            database.execute(
                "DELETE FROM callbacks WHERE created_at < ?", ((now - _LONGEST_JOB).isoformat(),)
            )
            database.execute(
                "INSERT INTO callbacks (digest, upload_id, calls, created_at) VALUES (?, ?, 0, ?)",
                (_digest(token), upload_id, now.isoformat()),
            )
        return token

    def ring(self, token: str) -> bool:
        """As `Callbacks.ring`."""
        digest = (_digest(token),)
        # Looked up first: a caller of made-up addresses must not keep writers waiting.
        with self._store.reading() as database:
            if database.execute("SELECT 1 FROM callbacks WHERE digest = ?", digest).fetchone() is None:
                return False
        with self._store.transaction() as database:
            changed = database.execute("UPDATE callbacks SET calls = calls + 1 WHERE digest = ?", digest)
            return changed.rowcount == 1

    def calls(self, upload_id: UploadId) -> int:
        """As `Callbacks.calls`."""
        with self._store.reading() as database:
            (count,) = database.execute(
                "SELECT COALESCE(SUM(calls), 0) FROM callbacks WHERE upload_id = ?", (upload_id,)
            ).fetchone()
        return int(count)

    def end(self, upload_id: UploadId) -> None:
        """As `Callbacks.end`."""
        with self._store.reading() as database:
            known = database.execute("SELECT 1 FROM callbacks WHERE upload_id = ?", (upload_id,)).fetchone()
        if known is not None:
            with self._store.transaction() as database:
                database.execute("DELETE FROM callbacks WHERE upload_id = ?", (upload_id,))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
