"""The headers of a call under way, which whoever looks at a traceback with its variables shall not read."""

from collections.abc import Mapping
from typing import Protocol, final


class Headers(Protocol):
    """The headers of a call that a sign-in adds to."""

    def __setitem__(self, name: str, value: str, /) -> None:
        """Set a header."""
        ...


@final
class SentHeaders:
    """The headers of one call; shows their names alone, `revealed` gives them to the one place that sends them.

    No mapping, and no dictionary above all: tools that show the variables of a traceback (Sentry, rich, IPython)
    take those apart, whatever their `repr` says.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def __setitem__(self, name: str, value: str, /) -> None:
        self._values[name] = value

    @property
    def names(self) -> tuple[str, ...]:
        """The names."""
        return tuple(self._values)

    def revealed(self) -> dict[str, str]:
        """A copy with the values."""
        return dict(self._values)

    def __repr__(self) -> str:
        return f"SentHeaders({', '.join(self._values)})"
