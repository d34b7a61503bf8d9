"""Numbers as people write them, within bounds that whatever reads them can bear."""

import math
from datetime import timedelta

import click

from couponhub.clock import utc_now


class Whole(click.ParamType[int]):
    """A whole number within bounds.

    Args:
        least: The smallest that is taken.
        most: The largest; None for any.
    """

    name = "NUMBER"

    def __init__(self, least: int, most: int | None = None) -> None:
        self._least = least
        self._most = most

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read one."""
        try:
            number = int(value)
        except ValueError:
            self.fail(f"{value!r} is no whole number", param, ctx)
        if number < self._least or (self._most is not None and number > self._most):
            self.fail(f"{number} is not {_bounds(self._least, self._most)}", param, ctx)
        return number


class DaysAhead(Whole):
    """A number of days from now on, to a day that there is."""

    name = "DAYS"

    def __init__(self, least: int) -> None:
        super().__init__(least)

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read one."""
        days = super().convert(value, param, ctx)
        try:
            utc_now() + timedelta(days=days)
        except OverflowError:
            self.fail(f"{days} days from now is after the year 9999", param, ctx)
        return days


class Number(click.ParamType[float]):
    """A number within bounds, which neither NaN nor infinity is.

    Args:
        above: What it has to be above, unless it may be `least`.
        least: The smallest that is taken, instead of `above`.
        most: The largest.
    """

    name = "NUMBER"

    def __init__(self, *, most: float, above: float | None = None, least: float = -math.inf) -> None:
        self._above = above
        self._least = least
        self._most = most

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read one."""
        try:
            number = float(value)
        except ValueError:
            self.fail(f"{value!r} is no number", param, ctx)
        begins = number >= self._least if self._above is None else number > self._above
        if not (begins and number <= self._most):
            least = f"from {self._least:g}" if self._above is None else f"above {self._above:g}, and up"
            self.fail(f"{value!r} is no number {least} to {self._most:g}", param, ctx)
        return number


def _bounds(least: int, most: int | None) -> str:
    return f"at least {least}" if most is None else f"from {least} to {most}"
