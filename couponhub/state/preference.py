"""The connections that lookups ask first, as they were switched while everything runs on."""

from collections.abc import Sequence
from typing import Protocol

from couponhub.errors import UsageError


class LookupPreference(Protocol):
    """The connections that lookups ask first, in their order; it counts before what the config says. Thread-safe.

    Every process that shares the state can notice a change, also one that may write nothing and open no database.
    """

    def get(self) -> tuple[str, ...]:
        """Return the names of those connections, most preferred first; () while none was set.

        Nothing is made, and nobody is waited for.

        Raises:
            LocalError: It cannot be read, or holds something else.
        """
        ...

    def set(self, names: Sequence[str]) -> None:
        """Prefer these connections from now on, for all others and for good when this returns.

        Killed or raising, what was set before holds, or all of this.

        Args:
            names: Most preferred first, each once; none lets the config count again.

        Raises:
            UsageError: A name is empty, no text, or stands there twice; nothing was changed.
            LocalError: It cannot be written.
        """
        ...


def checked_names(names: object) -> tuple[str, ...]:
    """Return the names of connections to ask first, whatever they were read from.

    Raises:
        UsageError: They are none, or one stands there twice.
    """
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise UsageError("the connections to ask first are given by their names, as texts")
    if len(set(names)) < len(names):
        raise UsageError("a connection to ask first is named twice")
    return tuple(names)
