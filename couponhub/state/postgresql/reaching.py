"""Looks whether the state in PostgreSQL, and the files that it names, can be reached; nothing is made by it."""

import os
from pathlib import Path

from couponhub.errors import LocalError
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.migrations import version_in
from couponhub.state.reach import PartProbe, ReachedPart
from couponhub.state.stored_files import StoredFiles

_KIND = "postgresql"
_NO_FILE = "look-that-finds-nothing"


def probes_of(database: PostgresqlDatabase, files: StoredFiles) -> tuple[PartProbe, ...]:
    """Return the looks at the state, as `State.probes` has them.

    Args:
        database: Of the state.
        files: Its files.
    """

    def look(part: ReachedPart) -> PartProbe:
        return PartProbe(part=part, kind=_KIND, place=database.place, look=database.reach)

    elsewhere = database.settings.files
    kept = look(ReachedPart.FILES)
    if elsewhere is not None:
        in_folder = elsewhere.startswith("file:")
        kept = PartProbe(
            part=ReachedPart.FILES,
            kind="folder" if in_folder else elsewhere.partition(":")[0],
            place=files.place,
            look=lambda seconds: _look_at_files(database, files, seconds, in_folder=in_folder),
        )
    return look(ReachedPart.STATE), kept, look(ReachedPart.USAGE_INDEX)


def _look_at_files(
    database: PostgresqlDatabase, files: StoredFiles, seconds: float, *, in_folder: bool
) -> None:
    """Ask for a file that is not there: whoever says so could be asked, and let us read."""
    if in_folder:
        _check_folder(Path(files.place))
    with database.looking(seconds=seconds) as opened:
        if not version_in(opened, database.place):
            return  # the state has no place there yet
    try:
        files.fetch(_NO_FILE, Path(os.devnull))
    except LocalError as error:
        # A folder is made with the first file.
        if not (in_folder and isinstance(error.__cause__, FileNotFoundError)):
            raise


def _check_folder(folder: Path) -> None:
    """Refuse a folder that is not there and could not be made."""
    lowest = next(one for one in (folder, *folder.parents) if one.exists())
    if not (lowest.is_dir() and os.access(lowest, os.W_OK | os.X_OK)):
        raise LocalError(
            f"the folder {folder} of [store] files cannot be used", hint="make it writable for this user"
        )
