"""Stored files in the database itself, in pieces of about 1 MiB."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.local_copies import new_file, pieces_of
from couponhub.state.postgresql.sweeping import sweep


class ChunkFiles:
    """`StoredFiles` in a table of their own.

    Args:
        database: The state's.
    """

    def __init__(self, database: PostgresqlDatabase) -> None:
        self._database = database

    @property
    def place(self) -> str:
        """As `StoredFiles.place`."""
        return self._database.place

    def put(self, name: str, path: Path) -> None:
        """As `StoredFiles.put`."""
        with self._database.transaction() as database:
            for number, piece in enumerate(pieces_of(path)):
                database.execute(
                    "INSERT INTO file_chunks (name, number, content) VALUES (?, ?, ?)", (name, number, piece)
                )

    def fetch(self, name: str, path: Path) -> bool:
        """As `StoredFiles.fetch`."""
        number = 0
        with self._database.reading() as database, new_file(path) as write:
            cursor = database.connection.cursor(binary=True)
            while True:
                found = cursor.execute(
                    "SELECT content FROM file_chunks WHERE name = %s AND number = %s", (name, number)
                ).fetchone()
                if found is None:
                    return number > 0
                write(found[0])
                number += 1

    def ages(self) -> Iterator[tuple[str, float]]:
        """As `StoredFiles.ages`."""
        with self._database.reading() as database:
            found = database.execute(
                "SELECT name, extract(epoch FROM clock_timestamp() - created_at)::float8 FROM file_chunks WHERE number = 0"
            ).fetchall()
        yield from ((row[0], row[1]) for row in found)

    def remove(self, names: Iterable[str]) -> None:
        """As `StoredFiles.remove`."""
        with self._database.transaction() as database:
            database.execute("DELETE FROM file_chunks WHERE name = ANY(?)", (list(names),))

    def sweep(self) -> None:
        """Give back the room of what was removed, so that nothing of it is kept where tables lie."""
        sweep(self._database, "file_chunks")
