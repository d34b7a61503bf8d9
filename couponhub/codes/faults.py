"""What is wrong with a source, collected so that all of it is told at once, and never with a code in it."""

import attrs

from couponhub.errors import UsageError

_SHOWN = 5


@attrs.define
class Faults:
    """The faulty rows of one source: the first few, and how many there are in all."""

    shown: list[str] = attrs.field(factory=list)
    count: int = 0

    def add(self, line: int, what: str) -> None:
        """Note that the row on `line` is faulty."""
        self.count += 1
        if len(self.shown) < _SHOWN:
            self.shown.append(f"line {line}: {what}")

    def refuse(self) -> None:
        """Raise UsageError if anything was noted."""
        if not self.count:
            return
        more = f"; and {self.count - len(self.shown)} more" if self.count > len(self.shown) else ""
        rows = "row" if self.count == 1 else "rows"
        raise UsageError(f"{self.count} faulty {rows}, nothing was sent: {'; '.join(self.shown)}{more}")
