"""Locks by name, between all threads and processes that share the state."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol


class Locks(Protocol):
    """Locks by name: of any number of holders in all processes one has it. Each ends with its process, however it ends.

    A lock is advisory and keeps nobody from anything but from the lock. A process that was stopped for long may
    believe in one that others have: what it then writes must be refused where that matters, as the ledger does with
    parts that were seen at the vendor. A name is a path of words: any text without NUL, at least one.
    """

    def hold(self, name: Sequence[str], *, timeout: float | None) -> AbstractContextManager[None]:
        """Hold the lock for the block. It is not re-entrant. Not handed on to a process that is forked off in it.

        Args:
            name: Which.
            timeout: Seconds to wait for whoever has it; None for as long as it takes.

        Raises:
            WaitTimeout: Somebody else still has it.
            LocalError: There is no place for locks.
        """
        ...

    def is_held(self, name: Sequence[str]) -> bool:
        """Return True while anybody holds the lock; makes nothing where nobody ever did.

        Raises:
            LocalError: Nobody can tell.
        """
        ...
