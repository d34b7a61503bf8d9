"""Looks whether the state in PostgreSQL, and the files that it names, can be reached; nothing is made by it."""

from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.reach import PartProbe, ReachedPart

_KIND = "postgresql"


def probes_of(database: PostgresqlDatabase, files: PartProbe | None) -> tuple[PartProbe, ...]:
    """Return the looks at the state, as `State.probes` has them.

    Args:
        database: Of the state.
        files: The look at its files, where they do not lie in the database.
    """

    def look(part: ReachedPart) -> PartProbe:
        return PartProbe(part=part, kind=_KIND, place=database.place, look=database.reach)

    return look(ReachedPart.STATE), files or look(ReachedPart.FILES), look(ReachedPart.USAGE_INDEX)
