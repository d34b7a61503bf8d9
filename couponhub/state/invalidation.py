"""Tells every process that shares the state that people were forgotten, so that none goes on remembering them."""

from typing import Protocol


class InvalidationSignal(Protocol):
    """A value that is another after each erasure; it says nothing of whom it was about. Thread-safe.

    Whoever only looks up must be able to notice, also where nothing may be written and no database can be opened.
    """

    def announce(self) -> None:
        """Change the value, for all others and for good when this returns.

        Raises:
            LocalError: It cannot be written.
        """
        ...

    def latest(self) -> bytes:
        """Return the value; b"" while there was no erasure, or none can be read. Never raises."""
        ...
