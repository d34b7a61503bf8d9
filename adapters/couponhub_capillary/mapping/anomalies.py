"""Counts what was odd about an answer, and tells it to people."""


class Anomalies:
    """Oddities, each kind counted; texts never hold a code or an identifier."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def note(self, what: str) -> None:
        """Count one more of a kind."""
        self._seen[what] = self._seen.get(what, 0) + 1

    def warnings(self) -> tuple[str, ...]:
        """One sentence per kind, in the order in which they were first seen."""
        return tuple(f"{what} ({count}x)" for what, count in self._seen.items())

    def saw(self, what: str) -> bool:
        """Tell whether any of that kind was counted."""
        return what in self._seen
