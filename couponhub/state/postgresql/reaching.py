"""Looks whether the state in PostgreSQL, and the files that it names, can be reached; nothing is made by it."""

import os
from pathlib import Path

import attrs

from couponhub.errors import LocalError
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.key import SharedKey
from couponhub.state.postgresql.migrations import version_in
from couponhub.state.reach import PartProbe, ReachedPart
from couponhub.state.stored_files import StoredFiles

_KIND = "postgresql"
_NO_FILE = "look-that-finds-nothing"


def probes_of(database: PostgresqlDatabase, files: StoredFiles, key: SharedKey) -> tuple[PartProbe, ...]:
    """Return the looks at the state, as `State.probes` has them.

    Args:
        database: Of the state.
        files: Its files.
        key: Of the hashes of customers. A machine with another one finds nobody in the index, so that the index is
            as good as away for it.
    """

    def look(part: ReachedPart) -> PartProbe:
        return PartProbe(part=part, kind=_KIND, place=database.place, look=database.reach)

    def look_at_index(seconds: float) -> None:
        database.reach(seconds)
        key.refuse_other(seconds=seconds)

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
    index = attrs.evolve(look(ReachedPart.USAGE_INDEX), look=look_at_index)
    return look(ReachedPart.STATE), kept, index


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
