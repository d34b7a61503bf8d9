"""The place that all machines share, quick and losable: quotas, remembered answers, and what is known of dead vendors.

Nothing here is durable. Whoever uses it goes on by itself where it is away, and no method raises because it is.
"""

from typing import Protocol

from couponhub.state.quotas import QuotaStore


class Shared(Protocol):
    """All that machines share beside the store. Thread-safe; a process that is forked off uses it like any other.

    `open_shared` gives one. Opening it touches nothing.
    """

    @property
    def quotas(self) -> QuotaStore:
        """The counters of rate limits; while it is away, this machine's share of each is counted in memory."""
        ...

    @property
    def write_quotas(self) -> QuotaStore:
        """Those counters, for calls that change something: while it is away, none is granted."""
        ...

    @property
    def is_away(self) -> bool:
        """True while this process goes on by itself."""
        ...

    def check(self) -> str:
        """Try it, and return in one line what was found, for people.

        Raises:
            LocalError: It cannot be used; one line says which part, and the hint what mends it.
        """
        ...

    def close(self) -> None:
        """Let go of everything; a later use opens it again."""
        ...
