"""Faults of a source, collected so that all of them are told at once, and never with a code in them."""

import attrs

from couponhub.errors import UsageError

_SHOWN = 5
SPREADSHEET = "a spreadsheet saved the file: export it anew, as text, from where it was made"
AS_TEXT = (
    "format the column as text and enter the codes anew, or save it as text from where they were made: what a number"
    " or a date was typed as is gone"
)
JOINED = "remove the rows that are no codes, as where files were put together or sums were added"
UNSEEN = "take them from where they were made, not from a page or document that they were pasted from"
WRONG_COLUMN = "say which column holds the codes: --column NAME or INDEX"
WRONG_CUSTOMERS = "say which column holds the customers: --tag-column NAME or INDEX"
COMMAS = (
    'save it as CSV in UTF-8, with one sign between columns: "Text CSV" in LibreOffice, "CSV UTF-8" in Excel'
)
ACCEPT = "what only looks ruined is sent as it stands with --accept ruined"


@attrs.define
class FaultKind:
    """The rows with the same fault.

    Attributes:
        what: What is wrong with the first of them.
        lines: The first few.
        count: Rows of which this is the first fault.
    """

    what: str
    lines: list[int] = attrs.field(factory=list)
    count: int = 0


@attrs.define
class Faults:
    """The faulty rows of one source: the first few of each kind, and how many there are in all.

    Attributes:
        count: Faulty rows.
        found: The rows of each kind, which is `what` where that is the same for all.
        hints: What to do, in the order in which it was first needed.
        may_be_meant: Some of it only looks ruined.
        rows: Every faulty row by its line, and what is wrong with it; None where nobody asks for that.
    """

    count: int = 0
    found: dict[str, FaultKind] = attrs.field(factory=dict)
    hints: list[str] = attrs.field(factory=list)
    may_be_meant: bool = False
    rows: dict[int, str] | None = attrs.field(default=None, repr=False)
    _last: int | None = None

    def add(self, line: int, what: str, *, kind: str = "", hint: str = "", is_ruin: bool = False) -> None:
        """Note that the row on `line` is faulty; `kind` where `what` differs from row to row."""
        found = self.found.setdefault(kind or what, FaultKind(what))
        if len(found.lines) < _SHOWN:
            found.lines.append(line)
        found.count += line != self._last
        self.count += line != self._last
        self._last = line
        self.may_be_meant |= is_ruin
        if hint and hint not in self.hints:
            self.hints.append(hint)
        if self.rows is not None:
            self.rows.setdefault(line, what)

    def merge(self, later: "Faults") -> None:
        """Add what was noted of rows further down."""
        for kind, found in later.found.items():
            here = self.found.setdefault(kind, FaultKind(found.what))
            here.lines += found.lines[: _SHOWN - len(here.lines)]
            here.count += found.count
        self.count += later.count
        self.hints += [hint for hint in later.hints if hint not in self.hints]
        self.may_be_meant |= later.may_be_meant
        if self.rows is not None and later.rows is not None:
            self.rows |= later.rows

    @property
    def reasons(self) -> dict[str, int]:
        """Count faulty rows by the first thing that is wrong with each, in the order in which it was met."""
        met = sorted(self.found.items(), key=lambda kind: kind[1].lines[0])
        return {kind: found.count for kind, found in met if found.count}

    @property
    def examples(self) -> tuple[tuple[int, str], ...]:
        """The first few rows of each kind, by line: what is wrong with them."""
        return tuple(
            sorted((line, kind) for kind, found in self.found.items() for line in found.lines if found.count)
        )

    def refuse(self) -> None:
        """Raise UsageError if anything was noted."""
        if not self.count:
            return
        told = "; ".join(map(_told, sorted(self.found.values(), key=lambda found: found.lines[0])))
        lines = {line for found in self.found.values() for line in found.lines}
        more = f"; and {self.count - len(lines)} more" if self.count > len(lines) else ""
        rows = "row" if self.count == 1 else "rows"
        hints = [*self.hints, *([ACCEPT] if self.may_be_meant else [])]
        raise UsageError(f"{self.count} faulty {rows}, nothing was sent: {told}{more}", hint="; ".join(hints))


def _told(found: FaultKind) -> str:
    first, *others = found.lines
    also = f" (also line{'s' if len(others) > 1 else ''} {', '.join(map(str, others))})" if others else ""
    return f"line {first}: {found.what}{also}"
