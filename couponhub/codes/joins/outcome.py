"""The outcome of a join of two sides, in counts."""

from collections.abc import Mapping
from pathlib import Path

import attrs


@attrs.frozen(kw_only=True)
class SideCounts:
    """The rows of one side: rows = codes + duplicates + without_code.

    Attributes:
        rows: All of them.
        codes: Different codes.
        duplicates: Rows whose code another row of this side has, too.
        without_code: Rows whose code is missing or empty; they take part in nothing else.
        conflicting: Different codes of which several rows disagree in what was compared.
    """

    rows: int
    codes: int
    duplicates: int
    without_code: int
    conflicting: int


@attrs.frozen(kw_only=True)
class JoinedClasses:
    """Two sides beside each other: each different code is in exactly one class.

    expected.codes = same + missing + differing, and found.codes = same + unexpected + differing.

    Attributes:
        same: `=`, on both sides, and equal in what was compared.
        missing: `-`, expected and not found.
        unexpected: `+`, found and not expected.
        differing: `*`, on both sides, and not equal in what was compared; or the rows of one side disagree in it.
        differing_in: For each compared attribute, the codes of class `*` that differ in it.
        expected: The rows of that side.
        found: The same.
        path: The file of the codes that somebody should look at.
    """

    same: int
    missing: int
    unexpected: int
    differing: int
    differing_in: Mapping[str, int]
    expected: SideCounts
    found: SideCounts
    path: Path

    @property
    def are_equal(self) -> bool:
        """True when both sides have the same codes, once each, all of them equal."""
        other = self.missing + self.unexpected + self.differing
        sides = (self.expected, self.found)
        return not other and not any(side.duplicates or side.without_code for side in sides)
