"""The files of a state in PostgreSQL: each lies in a `StoredFiles`, and a row of the database says so."""

import hashlib
import secrets
from collections.abc import Iterable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

import attrs

from couponhub.errors import LocalError
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.file_chunks import ChunkFiles
from couponhub.state.postgresql.file_folder import FolderFiles
from couponhub.state.postgresql.file_objects import ObjectFiles
from couponhub.state.postgresql.local_copies import pieces_of
from couponhub.state.postgresql.local_files import LocalFiles
from couponhub.state.settings import StoreSettings
from couponhub.state.sql.database import Row, Statements
from couponhub.state.stored_files import StoredFiles

DAY = 86_400.0
_FOLDER = "file://"


class FileKind(StrEnum):
    """The use of a file."""

    CODES = "codes"
    ROWS = "rows"
    PART = "part"
    JOB = "job"


@attrs.frozen(kw_only=True)
class KeptFile:
    """A file as its row has it.

    Attributes:
        name: Where it lies: unguessable, and it says nothing.
        connection: Of the upload; for a file of a job, the job's id.
        owner: The upload, or the job as a name.
        label: The number of the part, or the name of a job's file, as a name; "" of a record of rows.
        size: Its bytes.
        digest: SHA-256 of its content.
    """

    name: str = attrs.field(repr=False)
    kind: FileKind
    connection: str = ""
    list_id: str = ""
    owner: str
    label: str = ""
    size: int
    digest: bytes = attrs.field(repr=False)


@attrs.frozen
class FileShelf:
    """Puts files, writes their rows, and brings them here. Thread-safe, and safe with other processes.

    A file is put before its row is written. Its row goes before it does; what is left without a row goes by its age.
    """

    database: PostgresqlDatabase
    files: StoredFiles
    local: LocalFiles

    def put(self, path: Path, kind: FileKind, **place: str) -> KeptFile:
        """Put a file; nobody knows of it before `write`.

        Args:
            path: The file, which stays where it is.
            kind: What it is.
            place: The other fields of `KeptFile` that say whose it is.
        """
        digest, size = hashlib.sha256(), 0
        for piece in pieces_of(path):
            digest.update(piece)
            size += len(piece)
        name = secrets.token_urlsafe(32)
        self.files.put(name, path)
        return KeptFile(
            name=name, kind=kind, size=size, digest=digest.digest(), owner=place.pop("owner"), **place
        )

    def write(self, database: Statements, kept: KeptFile, now: float) -> bool:
        """Write down, in a transaction, that a file was put; False when another is known in that place."""
        row = attrs.asdict(kept) | {"created_at": now}
        columns = ", ".join(row)
        written = database.execute(
            f"INSERT INTO files ({columns}) VALUES ({', '.join(f':{column}' for column in row)})"  # noqa: S608 - our own column names
            " ON CONFLICT (kind, owner, label) DO NOTHING",
            row,
        )
        return written.rowcount > 0

    def find(self, kind: FileKind, owner: str, label: str = "") -> KeptFile | None:
        """Return what is kept of an owner by a label, or None."""
        return next(iter(self.chosen("kind = ? AND owner = ? AND label = ?", kind, owner, label)), None)

    def chosen(self, condition: str, *values: object) -> tuple[KeptFile, ...]:
        """Return the files of which that holds, in the order of writing."""
        with self.database.reading() as database:
            return selected(database, condition, *values)

    def local_path(self, kept: KeptFile) -> Path:
        """Bring a file here, unless this process has it; the copy is to be read only.

        Raises:
            LocalError: It is lost, or was changed; or nobody can tell.
        """

        def fetch(path: Path) -> None:
            self.drop_old_copies()
            self.fetch(kept, path)

        return self.local.copy(kept.name, fetch)

    def path_of(self, kind: FileKind, owner: str, label: str = "") -> Path | None:
        """Bring the file here that is kept of an owner by a label, as `local_path`; None when none is.

        One that others replace or remove in this moment is not lost: there is another then, or none.
        """
        kept = self.find(kind, owner, label)
        while kept is not None:
            try:
                return self.local_path(kept)
            except LocalError:
                before, kept = kept, self.find(kind, owner, label)
                if kept == before:
                    raise
        return None

    def drop_old_copies(self) -> None:
        """Remove the copies of this process whose files others have replaced or removed meanwhile."""
        names = self.local.names()
        if names:
            with self.database.reading() as database:
                rows = database.execute("SELECT name FROM files WHERE name = ANY(?)", (names,)).fetchall()
            self.local.drop(*{*names} - {row["name"] for row in rows})

    def fetch(self, kept: KeptFile, path: Path) -> None:
        """Copy a file to a new one of this machine; as of `local_path`."""
        try:
            is_there = self.files.fetch(kept.name, path)
            if is_there and _digest(path) == kept.digest:
                return
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        path.unlink(missing_ok=True)
        what = "is not there any more" if not is_there else "is not what was put there"
        raise LocalError(
            f"the file of {_named(kept)} in {self.files.place} {what}: it was lost",
            hint="put the files of [store] files and the database back from backups of one time; what the file held counts"
            " as sent until then",
        )

    def fetch_if_kept(self, kept: KeptFile, path: Path) -> bool:
        """As `fetch`; False when the file was removed meanwhile, as its row then was before it."""
        try:
            self.fetch(kept, path)
        except LocalError:
            if self.chosen("name = ?", kept.name):
                raise
            return False
        return True

    def switch(self, kept: KeptFile, path: Path) -> str:
        """Have a file of this machine in the place of one that is kept, which is removed; return the new one's name.

        Where that one is not kept any more, nothing is.
        """
        made = self.put(path, kept.kind, owner=kept.owner)
        with self.database.transaction() as database:
            switched = database.execute(
                "UPDATE files SET name = ?, size = ?, digest = ? WHERE name = ?",
                (made.name, made.size, made.digest, kept.name),
            ).rowcount
            gone = kept.name if switched else made.name
            database.execute("INSERT INTO files_gone (name) VALUES (?) ON CONFLICT DO NOTHING", (gone,))
        self.local.drop(kept.name)
        # Not as with `remove`: whoever forgets somebody must hear that the old file is still there.
        self._remove([gone])
        return made.name

    def remove(self, kept: Iterable[KeptFile]) -> None:
        """Remove files whose rows were removed with `deleted`. What cannot be done now, `finish_removals` does."""
        names = [one.name for one in kept]
        self.local.drop(*names)
        if names:
            with suppress(LocalError):
                self._remove(names)

    def discard(self, kept: KeptFile) -> None:
        """Remove a file that was put and never written down. What cannot be done now is done once it is a day old."""
        with suppress(LocalError):
            self.files.remove([kept.name])

    def finish_removals(self) -> None:
        """Remove what others, who were killed or could not reach the place, have left to be removed.

        Raises:
            LocalError: It cannot be.
        """
        with self.database.reading() as database:
            names = [row["name"] for row in database.execute("SELECT name FROM files_gone").fetchall()]
        if names:
            self._remove(names)

    def drop(self, condition: str, *values: object) -> None:
        """Forget and remove the files of which that holds."""
        with self.database.transaction() as database:
            gone = deleted(database, condition, *values)
        self.remove(gone)

    def remove_orphans(self) -> None:
        """Remove what processes that were killed had put and nobody wrote down, once it is a day old.

        Raises:
            LocalError: The place cannot be looked at.
        """
        old = [name for name, age in self.files.ages() if age > DAY]
        if not old:
            return
        with self.database.reading() as database:
            rows = database.execute("SELECT name FROM files WHERE name = ANY(?)", (old,)).fetchall()
        known = {row["name"] for row in rows}
        self.files.remove([name for name in old if name not in known])

    def _remove(self, names: list[str]) -> None:
        self.files.remove(names)
        with self.database.transaction() as database:
            database.execute("DELETE FROM files_gone WHERE name = ANY(?)", (names,))


