"""The history of lists and limits, kept for a while: how many codes were left, and how many calls."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

import attrs

from couponhub.models import CouponList


@attrs.frozen(kw_only=True)
class StockReading:
    """The codes that a list had for a while: from when that was read first until it was read last.

    Attributes:
        at: When it was read first, in UTC.
        until: When it was read last so; the same where it was read once. What it was after that nobody knows.
        available: Codes not yet handed out.
        total: Codes ever added; None where the vendor counts none.
    """

    at: datetime
    until: datetime
    available: int
    total: int | None = None


@attrs.frozen(kw_only=True)
class QuotaSample:
    """The calls of a limit at one moment.

    Attributes:
        at: When it was looked up, in UTC.
        left: Calls that were left.
        most: Calls that the limit allowed in its window.
    """

    at: datetime
    left: int
    most: int


class Readings(Protocol):
    """The history of lists and limits. Thread-safe, and safe with other processes; many that write do not multiply it.

    It is kept sparsely. Of a list there is one reading at most in a quarter of an hour, and a new one only once it has
    changed; of a limit one sample at most in five minutes. Readings of lists are gone after 90 days, and those older than
    two days are thinned to one a day; samples are gone after 25 hours. What is old is removed by who writes.

    Times are those of the state's clock, in whole seconds. What was written before that clock was set back by more than a
    day counts as old. Nothing in it is about a customer, and it holds no code. Every method raises LocalError, with one
    line, when this machine or the state fails, as where nothing may be written.
    """

    def note_stock(self, connection: str, lists: Iterable[CouponList]) -> None:
        """Keep how many codes lists have left now. Those of which the vendor does not tell are passed over."""
        ...

    def stock(self, connection: str, list_id: str) -> tuple[StockReading, ...]:
        """Return the readings of a list, oldest first; () when there is none."""
        ...

    def stocks(self, connection: str, since: datetime) -> Mapping[str, tuple[StockReading, ...]]:
        """Return the readings of all lists of a connection that reach beyond a moment, by id, oldest first."""
        ...

    def note_quotas(self, connection: str, left: Mapping[str, int], most: Mapping[str, int]) -> None:
        """Keep how many calls limits have left now.

        Args:
            connection: Whose.
            left: By the limit's name.
            most: What each limit allows in its window; those that are not in it are passed over.
        """
        ...

    def quotas(self, connection: str) -> Mapping[str, tuple[QuotaSample, ...]]:
        """Return the samples of the last 25 hours by the limit's name, oldest first."""
        ...
