"""Code files are looked at before anything is sent: each defect by its line, and the numbers always add up."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub.code_desk import CodeDesk
from couponhub.codes import preparing
from couponhub.codes.page import page_of
from couponhub.codes.patterns import Patterns, letters_of
from couponhub.codes.pictures import _ticks
from couponhub.errors import UsageError
from tests.codes.defects import DEFECTIVE, DEFECTS
from tests.kit.examples import examples


def test_a_file_with_every_defect(tmp_path: Path) -> None:
    """A check names each by its line and loses none of the rows."""
    path = tmp_path / "defects.csv"
    path.write_bytes(DEFECTIVE)
    report = CodeDesk().check(path)

    named = {finding.kind: finding.lines for finding in report.findings}
    reasons = {(one.line, one.reason) for one in report.examples}
    for line, (_, what, how) in enumerate(DEFECTS, start=2):
        assert not what or (line in named[what] if how == "finding" else (line, what) in reasons), what
    last = len(DEFECTS) + 2
    assert (last, "bytes that are not UTF-8 in the code") in reasons
    assert any(line > last and "quoting" in reason for line, reason in reasons)
    assert report.rows == report.distinct + report.duplicates + report.empty + report.rejected
    assert (1, 1, 7) == (report.empty, report.duplicates, report.distinct)
    assert report.empty + report.rejected == sum(report.reasons.values())
    (file,) = report.files
    assert (";", "UTF-8", "Code") == (file.separator, file.encoding, file.column)


CELL = st.sampled_from(["A1", "a1", "A1 ", "B2", "", "NULL", "1E+11", "code", "x;y", "A\u200b"]) | st.text(
    alphabet="AB12-", max_size=3
)


@settings(deadline=None, max_examples=examples(40))
@given(files=st.lists(st.lists(CELL, min_size=1, max_size=12), min_size=1, max_size=3), many=st.booleans())
def test_the_numbers_add_up(
    tmp_path_factory: pytest.TempPathFactory, *, files: list[list[str]], many: bool
) -> None:
    """Whatever stands in how many files, of few rows and of many: rows are what became of them, and distinct is a set."""
    folder = tmp_path_factory.mktemp("files")
    for number, cells in enumerate(files):
        text = "".join(f"{cell},x\n" for cell in ("code", *cells))
        (folder / f"{number}.csv").write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preparing, "MANY", 0 if many else 10**9)
        report = CodeDesk().check(sorted(folder.iterdir()))
    assert report.rows == report.distinct + report.duplicates + report.empty + report.rejected
    assert report.rows == sum(map(len, files)) == sum(file.rows for file in report.files)
    assert report.distinct == sum(report.lengths.values())
    assert report.rejected + report.empty == sum(report.reasons.values())
    assert report.empty == sum(not cell.strip() for cells in files for cell in cells)


def test_duplicates_across_files_are_found(tmp_path: Path) -> None:
    """Two halves of an export that overlap: the second one's codes are duplicates there."""
    (tmp_path / "1.csv").write_text("code\nA-1\nA-2\n", encoding="utf-8")
    (tmp_path / "2.csv").write_text("code\nA-2\nA-3\n", encoding="utf-8")
    report = CodeDesk().check([tmp_path / "1.csv", tmp_path / "2.csv"])
    assert (4, 3, 1) == (report.rows, report.distinct, report.duplicates)


def looked_at(*codes: str) -> Patterns:
    """The patterns of some codes."""
    patterns = Patterns()
    patterns.add(codes)
    return patterns


def test_codes_that_count_up_can_be_guessed() -> None:
    """Whatever their order; a few neighbours among many random ones are chance."""
    assert 20 == looked_at(*(f"SAVE{number:04}" for number in reversed(range(20)))).following
    assert 0 == looked_at(*(f"SAVE{number * 37 % 9973:04}" for number in range(300))).following
    assert 0 == looked_at("A1", "A2", "A3").following


def test_letters_that_codes_are_written_in() -> None:
    """Codes of digits alone are of the kind that the others are."""
    assert {"capitals": 3, "small letters": 1} == looked_at("AB12", "1234", "XYZ9", "abc1").letters
    assert ["capitals and small letters with signs", "capitals beyond ASCII"] == [
        letters_of("aB-1"),
        letters_of("\u00c4B1"),
    ]


def test_the_page_stands_by_itself(tmp_path: Path) -> None:
    """Nothing of it comes from elsewhere, nothing runs in it, and no code stands in it; names are escaped."""
    path = tmp_path / "<b>codes.csv"
    path.write_text("code\nSECRET-1\nSECRET-2\nSECRET-22\nNULL\n", encoding="utf-8")
    page = page_of(CodeDesk().check(path))
    assert "SECRET" not in page
    assert "&lt;b&gt;codes.csv" in page
    assert "<script" not in page
    assert "style=" not in page.replace("<style>", "")
    assert not [part for part in page.split("http")[1:] if not part.startswith("://www.w3.org/2000/svg")][1:]
    assert 3 <= page.count('<svg role="img" aria-label=')
    assert "the code is a word for nothing" in page
    assert page.count("<svg") == page.count(
        '<div class="wide"><svg'
    )  # narrow screens scroll it, and shrink no letter
    assert page.count("<table") == 1 + page.count('<div class="wide"><table')


@settings(max_examples=examples(100))
@given(most=st.integers(1, 10**9))
def test_numbers_below_bars_are_whole_and_few(most: int) -> None:
    """No half a row, none far beyond the longest bar, and as many as can be read."""
    numbers = _ticks(most)
    step = numbers[1]
    assert [step * at for at in range(len(numbers))] == numbers
    assert numbers[-2] < most <= numbers[-1]
    assert 2 <= len(numbers) <= 5


def test_a_file_without_one_sound_row_is_checked(tmp_path: Path) -> None:
    """That is what a check is for; a picture of nothing is left out."""
    path = tmp_path / "codes.csv"
    path.write_text("code\nNULL\n1.5E+11\n", encoding="utf-8")
    report = CodeDesk().check(path)
    assert (2, 0, 2) == (report.rows, report.distinct, report.rejected)
    assert "<h2>How long they are</h2>" not in page_of(report)
    rounded = tmp_path / "rounded.csv"
    rounded.write_text(
        "code\n" + "".join(f"{number}234567890123450\n" for number in range(1, 7)), encoding="utf-8"
    )
    assert ["rounded"] == [one.kind for one in CodeDesk().check(rounded).findings if one.kind == "rounded"]


def test_without_a_config_there_are_no_lists(tmp_path: Path) -> None:
    """What needs one says so; all else works without."""
    with pytest.raises(UsageError, match="no connection loyalty is configured: there is no config file"):
        CodeDesk().fingerprint("list:loyalty/1")
    with pytest.raises(UsageError, match="list:x names no list"):
        CodeDesk().fingerprint("list:x")
    path = tmp_path / "codes.csv"
    path.write_text("code\nA-1\n", encoding="utf-8")
    assert CodeDesk().check(path).sent is None


@pytest.mark.parametrize("odd", [None, 1, b"codes.csv", {"codes.csv": 1}, [1], [], [["codes.csv"]], object()])
def test_what_is_no_file_is_refused(odd: Any) -> None:
    """In an error of ours, before anything is read."""
    with pytest.raises(UsageError):
        CodeDesk().check(odd)
