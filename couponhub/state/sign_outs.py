"""Sessions that somebody signed out of: a browser's cookie would hold on in whoever's hands a copy of it is."""

from datetime import datetime
from typing import Protocol


class SignOuts(Protocol):
    """The sessions that were signed out of, each until it would have ended by itself. Thread-safe, and safe with other processes.

    Changes are for good when a method returns. Reading also works where nothing may be written. Every method raises
    LocalError when the state fails.
    """

    def add(self, mark: str, until: datetime) -> None:
        """Write down that a session was signed out of; nothing happens when it was before.

        Args:
            mark: Tells it from all others, and is of no use to whoever reads it here.
            until: The time at which the session ends by itself, after which it is forgotten here.
        """
        ...

    def all(self) -> frozenset[str]:
        """Return the marks of those that would hold on otherwise."""
        ...
