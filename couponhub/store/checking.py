"""What is wrong with a store as it lies on disk, found without changing anything."""

import os
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import attrs

from couponhub.errors import CouponhubError, LocalError
from couponhub.store.codesets import CodeSets, set_name
from couponhub.store.database import Store
from couponhub.store.ledger import Ledger
from couponhub.store.settings import StoreSettings

_RESTORE = (
    "restore the database and the folder codes/ from one backup; until then, and where there is none, codes of which"
    " it is not known whether they were sent are left out, or uploads are refused"
)


@attrs.frozen(kw_only=True)
class StoreCheck:
    """How a store stands.

    Attributes:
        path: The database.
        lost: What it has lost of what was sent; None when nothing is missing.
        warnings: What else is wrong, each with its mend.
    """

    path: Path
    lost: CouponhubError | None = None
    warnings: tuple[str, ...] = ()


def check_store(settings: StoreSettings) -> StoreCheck:
    """Look at the database, what lies beside it, and who may read and change it. Nothing is made.

    Raises:
        LocalError: There is no place for a store.
    """
    path = settings.path
    sets = CodeSets(path.parent / "codes")
    try:
        lost = _lost(settings, sets)
        warnings = tuple(_warnings(path, sets.folder))
    except OSError as error:
        lost = LocalError(f"the store {path} cannot be looked at: {error.strerror}", hint=_RESTORE)
        warnings = ()
    except LocalError as error:
        lost, warnings = error, ()
    return StoreCheck(path=path, lost=lost, warnings=warnings)


def _lost(settings: StoreSettings, sets: CodeSets) -> LocalError | None:
    path = settings.path
    kept = [name for name, _ in sets.all_kept()]
    if not _is_filled(path):
        if not kept:
            return None
        what = "is empty" if path.exists() else "is gone"
        return LocalError(f"the store {path} {what}, and {len(kept)} code sets lie beside it", hint=_RESTORE)
    known: set[str] = set()
    gone: set[tuple[str, str]] = set()
    with closing(Store(settings)) as store:
        with store.reading() as database:
            names = [row[0] for row in database.execute("SELECT DISTINCT connection FROM uploads")]
        for name in names:
            ledger = Ledger(store, name)
            for upload in ledger.all():
                known |= {set_name(upload.id, part.number) for part in upload.parts}
                # `has_lost_codes` would read the list's uploads for each of them.
                if any(part.codes_kept for part in upload.parts) and not sets.has_folder(
                    name, upload.list_id
                ):
                    gone.add((name, upload.list_id))
    if unknown := sum(name not in known for name in kept):
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


def _is_filled(path: Path) -> bool:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return False
    # What was written last may stand in the log alone.
    return size > 0 or path.with_name(f"{path.name}-wal").exists()


def _warnings(path: Path, codes: Path) -> Iterator[str]:
    if codes.is_symlink():
        yield (
            f"{codes} is a link: whoever may change where it leads can have codes sent twice; move the folder there"
            " itself, or name a database beside it in [store] url"
        )
    if os.name == "nt":
        return  # modes and owners say nothing there
    files = [one for one in path.parent.glob(f"{path.stem}*") if one.is_file() and _is_ours(path, one)]
    for one in [*sorted(files), *([codes] if codes.exists() else [])]:
        yield from _exposed(one)
    sets = [one for one in codes.glob("[!.]*/*/*") if one.stat().st_mode & 0o077]
    if sets and not codes.stat().st_mode & 0o077:
        yield f"others may read or change {len(sets)} code sets in {codes}: `chmod -R go= {codes}`"
    mode = path.parent.stat().st_mode if path.parent.exists() else 0
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        yield f"others may replace what lies in {path.parent}: `chmod o-w {path.parent}`"


def _is_ours(path: Path, file: Path) -> bool:
    endings = (".key", ".usage.db", ".quotas.db", ".erasures")
    ours = {path.name, *(path.with_suffix(ending).name for ending in endings)}
    return file.name.removesuffix("-wal").removesuffix("-shm") in ours


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
