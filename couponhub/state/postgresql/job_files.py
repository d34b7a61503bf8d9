"""Files of jobs in PostgreSQL, so that whoever drives a job next, on any machine, needs nothing else."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import unquote

from couponhub.models import JobId
from couponhub.state.postgresql.file_ages import FileAges
from couponhub.state.postgresql.file_shelf import FileKind, FileShelf
from couponhub.state.sql.ledger import storable
from couponhub.state.sqlite.files import file_name


class PostgresqlJobFiles:
    """`JobFiles` in PostgreSQL.

    Args:
        shelf: Where they are kept.
        ages: Theirs.
        clock: Of the age of files, in seconds since the epoch.
    """

    def __init__(self, shelf: FileShelf, ages: FileAges, *, clock: Callable[[], float]) -> None:
        self._shelf = shelf
        self._ages = ages
        self._clock = clock

    def workspace(self) -> AbstractContextManager[Path]:
        """As `JobFiles.workspace`."""
        return self._shelf.local.workspace()

    def mark(self) -> bytes:
        """As `JobFiles.mark`."""
        with self._shelf.database.reading() as database:
            (found,) = database.execute("SELECT mark FROM file_erasures").fetchall()
        return bytes(found["mark"])

    def put(self, job_id: JobId, name: str, path: Path, *, since: bytes | None = None) -> Path | None:
        """As `JobFiles.put`."""
        owner, label, now = file_name(job_id), file_name(name), self._clock()
        if since is None and (there := self._shelf.path_of(FileKind.JOB, owner, label)) is not None:
            return there
        if not self.names(job_id):
            self._ages.purge_jobs(now)
        kept = self._shelf.put(path, FileKind.JOB, connection=storable(job_id), owner=owner, label=label)
        with self._shelf.database.transaction() as database:
            # Nobody is forgotten between this look and the row.
            (found,) = database.execute("SELECT mark FROM file_erasures FOR SHARE").fetchall()
            is_late = since is not None and since != bytes(found["mark"])
            is_kept = not is_late and self._shelf.write(database, kept, now)
        if not is_kept:
            self._shelf.discard(kept)
        if is_late:
            return None
        if is_kept:
            return self._shelf.local.adopt(kept.name, path)
        return self.path(job_id, name)

    def path(self, job_id: JobId, name: str) -> Path | None:
        """As `JobFiles.path`."""
        return self._shelf.path_of(FileKind.JOB, file_name(job_id), file_name(name))

    def names(self, job_id: JobId) -> tuple[str, ...]:
        """As `JobFiles.names`."""
        found = self._shelf.chosen("kind = ? AND owner = ?", FileKind.JOB, file_name(job_id))
        return tuple(sorted(unquote(one.label) for one in found))

    def drop(self, job_id: JobId, *names: str) -> None:
        """As `JobFiles.drop`."""
        labels = list(map(file_name, names))
        chosen = "kind = ? AND owner = ?" + (" AND label = ANY(?)" if names else "")
        self._shelf.drop(chosen, FileKind.JOB, file_name(job_id), *([labels] if names else ()))
