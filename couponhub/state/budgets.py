"""The rate limits of a vendor's account, as an adapter spends from them."""

from collections.abc import Mapping
from typing import Protocol

import attrs


@attrs.frozen
class Spent:
    """A rate limit that has nothing left.

    Attributes:
        limit: Its flat name, e.g. `upload_per_day`; None for one without a limit of ours, that the vendor closed.
        seconds: Until its window ends.
        daily: True when waiting a moment is pointless.
        is_away: True when nothing is known of any limit, since what counts for all machines is away; `seconds` is
            then until it is tried again.
    """

    limit: str | None
    seconds: float
    daily: bool
    is_away: bool = False


class Budget(Protocol):
    """Calls that one account of a vendor may still make, counted together by all who share the state. Thread-safe.

    Calls are of kinds. The limits of a kind are named `<kind>_per_minute` and `<kind>_per_day`: fixed windows, of
    calendar minutes and UTC days, until the vendor's own headers say otherwise. A kind without a limit is never
    spent, except for a while after the vendor refused a call of it; one whose limit is 0, not even then.

    No method raises when the shared state cannot be used: each process then counts for itself, from what it saw last.
    """

    def take(self, kind: str, /, *, changes: bool = False) -> Spent | None:
        """Spend one call in every window of a kind; or in none, and return the window that has nothing left.

        A call that was taken counts, whether or not it is made. After a crash it may count without having been made.

        Args:
            kind: Of calls.
            changes: Whether the call changes something. Such a call waits while what counts for all machines is away;
                others may be made of this machine's share then.
        """
        ...

    def learn(self, kind: str, /, *, limit: int | None, remaining: int, ends_in: float) -> None:
        """Take over what the vendor's headers say of its window; they win.

        Calls on their way are not in the vendor's figure yet, so that the number of calls made only grows by it.

        Args:
            kind: Of calls.
            limit: Calls in the whole window; None when the vendor does not say.
            remaining: Calls that are left in it.
            ends_in: Seconds until it ends.
        """
        ...

    def exhaust(self, kind: str, ends_in: float, /) -> None:
        """Grant no call of a kind for so many seconds, a day at most: the vendor has refused one for its rate."""
        ...

    def left(self) -> Mapping[str, int]:
        """Return the calls left in each window now, by the flat name of its limit; kinds without one are left out."""
        ...
