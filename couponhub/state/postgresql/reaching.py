"""Looks whether the state in PostgreSQL, and the files that it names, can be reached; nothing is made by it."""

import os
from pathlib import Path

from couponhub.errors import LocalError
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.reach import PartProbe, ReachedPart
from couponhub.state.stored_files import StoredFiles

_KIND = "postgresql"
_NO_FILE = "look-that-finds-nothing"


def probes_of(database: PostgresqlDatabase, files: PartProbe | None) -> tuple[PartProbe, ...]:
    """Return the looks at the state, as `State.probes` has them.

    Args:
        database: Of the state.
        files: The look at its files, where they do not lie in the database.
    """

    def look(part: ReachedPart) -> PartProbe:
        return PartProbe(part=part, kind=_KIND, place=database.place, look=database.reach)

    return look(ReachedPart.STATE), files or look(ReachedPart.FILES), look(ReachedPart.USAGE_INDEX)


def probe_of_files(url: str, files: StoredFiles, database: PostgresqlDatabase) -> PartProbe:
    """Return the look at files that do not lie in the database: of an object store one is asked for that is not there.

    Args:
        url: [store] files.
        database: Of the state, which names the place of its own there once it was used.
        files: What it names.
    """
    scheme = url.partition(":")[0]
    in_folder = scheme == "file"

    def look(timeout: float) -> None:
        if in_folder:
            _check_folder(Path(files.place))
            return
        with database.looking(seconds=timeout) as statements:
            found = statements.execute("SELECT to_regclass('couponhub.file_home') IS NOT NULL").fetchone()
        if found is not None and found[0]:
            files.fetch(_NO_FILE, Path(os.devnull))

    kind = "folder" if in_folder else scheme
    return PartProbe(part=ReachedPart.FILES, kind=kind, place=files.place, look=look)


def _check_folder(folder: Path) -> None:
    """Refuse a folder that is not there and could not be made."""
    lowest = next(one for one in (folder, *folder.parents) if one.exists())
    if not (lowest.is_dir() and os.access(lowest, os.W_OK | os.X_OK)):
        raise LocalError(
            f"the folder {folder} of [store] files cannot be used", hint="make it writable for this user"
        )
