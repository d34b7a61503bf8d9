"""Tells every process that shares the state that people were forgotten, so that none goes on remembering them."""

from typing import Protocol


class InvalidationSignal(Protocol):
    """A value that is another after each erasure; it says nothing of whom it was about. Thread-safe.

    Whoever only looks up must be able to notice, also where nothing may be written. Whoever cannot learn of erasures
    may remember nothing for long, and so has to know that he cannot.
    """

    def announce(self) -> None:
        """Change the value, for all others and for good when this returns.

        Raises:
            LocalError: It cannot be written.
        """
        ...

    def latest(self) -> bytes:
        """Return the value; b"" while there was no erasure.

        Raises:
            LocalError: The state lies elsewhere and has not answered within a few seconds. A file of this machine that
                cannot be read stands for no erasure: nobody could have announced one in it.
        """
        ...
