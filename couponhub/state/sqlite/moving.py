"""A whole state in SQLite, to be copied from, or to."""

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import attrs

from couponhub.errors import LocalError
from couponhub.models import ListId, UploadId
from couponhub.state.moving.content import (
    LEFT_BEHIND,
    NOT_MOVED,
    ORDERED,
    Columns,
    Content,
    Filling,
    MovedFile,
    MovedKind,
    Singles,
)
from couponhub.state.settings import StoreSettings
from couponhub.state.sql.ledger import storable
from couponhub.state.sqlite.codesets import CodeSets
from couponhub.state.sqlite.files import file_name, private_folder, sync_folder
from couponhub.state.sqlite.layout import LEDGER, REPORTS, Layout
from couponhub.state.sqlite.migrations import MIGRATIONS
from couponhub.state.sqlite.opening import connect, make_private, open_somehow, open_to_write, told_as_local
from couponhub.state.sqlite.preference import FilePreference
from couponhub.state.store_key import StoreKey

_BUSY_SECONDS = 30.0
_PARTS, _CSV, _ERASURES = ".parts", ".csv", ".erasures"
_PUBLISHING = "publishing"
"""The file that stands in the folder of a state in the making from the moment on at which parts of it are put in place."""


@attrs.frozen
class SqliteMovable:
    """A `MovableState` in SQLite.

    Args:
        settings: Of the store.
    """

    settings: StoreSettings

    @property
    def place(self) -> str:
        """As `MovableState.place`."""
        return self.settings.place

    @contextmanager
    def reading(self) -> Iterator[Content]:
        """As `MovableState.reading`."""
        layout = Layout(self.settings)
        if not layout.ledger.exists():
            raise LocalError(
                f"there is no store in {layout.ledger}", hint="name the store that is to be copied"
            )
        with told_as_local("store", lambda: layout.ledger), ExitStack() as held:
            databases = {}
            for name, path in layout.databases.items():
                if path.exists():
                    database = held.enter_context(closing(open_somehow(path, busy_seconds=_BUSY_SECONDS)))
                    database.execute("BEGIN")
                    databases[name] = database
            yield _Content(self.settings, databases)

    @contextmanager
    def filling(self) -> Iterator[Filling]:
        """As `MovableState.filling`: in a folder beside its place, from which all is moved there at the end."""
        layout = Layout(self.settings)
        with told_as_local("store", lambda: layout.ledger), _alone(layout, self.place) as folder:
            address = f"sqlite:///{quote(str((folder / layout.ledger.name).absolute()))}"
            made = Layout(attrs.evolve(self.settings, url=address))
            with ExitStack() as held:
                databases = {}
                for name, path in made.databases.items():
                    make_private(path)
                    database = held.enter_context(closing(open_to_write(path, name, busy_seconds=0)))
                    database.execute("BEGIN IMMEDIATE")
                    databases[name] = database
                yield _Content(made.settings, databases)
                _make_folders(databases[LEDGER], CodeSets(made.codes))
                has_index = databases[REPORTS].execute("SELECT 1 FROM state").fetchone() is not None
                for database in databases.values():
                    database.execute("COMMIT")
                    database.execute("PRAGMA wal_checkpoint (TRUNCATE)")
            if not has_index:
                made.reports.unlink()  # one that is there has a key
            _publish(made, layout)