def selected(database: Statements, condition: str, *values: object) -> tuple[KeptFile, ...]:
    """Return the files of which a condition holds, in the order of writing."""
    rows = database.execute(f"SELECT * FROM files WHERE {condition} ORDER BY rowid", values)  # noqa: S608 - our own texts
    return tuple(map(_kept, rows.fetchall()))


def deleted(database: Statements, condition: str, *values: object) -> tuple[KeptFile, ...]:
    """Remove the rows of the files of which a condition holds; return those, which are to be removed themselves."""
    rows = database.execute(
        f"WITH gone AS (DELETE FROM files WHERE {condition} RETURNING *), noted AS"  # noqa: S608 - our own texts
        " (INSERT INTO files_gone (name) SELECT name FROM gone ON CONFLICT DO NOTHING) SELECT * FROM gone",
        values,
    )
    return tuple(map(_kept, rows.fetchall()))


def open_stored_files(settings: StoreSettings, database: PostgresqlDatabase) -> StoredFiles:
    """Return the place of files that the settings name; nothing is touched before its first use."""
    if settings.files is None:
        return ChunkFiles(database)
    if settings.files.startswith(_FOLDER):
        return FolderFiles(Path(settings.files.removeprefix(_FOLDER)), lambda: _home_of(database))
    return ObjectFiles(settings.files, lambda: _home_of(database))


def _home_of(database: PostgresqlDatabase) -> str:
    """Return the name that this state has among those that keep files in one place."""
    with database.reading() as statements:
        (found,) = statements.execute("SELECT name FROM file_home").fetchall()
    return str(found["name"])


def _kept(row: Row) -> KeptFile:
    fields = {field.name: row[field.name] for field in attrs.fields(KeptFile)}
    return KeptFile(**fields | {"kind": FileKind(row["kind"]), "digest": bytes(row["digest"])})


def _digest(path: Path) -> bytes:
    digest = hashlib.sha256()
    for piece in pieces_of(path):
        digest.update(piece)
    return digest.digest()


def _named(kept: KeptFile) -> str:
    match kept.kind:
        case FileKind.CODES:
            return f"the codes of part {kept.label} of upload {kept.owner}"
        case FileKind.PART:
            return f"part {kept.label} of upload {kept.owner}"
        case FileKind.ROWS:
            return f"the rows of upload {kept.owner}"
        case FileKind.JOB:
            return f"job {kept.owner}"
