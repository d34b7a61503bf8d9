"""A place for files of the state that all machines reach, where the state itself is no folder of one machine."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol


class StoredFiles(Protocol):
    """Files that never change, each under a name that nobody guesses. Thread-safe, and safe with other processes.

    A file is put before it is written down anywhere, so that what is written down is there. What nobody wrote down
    is known by its age. Every method raises LocalError, with one line, when the place fails.
    """

    @property
    def place(self) -> str:
        """The place, for people."""
        ...

    def put(self, name: str, path: Path) -> None:
        """Keep a copy of a file of this machine for good, whole or not at all, for its owner alone.

        Args:
            name: A new one: letters, digits, `-` and `_`.
            path: The file.

        Raises:
            LocalError: Also when something has that name, which stays as it is.
        """
        ...

    def fetch(self, name: str, path: Path) -> bool:
        """Copy a file to a new private one of this machine; False when there is none of that name."""
        ...

    def ages(self) -> Iterator[tuple[str, float]]:
        """Give the names of all files, with the seconds since each was put there, by the place's own clock.

        Where the place tells no time of now, it is counted from when the youngest was put.
        """
        ...

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; those that are not there are fine."""
        ...
