"""The owners of jobs, as each kind of state knows whether they live."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import Protocol

from couponhub.state.sql.database import Statements


class Owners(Protocol):
    """Gives names to owners, and tells which of them live; and the clock of their leases. Thread-safe.

    A name is given once only, and no lease is taken under it again once its block has ended. So it is what fences a
    paused owner off: each write names its owner, and is refused when the job has another.
    """

    @property
    def clock_slack(self) -> float:
        """The seconds by which the clock of leases may have been set back without a lease being taken for broken."""
        ...

    def worker(self) -> AbstractContextManager[str]:
        """As `JobStore.worker`."""
        ...

    def now(self, database: Statements) -> float:
        """Return the time on the clock of leases, in seconds since any moment."""
        ...

    def living(self, database: Statements, names: Collection[str]) -> Collection[str]:
        """Return those of the owners whose process lives, as far as one can tell."""
        ...
