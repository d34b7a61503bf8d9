"""Codes with attributes are compared in memory and by an engine, with the same answer."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub.codes.joins import SetsSettings
from couponhub.codes.writing import csv_rows
from couponhub.migration.attributes import MANY, SIDE_COLUMNS, ComparedCode, compare_attributes
from couponhub.models import CodeClass, CodeFileRules
from tests.kit.examples import examples

CODE = st.text(alphabet='aAb1 é,"', min_size=1, max_size=2)
VALUE = st.sampled_from(["", "x", "y", "mobile:91"])
Row = tuple[str, str, str, str]
SIDE = st.lists(st.tuples(CODE, VALUE, VALUE, VALUE), max_size=10)
RULES = [
    CodeFileRules(code_header="code", ignores_case=case, ignores_blanks=blanks)
    for case in (False, True)
    for blanks in (False, True)
]


def compared(
    folder: Path, expected: Sequence[Row], found: Sequence[Row], rules: CodeFileRules, rows: int
) -> list[ComparedCode]:
    """What is not equal, as so many rows are compared."""
    paths = folder / "expected.csv", folder / "found.csv"
    for path, side in zip(paths, (expected, found), strict=True):
        path.write_bytes(csv_rows([SIDE_COLUMNS, *side]))
    return list(compare_attributes(*paths, folder, rows=rows, rules=rules, engine=SetsSettings()))


@settings(deadline=None, max_examples=examples(60))
@given(expected=SIDE, found=SIDE, rules=st.sampled_from(RULES))
def test_both_ways_say_the_same(
    tmp_path_factory: pytest.TempPathFactory, expected: list[Row], found: list[Row], rules: CodeFileRules
) -> None:
    """Whatever stands on the two sides, doubled codes and missing values included."""
    folder = tmp_path_factory.mktemp("sides")
    few = compared(folder, expected, found, rules, 0)
    assert compared(folder, expected, found, rules, MANY) == few


def test_each_code_is_told_with_what_differs(tmp_path: Path) -> None:
    """A missing one, one that nobody expected, and one in other hands; equal ones are not told."""
    expected = [("A", "mobile:1", "", ""), ("B", "mobile:1", "", ""), ("C", "mobile:2", "", "")]
    found = [("A", "mobile:1", "", ""), ("C", "mobile:1", "", "used"), ("D", "mobile:2", "", "")]
    told = [
        (one.code_class, one.code, one.differs) for one in compared(tmp_path, expected, found, RULES[0], 0)
    ]
    assert [
        (CodeClass.MISSING, "B", ()),
        (CodeClass.DIFFERS, "C", ("customer", "status")),
        (CodeClass.UNEXPECTED, "D", ()),
    ] == told
