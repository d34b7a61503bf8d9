"""A line of numbers over time, as small as a word: drawn by the server, with nothing that a page's policy forbids."""

from collections.abc import Iterable
from datetime import datetime
from typing import Self

import attrs

WIDTH, HEIGHT = 100.0, 20.0
_MOST_POINTS = 100
"""More of them cannot be told apart, and pages with many lines are polled."""


@attrs.frozen(kw_only=True)
class Sparkline:
    """A line from the left to the right, the highest number at the top.

    Attributes:
        points: As SVG has them, in a box of 100 by 20.
        least: The smallest number.
        most: The largest number.
        since: The time of its first number.
        until: The time of its last number.
    """

    points: str
    least: int
    most: int
    since: datetime
    until: datetime

    @classmethod
    def of(cls, counts: Iterable[tuple[datetime, int]], *, top: int | None = None) -> Self | None:
        """Return the line of numbers, oldest first; None for fewer than two times.

        Args:
            counts: When, and how many.
            top: The number at the upper edge; the largest by default.
        """
        told = list(counts)
        if len({at for at, _ in told}) < 2:
            return None
        some = -(-len(told) // _MOST_POINTS)
        highest_of_some = (max(told[at : at + some], key=_count) for at in range(0, len(told), some))
        drawn = [told[0], *highest_of_some, told[-1]]
        since, until = told[0][0], told[-1][0]
        highest = max(count for _, count in told)
        height = max(1, highest if top is None else max(top, highest))
        points = " ".join(
            f"{WIDTH * ((at - since) / (until - since)):.4g},{HEIGHT * (1 - count / height):.4g}"
            for at, count in drawn
        )
        return cls(
            points=points,
            least=min(count for _, count in told),
            most=highest,
            since=since,
            until=until,
        )


def _count(one: tuple[datetime, int]) -> int:
    return one[1]
