"""The lifetime of files in PostgreSQL's state: they go when two looks, a week apart, agree that they are too old."""

import threading
import time

from couponhub.errors import LocalError
from couponhub.state.postgresql.file_shelf import DAY, FileKind, FileShelf, KeptFile, deleted

BETWEEN_LOOKS = 7 * DAY
"""A clock that is a year ahead is noticed, and set right, within that."""
_ORPHANS_EVERY_SECONDS = 3600.0
_OF_UPLOADS = (FileKind.CODES, FileKind.ROWS, FileKind.PART)


class FileAges:
    """Removes what is too old, between whoever else does.

    Args:
        shelf: What is there.
        days: Of retention.
    """

    def __init__(self, shelf: FileShelf, days: int) -> None:
        self._shelf = shelf
        self._days = days
        self._lock = threading.Lock()
        self._looked: float | None = None

    def purge_uploads(self, now: float) -> None:
        """Remove code sets, records of rows and files of parts.

        Between the looks a file can be used as ever: a clock that is ahead for a while takes none away.

        Args:
            now: Seconds since the epoch.
        """
        limit, kinds = now - self._days * DAY, list(_OF_UPLOADS)
        with self._shelf.database.transaction() as database:
            database.execute(
                "UPDATE files SET aged_at = NULL WHERE kind = ANY(?) AND aged_at IS NOT NULL AND created_at >= ?",
                (kinds, limit),
            )
            gone = deleted(
                database,
                "kind = ANY(?) AND created_at < ? AND aged_at <= ?",
                kinds,
                limit,
                now - BETWEEN_LOOKS,
            )
            database.execute(
                "UPDATE files SET aged_at = ? WHERE kind = ANY(?) AND aged_at IS NULL AND created_at < ?",
                (now, kinds, limit),
            )
        self._shelf.remove(gone)

    def purge_jobs(self, now: float) -> None:
        """Remove the files of jobs that have ended, or are not known, by the age of a job's youngest."""
        limit = now - self._days * DAY
        old = (
            "kind = 'job' AND owner IN (SELECT owner FROM files WHERE kind = 'job' GROUP BY owner HAVING max(created_at) < ?)"
            " AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = files.connection AND jobs.status = 'pending')"
        )
        gone: tuple[KeptFile, ...]
        with self._shelf.database.transaction() as database:
            database.execute(
                f"UPDATE files SET aged_at = NULL WHERE kind = 'job' AND aged_at IS NOT NULL AND NOT ({old})",  # noqa: S608 - our own text
                (limit,),
            )
            gone = deleted(database, f"{old} AND aged_at <= ?", limit, now - BETWEEN_LOOKS)
            database.execute(
                f"UPDATE files SET aged_at = ? WHERE {old} AND aged_at IS NULL",  # noqa: S608 - our own text
                (now, limit),
            )
        self._shelf.remove(gone)

    def clean_up_sometimes(self) -> None:
        """Remove what killed processes left, unless this one has looked within an hour; what fails is tried again then."""
        with self._lock:
            now = time.monotonic()
            if self._looked is not None and now - self._looked < _ORPHANS_EVERY_SECONDS:
                return
            self._looked = now
        try:
            self._shelf.finish_removals()
            self._shelf.remove_orphans()
        except LocalError:
            # Nobody waits for it, and whoever puts the next file is told what is wrong with the place.
            return
