"""Backups: a copy of every part in one folder, under the names that it has where it lies, written while others write."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from couponhub.errors import LocalError, UsageError
from couponhub.models import UploadId
from couponhub.state.maintenance import PartBackup
from couponhub.state.sqlite.codesets import CodeSets, SetKey
from couponhub.state.sqlite.files import private_folder, sync_folder
from couponhub.state.sqlite.layout import LEDGER, QUOTAS, REPORTS, Layout
from couponhub.state.sqlite.migrations import version_of
from couponhub.state.sqlite.opening import make_private, open_somehow, told_as_local
from couponhub.state.store_key import StoreKey

_BUSY_SECONDS = 30.0
_UNFINISHED = ".partial"


def write_backup(layout: Layout, folder: Path) -> tuple[PartBackup, ...]:
    """See `Maintenance.backup`."""
    is_made = not folder.exists()
    if not any(path.exists() for path in (*layout.databases.values(), layout.codes)):
        raise LocalError(f"there is nothing to back up: no store is at {layout.ledger}")
    _require_empty(folder)
    try:
        private_folder(folder)
        return tuple(_write(layout, folder))
    except BaseException as error:
        _remove_all(folder, itself=is_made)
        if isinstance(error, OSError):
            raise LocalError(f"the backup {folder} cannot be written: {error.strerror}") from error
        raise


def _write(layout: Layout, folder: Path) -> Iterator[PartBackup]:
    sets = CodeSets(layout.codes)
    # Noted before the ledger is copied: those that it does not know by then count as well, and newer ones are of
    # uploads that it knows nothing of, which are not in this backup.
    before = dict(sets.all_kept())
    ledger = folder / layout.ledger.name
    draft = ledger.with_name(f"{ledger.name}{_UNFINISHED}")
    if layout.ledger.exists():
        _copy_database(LEDGER, layout.ledger, draft)
    yield _copy_code_sets(sets, folder / layout.codes.name, {*before, *_known(draft)})
    if layout.job_files.exists():
        yield _copy_job_files(layout.job_files, folder / layout.codes.name / layout.job_files.name)
    if layout.reports.exists():
        StoreKey(layout.settings, lambda: layout.key).read()
        _copy_database(REPORTS, layout.reports, folder / layout.reports.name)
        yield _told(REPORTS, folder / layout.reports.name)
    if layout.key.exists():
        _copy_file(layout.key, folder / layout.key.name)
        yield _told("key", folder / layout.key.name)
    if layout.quotas.exists():
        _copy_database(QUOTAS, layout.quotas, folder / layout.quotas.name)
        yield _told(QUOTAS, folder / layout.quotas.name)
    if layout.preference.exists():
        _copy_file(layout.preference, folder / layout.preference.name)
        yield _told("preference", folder / layout.preference.name)
    sync_folder(folder)
    if draft.exists():
        # The last of all: a folder without it is the rest of a backup that was killed.
        draft.rename(ledger)
        sync_folder(folder)
        yield _told(LEDGER, ledger)


def _require_empty(folder: Path) -> None:
    try:
        is_free = not folder.exists() or not any(folder.iterdir())
    except NotADirectoryError:
        raise UsageError(f"{folder} is no folder, and a backup is one") from None
    except OSError as error:
        raise LocalError(f"the folder {folder} cannot be used: {error.strerror}") from error
    if not is_free:
        raise UsageError(
            f"the folder {folder} is not empty, so nothing was written",
            hint="name one that is empty or not there: each backup has its own",
        )


def _copy_database(name: str, source: Path, target: Path) -> None:
    with (
        told_as_local(name, lambda: source),
        closing(open_somehow(source, busy_seconds=_BUSY_SECONDS)) as read,
    ):
        version_of(read, name, source)
        make_private(target)
        with closing(sqlite3.connect(target, isolation_level=None)) as written:
            read.backup(written)  # all of it in one step: one moment, whatever is written meanwhile
            written.execute("PRAGMA journal_mode = DELETE")  # one file, and none beside it
            (found,) = written.execute("PRAGMA quick_check (1)").fetchone()
    if found != "ok":
        raise LocalError(
            f"the {name} {source} is damaged, so that no backup was written",
            hint="`couponhub store check` says more; restore it from an earlier backup",
        )
    _sync(target)


def _known(ledger: Path) -> Iterator[SetKey]:
    """Give the code sets that a ledger knows of, and each upload with 0, for the record of its rows."""
    if ledger.exists():
        with closing(sqlite3.connect(ledger)) as database:
            if not database.execute("PRAGMA user_version").fetchone()[0]:
                return  # nothing was ever written
            every = "SELECT upload_id, number FROM parts UNION ALL SELECT id, 0 FROM uploads"
            for upload_id, number in database.execute(every):
                yield UploadId(upload_id), number


def _copy_code_sets(sets: CodeSets, target: Path, wanted: set[SetKey]) -> PartBackup:
    size = files = 0
    private_folder(target)
    for home in sorted(sets.folder.glob("[!.]*/*")):
        # Also where no set is left: a list without a folder has lost what it was given.
        folder = private_folder(target.joinpath(*home.relative_to(sets.folder).parts))
        for key, path in _kept_in(sets, home).items():
            if key in wanted and (copied := _copy_kept(sets, home, key, path, folder)) is not None:
                size += copied.stat().st_size
                files += 1
        sync_folder(folder)
    return PartBackup(name="code sets", path=target, bytes=size, files=files)


def _kept_in(sets: CodeSets, home: Path) -> dict[SetKey, Path]:
    """Return the code sets of a list, and the records of its uploads' rows under 0."""
    records = {(upload_id, 0): path for upload_id, path in sets.records_in(home).items()}
    return records | {key: code_set.path for key, code_set in sets.kept_in(home).items()}


def _copy_kept(sets: CodeSets, home: Path, key: SetKey, path: Path | None, folder: Path) -> Path | None:
    while path is not None:
        copy = folder / path.name
        try:
            _copy_file(path, copy)
        except FileNotFoundError:
            copy.unlink(missing_ok=True)
            path = _kept_in(sets, home).get(key)  # it was laid aside for its age, or removed
        else:
            return copy
    return None


def _copy_job_files(home: Path, target: Path) -> PartBackup:
    """Copy the files of jobs, which are whole wherever they are found; of a job that ends meanwhile some may lack."""
    size = files = 0
    private_folder(target)
    for path in sorted(home.glob("*/*")):
        copy = private_folder(target / path.parent.name) / path.name
        try:
            _copy_file(path, copy)
        except FileNotFoundError:
            copy.unlink(missing_ok=True)
        else:
            size += copy.stat().st_size
            files += 1
    for folder in (*target.glob("*/"), target):
        sync_folder(folder)
    return PartBackup(name="job files", path=target, bytes=size, files=files)


def _copy_file(source: Path, target: Path) -> None:
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    shutil.copyfile(source, target)
    # The age of a code set is that of its file.
    stat = source.stat()
    os.utime(target, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    _sync(target)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _told(name: str, path: Path) -> PartBackup:
    return PartBackup(name=name, path=path, bytes=path.stat().st_size, files=1)


def _remove_all(folder: Path, *, itself: bool) -> None:
    with suppress(OSError):
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
        if itself:
            folder.rmdir()
