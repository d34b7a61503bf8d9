"""The place that all machines share, quick and losable: quotas, remembered answers, and what is known of dead vendors.

Nothing here is durable. Whoever uses it goes on by itself where it is away, and no method raises because it is.
"""

from typing import Protocol

import attrs

from couponhub.state.invalidation import InvalidationSignal
from couponhub.state.quotas import QuotaStore
from couponhub.state.reach import PartProbe


@attrs.frozen(kw_only=True)
class BreakerNews:
    """The last word of a process to all others about a vendor.

    Attributes:
        opening: Tells one failure of the vendor from the next.
        is_open: True while it is not to be asked; False once it was seen to answer again.
        failed: How often it failed in a row.
        last: The last fault, for people; no code and no identifier.
        was_unread: Whether that was an answer that nobody could read.
        was_slow: Whether that was silence.
    """

    opening: str
    is_open: bool
    failed: int = 0
    last: str = ""
    was_unread: bool = False
    was_slow: bool = False


@attrs.frozen(kw_only=True)
class Sighting:
    """The shared knowledge of one question now.

    Attributes:
        content: What was kept; None where there is nothing, or nothing that this process can read.
        age: Seconds since the vendor was asked for it, by one clock for all machines.
        is_fresh: Whether what lies there was kept as fresh for longer than that.
        is_ours: Whether this process is to ask the vendor, and nobody else meanwhile.
        news: Of the vendor; None where there are none.
        mark: What the one who shares knows the question by.
    """

    content: bytes | None = attrs.field(default=None, repr=False)
    age: float = 0.0
    is_fresh: bool = False
    is_ours: bool = False
    news: BreakerNews | None = None
    mark: object = attrs.field(default=None, repr=False)


class SharedLookups(Protocol):
    """The knowledge of all machines together of one connection's lookups. Thread-safe.

    What is kept lies there sealed, under a name that is a keyed hash, and ends by itself.
    """

    def look(self, question: bytes, *, claim_for: float, anew: bool = False) -> Sighting | None:
        """Return what is shared about a question; where nothing fresh is, claim to be the one who asks the vendor.

        Args:
            question: All that the answer depends on.
            claim_for: Seconds after which the claim is over by itself; 0 claims nothing.
            anew: Claim also where something fresh is shared, for this process cannot use it.

        Returns:
            None where it is away: then this process is on its own.
        """
        ...

    def keep(self, seen: Sighting, content: bytes, *, fresh_for: float, kept_for: float) -> None:
        """Keep what the vendor answered, unless somebody was forgotten, or asked later, since it was looked; end the claim.

        Args:
            seen: What `look` said before the vendor was asked: ages count from there.
            content: The answer.
            fresh_for: Seconds for which it is as good as new.
            kept_for: Seconds for which it is better than nothing, from the same moment.
        """
        ...

    def let_go(self, seen: Sighting) -> None:
        """End the claim, where there is one; nothing is kept."""
        ...

    def tell(self, news: BreakerNews, *, seconds: float) -> None:
        """Tell all others what was learned of the vendor; it is forgotten after so many seconds."""
        ...

    def claim_probe(self, seconds: float) -> tuple[bool, BreakerNews | None]:
        """Return True where this process is the one that tries the vendor now, for so many seconds; and the news.

        Where it is away, each process is: True and None.
        """
        ...


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
    def invalidation(self) -> InvalidationSignal:
        """The signal that people were forgotten, beside the store's own."""
        ...

    def lookups(self, connection: bytes) -> SharedLookups:
        """Return what is known of the lookups of a connection.

        Args:
            connection: All that tells its answers from those of others; it is kept as a hash.

        Raises:
            LocalError: There is no key to seal with.
        """
        ...

    @property
    def is_away(self) -> bool:
        """True while this process goes on by itself."""
        ...

    def probe(self) -> PartProbe:
        """Return the look at it. What it takes is less than a second, whatever time it is given."""
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