@attrs.frozen
class _Content:
    """The content of a state, in databases that are open."""

    settings: StoreSettings
    databases: Mapping[str, sqlite3.Connection]

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Sequence[Any]]:
        """As `Content.rows`."""
        database = self.databases.get(_HOMES[table])
        if database is not None:
            order = " ORDER BY rowid" if table in ORDERED else ""
            yield from database.execute(f"SELECT {_listed(columns)} FROM {table}{order}")  # noqa: S608 - our own names

    def put_rows(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """As `Filling.put_rows`."""
        marks = ", ".join("?" for _ in columns)
        self.databases[_HOMES[table]].executemany(
            f"INSERT INTO {table} ({_listed(columns)}) VALUES ({marks})",  # noqa: S608 - our own names
            rows,
        )

    def files(self) -> Iterable[MovedFile]:
        """As `Content.files`."""
        return sorted(file for file, _ in self._files())

    def fetch(self, file: MovedFile, path: Path) -> None:
        """As `Content.fetch`."""
        try:
            shutil.copyfile(self._path(file), path)
        except FileNotFoundError:
            raise LocalError(
                f"a file of {file.owner} was removed while it was copied", hint="end whatever uses the store"
            ) from None

    def put_file(self, file: MovedFile, path: Path) -> None:
        """As `Filling.put_file`."""
        place = self._made_path(file)
        copy = private_folder(place.parent) / f"{place.name}.copy"
        shutil.copyfile(path, copy)
        copy.chmod(0o600)
        os.utime(copy, (file.created_at, file.created_at))
        self._sets.keep(copy, place)

    def singles(self) -> Singles:
        """As `Content.singles`."""
        layout = Layout(self.settings)
        stored = StoreKey(self.settings, lambda: layout.key)
        mark = layout.job_files / _ERASURES
        return Singles(
            key=stored.read() if stored.is_configured or layout.key.exists() else None,
            is_key_configured=stored.is_configured,
            preference=FilePreference(layout).get(),
            erasure_mark=mark.read_bytes() if mark.exists() else b"",
        )

    def put_singles(self, singles: Singles) -> None:
        """As `Filling.put_singles`."""
        layout = Layout(self.settings)
        StoreKey(self.settings, lambda: layout.key).adopt(singles.key)
        if singles.preference:
            FilePreference(layout).set(singles.preference)
        if singles.erasure_mark:
            mark = private_folder(layout.job_files) / _ERASURES
            mark.write_bytes(singles.erasure_mark)
            mark.chmod(0o600)

    @property
    def _sets(self) -> CodeSets:
        return CodeSets(Layout(self.settings).codes)

    def _path(self, file: MovedFile) -> Path:
        path = self._made_path(file)
        if path.exists():
            return path
        # One that was laid aside for its age has another name.
        return next((other for one, other in self._files() if one == file), path)

    def _files(self) -> Iterator[tuple[MovedFile, Path]]:
        sets, codes = self._sets, self._sets.folder
        for home in codes.glob("[!.]*/*"):
            found: list[tuple[MovedKind, str, str, Path]] = [
                (MovedKind.CODES, upload, str(number), one.path)
                for (upload, number), one in sets.kept_in(home).items()
            ]
            found += [(MovedKind.ROWS, upload, "", path) for upload, path in sets.records_in(home).items()]
            for kind, owner, label, path in found:
                yield _of_list(kind, home, owner, label, path), path
        for path in (codes / _PARTS).glob(f"*/*/*{_CSV}"):
            owner, _, label = path.name.removesuffix(_CSV).rpartition(".")
            yield _of_list(MovedKind.PART, path.parent, owner, label, path), path
        for path in Layout(self.settings).job_files.glob("*/*"):
            job = path.parent.name
            yield (
                MovedFile(
                    kind=MovedKind.JOB,
                    connection=storable(unquote(job)),
                    list_id="",
                    owner=job,
                    label=path.name,
                    created_at=path.stat().st_mtime,
                ),
                path,
            )

    def _made_path(self, file: MovedFile) -> Path:
        sets, list_id, upload = self._sets, ListId(file.list_id), UploadId(file.owner)
        match file.kind:
            case MovedKind.CODES:
                return sets.path(file.connection, list_id, upload, int(file.label))
            case MovedKind.ROWS:
                return sets.record_path(file.connection, list_id, upload)
            case MovedKind.PART:
                home = sets.folder / _PARTS / file_name(file.connection) / file_name(file.list_id)
                return home / f"{file.owner}.{file.label}{_CSV}"
            case MovedKind.JOB:
                return Layout(self.settings).job_files / file.owner / file.label


def moved_columns() -> Columns:
    """Return which columns of which tables are moved: those of SQLite's newest schema, which every kind of state has."""
    found = {}
    with closing(sqlite3.connect(":memory:")) as database:
        for migration in MIGRATIONS:
            for statement in migration.statements:
                database.execute(statement)
        for table in _HOMES:
            names = [row[1] for row in database.execute(f"PRAGMA table_info ({table})")]
            found[table] = tuple(name for name in names if name not in NOT_MOVED.get(table, ()))
    return found


def _homes() -> Mapping[str, str]:
    """Return which table that is moved lies in which database, in the order in which they were made."""
    found: dict[str, str] = {}
    for migration in MIGRATIONS:
        for statement in migration.statements:
            words = statement.replace("IF NOT EXISTS", "").split()
            if words[:2] == ["CREATE", "TABLE"] and words[2] not in LEFT_BEHIND:
                found[words[2]] = migration.database
    return found


_HOMES = _homes()


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(columns)


def _of_list(kind: MovedKind, home: Path, owner: str, label: str, path: Path) -> MovedFile:
    return MovedFile(
        kind=kind,
        connection=storable(unquote(home.parent.name)),
        list_id=storable(unquote(home.name)),
        owner=owner,
        label=label,
        created_at=path.stat().st_mtime,
    )


@contextmanager
def _alone(layout: Layout, place: str) -> Iterator[Path]:
    """Give the folder of a state in the making, whose place is empty, to one process at a time; it ends with the block."""
    private_folder(layout.folder)
    folder = layout.folder / f".{layout.ledger.name}.copy"
    lock = folder.with_suffix(".lock")
    os.close(os.open(lock, os.O_CREAT | os.O_RDWR, 0o600))
    with closing(connect(lock, "mode=rw", 0)) as held:
        try:
            held.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise LocalError(f"somebody else copies a store to {place}", hint="wait for its end") from None
        try:
            _clear(layout, folder)
            _refuse_filled(layout)
            yield private_folder(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.unlink(missing_ok=True)


def _ours(layout: Layout) -> Sequence[Path]:
    """Return all that a state consists of, the ledger last."""
    databases = [path for path in layout.databases.values() if path != layout.ledger]
    return (layout.codes, layout.key, layout.preference, *databases, layout.ledger)


def _clear(layout: Layout, made: Path) -> None:
    """Remove what a copy that was killed has left; its ledger comes last, so that without one nobody has used it."""
    if (made / _PUBLISHING).exists() and not layout.ledger.exists():
        for path in _ours(layout):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    shutil.rmtree(made, ignore_errors=True)


def _refuse_filled(layout: Layout) -> None:
    filled = next((path for path in _ours(layout) if path.exists()), None)
    if filled is not None:
        raise LocalError(
            f"there is a store in {layout.ledger}, or a part of one: {filled} exists",
            hint="name a place where nothing is",
        )


def _make_folders(ledger: sqlite3.Connection, sets: CodeSets) -> None:
    """Make the folder of each list that codes were sent to, without which they would be lost."""
    private_folder(sets.folder)
    for connection, list_id in ledger.execute("SELECT DISTINCT connection, list_id FROM uploads"):
        private_folder(sets.of_list(connection, ListId(list_id)))


def _publish(made: Layout, layout: Layout) -> None:
    (made.folder / _PUBLISHING).touch()
    for one, place in zip(_ours(made), _ours(layout), strict=True):
        if one.exists():
            one.rename(place)
    sync_folder(layout.folder)
