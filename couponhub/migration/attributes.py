"""Codes of two sides with what is known of each, compared: few of them in memory, many by an engine, with the same answer."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from couponhub.codes.joins.settings import SetsSettings
from couponhub.errors import UsageError
from couponhub.migration.code_files import csv_batches
from couponhub.models import CodeClass, CodeFileRules
from couponhub.state.codesets import comparable

ATTRIBUTES = ("customer", "expires_at", "status")
SIDE_COLUMNS = ("code", *ATTRIBUTES)
"""The columns of the file of a side; "" where nothing is known."""
MANY = 200_000
"""Rows from which on an engine compares them."""

_Values = tuple[str, ...]


@attrs.frozen(kw_only=True)
class ComparedCode:
    """A code that is not on both sides with the same attributes.

    Attributes:
        differs: The attributes in which it differs; () where it is on one side alone.
        found: The attributes of the found side; "" where nothing is known, or there is no such code.
    """

    code_class: CodeClass
    code: str = attrs.field(repr=False)
    differs: tuple[str, ...]
    found: _Values = attrs.field(repr=False)


def compare_attributes(
    expected: Path,
    found: Path,
    folder: Path,
    *,
    rows: int,
    rules: CodeFileRules,
    engine: SetsSettings,
) -> Iterator[ComparedCode]:
    """Give the codes of two sides that are not equal, in the order of the codes as they are compared.

    Args:
        expected: CSV of `SIDE_COLUMNS`.
        found: The other side, the same.
        folder: A private folder for files on the way.
        rows: Of both.
        rules: How the vendor compares codes.
        engine: Of large sets.

    Raises:
        LocalError: The disk is full, or the cluster failed.
        ConfigError: What the cluster takes is missing.
    """
    if rows < MANY:
        return _in_memory(expected, found, rules)
    try:
        return _by_engine(expected, found, folder, rules, engine)
    except UsageError:
        if engine.is_cluster:
            raise
        # The engine is an extra: without it the same is done here, with more memory.
        return _in_memory(expected, found, rules)


def _by_engine(
    expected: Path, found: Path, folder: Path, rules: CodeFileRules, engine: SetsSettings
) -> Iterator[ComparedCode]:
    from couponhub.codes.joins import open_engine  # noqa: PLC0415 - an extra

    target = folder / "compared.csv"
    with open_engine(engine.engine, place=engine.place, folder=folder) as opened:
        opened.classes(expected, found, target, attributes=ATTRIBUTES, rules=rules)
    return _told(target)


def _told(path: Path) -> Iterator[ComparedCode]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            code_class = CodeClass(row["class"])
            if code_class is not CodeClass.THERE:
                yield ComparedCode(
                    code_class=code_class,
                    code=row["code"],
                    differs=tuple(row["differs"].split()),
                    found=tuple(row[f"found_{name}"] for name in ATTRIBUTES),
                )


@attrs.define
class _Side:
    """The rows of one code on one side: of several values the lowest counts, and whether they disagree is kept."""

    code: str
    rows: int
    values: list[str]
    known: list[int]
    highest: list[str]

    @classmethod
    def of(cls, code: str, values: Sequence[str]) -> "_Side":
        return cls(code, 1, [*values], [bool(value) for value in values], [*values])

    def add(self, code: str, values: Sequence[str]) -> None:
        self.rows += 1
        self.code = min(self.code, code)
        for at, value in enumerate(values):
            if value:
                self.values[at] = min(self.values[at], value) if self.known[at] else value
                self.highest[at] = max(self.highest[at], value)
                self.known[at] += 1

    def is_mixed(self, at: int) -> bool:
        known = self.known[at]
        return known > 0 and (known < self.rows or self.values[at] != self.highest[at])


def _in_memory(expected: Path, found: Path, rules: CodeFileRules) -> Iterator[ComparedCode]:
    ours, theirs = _side(expected, rules), _side(found, rules)
    nothing = ("",) * len(ATTRIBUTES)
    for key in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(key), theirs.get(key)
        if other is None:
            if one is not None:
                yield ComparedCode(code_class=CodeClass.MISSING, code=one.code, differs=(), found=nothing)
        elif one is None:
            yield ComparedCode(
                code_class=CodeClass.UNEXPECTED, code=other.code, differs=(), found=tuple(other.values)
            )
        else:
            differs = tuple(
                name
                for at, name in enumerate(ATTRIBUTES)
                if one.values[at] != other.values[at] or one.is_mixed(at) or other.is_mixed(at)
            )
            if differs:
                yield ComparedCode(
                    code_class=CodeClass.DIFFERS, code=one.code, differs=differs, found=tuple(other.values)
                )


def _side(path: Path, rules: CodeFileRules) -> dict[str, _Side]:
    sides: dict[str, _Side] = {}
    for rows in csv_batches(path):
        keys = comparable(
            [row[0] for row in rows], ignores_case=rules.ignores_case, ignores_blanks=rules.ignores_blanks
        )
        for key, (code, *values) in zip(keys, rows, strict=True):
            if not key:
                continue
            if key in sides:
                sides[key].add(code, values)
            else:
                sides[key] = _Side.of(code, values)
    return sides
