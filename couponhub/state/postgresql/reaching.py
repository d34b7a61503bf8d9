"""Looks whether the state in PostgreSQL, and the files that it names, can be reached; nothing is made by it."""

from pathlib import Path
from tempfile import TemporaryDirectory

from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.migrations import version_in
from couponhub.state.reach import PartProbe, ReachedPart
from couponhub.state.stored_files import StoredFiles

_KIND = "postgresql"
_NOBODYS = "nobodys-file"


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
        kept = PartProbe(
            part=ReachedPart.FILES,
            kind=elsewhere.partition(":")[0],
            place=files.place,
            look=lambda seconds: _look_at_files(database, files, seconds),
        )
    return look(ReachedPart.STATE), kept, look(ReachedPart.USAGE_INDEX)


def _look_at_files(database: PostgresqlDatabase, files: StoredFiles, seconds: float) -> None:
    """Ask for a file that is not there: whoever says so could be asked, and let us read."""
    with database.looking(seconds=seconds) as opened:
        if not version_in(opened, database.place):
            return  # the state has no place there yet
    with TemporaryDirectory() as folder:
        files.fetch(_NOBODYS, Path(folder) / "file")
