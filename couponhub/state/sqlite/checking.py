"""Faults of a state as it lies on disk, found without changing anything."""

import os
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from couponhub.errors import CouponhubError, LocalError
from couponhub.models import ListId
from couponhub.state.maintenance import StateCheck
from couponhub.state.settings import StoreSettings
from couponhub.state.sqlite.codesets import CodeSets
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.state.sqlite.ledger import SqliteLedger
from couponhub.state.sqlite.opening import companions, has_log, open_somehow, told_as_local
from couponhub.state.sqlite.preference import FilePreference
from couponhub.state.sqlite.reports import SqliteReportIndex

_BUSY_SECONDS = 30.0
_RESTORE = (
    "restore the database and the folder codes/ from one backup; until then, and where there is none, codes of which"
    " it is not known whether they were sent are left out, or uploads are refused"
)


def check_state(settings: StoreSettings, *, thorough: bool) -> StateCheck:
    """Look at the databases, what lies beside them, and who may read and change it. Nothing is made.

    Args:
        settings: Of the store.
        thorough: See `Maintenance.check`.

    Raises:
        LocalError: There is no place for a store.
    """
    with closing(LedgerDatabase(settings)) as store:
        path = store.layout.ledger
        try:
            faults = tuple(_faults(store, thorough=thorough))
            store.close()  # what SQLite makes beside a database while it is open is not to be told of
            warnings = tuple(_warnings(store))
        except OSError as error:
            broken = LocalError(f"the store {path} cannot be looked at: {error.strerror}", hint=_RESTORE)
            faults, warnings = (broken,), ()
        except LocalError as error:
            faults, warnings = (error,), ()
    return StateCheck(place=str(path), faults=faults, warnings=warnings)


def _faults(store: LedgerDatabase, *, thorough: bool) -> Iterator[CouponhubError]:
    lost = _lost(store)
    if lost is not None:
        yield lost
    try:
        FilePreference(store.layout).get()
    except LocalError as error:
        yield error
    if not thorough:
        return
    for name, path in store.layout.databases.items():
        if path.exists() and _is_damaged(name, path):
            yield LocalError(f"the {name} {path} is damaged", hint="restore it from a backup")
    if _is_filled(store.layout.ledger):
        yield from _miscounted(store)
    with closing(SqliteReportIndex(store.settings)) as index:
        try:
            with index.reading():
                pass  # its key is compared with the one that lies there
        except LocalError as error:
            yield error


def _lost(store: LedgerDatabase) -> LocalError | None:
    path, sets = store.layout.ledger, CodeSets(store.layout.codes)
    kept = {key for key, _ in sets.all_kept()}
    if not _is_filled(path):
        if not kept:
            return None
        what = "is empty" if path.exists() else "is gone"
        return LocalError(f"the store {path} {what}, and {len(kept)} code sets lie beside it", hint=_RESTORE)
    known = set()
    gone: set[tuple[str, str]] = set()
    for connection, ledger in _ledgers(store):
        for upload in ledger.all():
            known |= {(upload.id, part.number) for part in upload.parts}
            is_kept = any(part.codes_kept for part in upload.parts)
            if is_kept and not sets.has_folder(connection, upload.list_id):
                gone.add((connection, upload.list_id))
    if unknown := len(kept - known):
        return LocalError(
            f"the store {path} does not know the uploads of {unknown} of {len(kept)} code sets that lie beside it",
            hint=_RESTORE,
        )
    if gone:
        return LocalError(
            f"of {len(gone)} lists that codes were sent to, the code sets beside the store {path} are gone",
            hint=_RESTORE,
        )
    return None


def _ledgers(store: LedgerDatabase) -> Iterator[tuple[str, SqliteLedger]]:
    with store.reading() as database:
        names = [row[0] for row in database.execute("SELECT DISTINCT connection FROM uploads")]
    return ((name, SqliteLedger(store, name)) for name in names)


def _is_damaged(name: str, path: Path) -> bool:
    with (
        told_as_local(name, lambda: path),
        closing(open_somehow(path, busy_seconds=_BUSY_SECONDS)) as database,
    ):
        (found,) = database.execute("PRAGMA integrity_check (1)").fetchone()
    return bool(found != "ok")


def _miscounted(store: LedgerDatabase) -> Iterator[LocalError]:
    """Compare each code set with the rows that the ledger knows of it."""
    for connection, ledger in _ledgers(store):
        wrong: dict[ListId, int] = {}
        kept = CodeSets(store.layout.codes)
        for upload in ledger.all():
            sets = kept.kept(connection, upload.list_id)
            for part in upload.parts:
                code_set = sets.get((upload.id, part.number))
                if part.shown.rows is not None and code_set is not None:
                    count = sum(map(len, code_set.batches()))
                    wrong[upload.list_id] = wrong.get(upload.list_id, 0) + (count != part.shown.rows)
        if parts := sum(wrong.values()):
            yield LocalError(
                f"{parts} code sets of {connection} have more or fewer codes than were sent: some could go out twice",
                hint=_RESTORE,
            )


def _is_filled(path: Path) -> bool:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return False
    return size > 0 or has_log(path)


def _warnings(store: LedgerDatabase) -> Iterator[str]:
    layout = store.layout
    path, codes = layout.ledger, layout.codes
    if codes.is_symlink():
        yield (
            f"{codes} is a link: whoever may change where it leads can have codes sent twice; move the folder there"
            " itself, or name a database beside it in [store] url"
        )
    if os.name == "nt":
        return  # modes and owners say nothing there
    ours = {*layout.databases.values(), layout.key, layout.erasures, layout.preference}
    ours |= {beside for database in layout.databases.values() for beside in companions(database)}
    for one in [*sorted(file for file in ours if file.is_file()), *([codes] if codes.exists() else [])]:
        yield from _exposed(one)
    sets = [one for one in codes.glob("[!.]*/*/*") if one.stat().st_mode & 0o077]
    if sets and not codes.stat().st_mode & 0o077:
        yield f"others may read or change {len(sets)} code sets in {codes}: `chmod -R go= {codes}`"
    kept = [one for one in layout.job_files.glob("*/*") if one.stat().st_mode & 0o077]
    if kept and not codes.stat().st_mode & 0o077:
        yield (
            f"others may read or change {len(kept)} files of jobs in {layout.job_files}:"
            f" `chmod -R go= {layout.job_files}`"
        )
    mode = path.parent.stat().st_mode if path.parent.exists() else 0
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        yield f"others may replace what lies in {path.parent}: `chmod o-w {path.parent}`"


def _exposed(path: Path) -> Iterator[str]:
    found = path.stat()
    if found.st_mode & 0o077:
        may = "change" if found.st_mode & 0o022 else "read"
        mend = f"chmod {'-R ' if path.is_dir() else ''}go= {path}"
        yield f"others may {may} {path}: `{mend}`"
    if found.st_uid != os.geteuid():
        yield (
            f"{path} belongs to another user (number {found.st_uid}) than the one who runs this: run couponhub as that"
            f" user, or give it to the one who runs it with `chown`"
        )
