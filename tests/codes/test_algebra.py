"""Sets of codes: less others, in common with others, compared, and told by a fingerprint; all as with plain sets."""

import csv
import hashlib
import io
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub.codes import SetCounts, compare, fingerprint, intersect, prepare, subtract
from couponhub.errors import LocalError
from couponhub.models import CodeFileRules
from couponhub.state import TextCodeSet
from tests.kit.examples import examples

FOLDING = CodeFileRules(code_header="code", ignores_case=True)
CODES = st.lists(st.text(alphabet='abAB1é,"', min_size=1, max_size=3), max_size=20)


def code_sets(folder: Path, codes: Sequence[str], parts: int = 1) -> list[TextCodeSet]:
    """The codes as a set of several files."""
    found = []
    for part in range(parts):
        path = folder / f"{next(NAMES)}.txt"
        path.write_text("".join(f"{code}\n" for code in codes[part::parts]), encoding="utf-8")
        found.append(TextCodeSet(path))
    return found


NAMES = count()


def read(path: Path) -> list[str]:
    """The codes of a code file."""
    header, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8")))
    assert ["code"] == header
    return [row[0] for row in rows]


def first_of(codes: Sequence[str], *, folds: bool) -> dict[str, str]:
    """The first spelling of each code, by what is compared."""
    return {code.upper() if folds else code: code for code in reversed(codes)}


@settings(deadline=None, max_examples=examples(60))
@given(some=CODES, others=CODES, folds=st.booleans())
def test_they_do_what_plain_sets_do(
    tmp_path_factory: pytest.TempPathFactory, some: list[str], others: list[str], folds: bool
) -> None:
    """In the order and the spelling of the first, each once; every file can be read again as a code file."""
    folder = tmp_path_factory.mktemp("algebra")
    rules = FOLDING if folds else CodeFileRules(code_header="code")
    mine, theirs = first_of(some, folds=folds), first_of(others, folds=folds)
    first, second = code_sets(folder, some), code_sets(folder, others)

    counts = subtract(first, second, folder / "less.csv", folder, rules=rules)
    assert counts == intersect(first, second, folder / "common.csv", folder, rules=rules)
    compared = compare(first, second, folder, target=folder / "out", rules=rules)

    apart = [code for code in dict.fromkeys(some) if mine[code.upper() if folds else code] == code]
    common = [code for code in apart if (code.upper() if folds else code) in theirs]
    apart = [code for code in apart if code not in common]
    assert apart == read(folder / "less.csv") == read(folder / "out" / "first.csv")
    assert common == read(folder / "common.csv") == read(folder / "out" / "both.csv")
    assert sorted(theirs[key] for key in theirs.keys() - mine.keys()) == sorted(
        read(folder / "out" / "second.csv")
    )
    expected = SetCounts(
        rows=len(some), duplicates=len(some) - len(mine), apart=len(apart), shared=len(common)
    )
    assert expected == counts == compared.first
    assert (mine.keys() == theirs.keys()) is compared.are_equal


@settings(deadline=None, max_examples=examples(60))
@given(codes=CODES, twice=CODES, folds=st.booleans(), parts=st.integers(1, 3))
def test_a_fingerprint_is_what_its_specification_says(
    tmp_path_factory: pytest.TempPathFactory, *, codes: list[str], twice: list[str], folds: bool, parts: int
) -> None:
    """In any order, with any duplicates, cut into any parts: made here by another, of a plain set."""
    folder = tmp_path_factory.mktemp("fingerprint")
    keys = {code.upper() if folds else code for code in (*codes, *twice)}
    start = hashlib.sha256(b"couponhub set fingerprint 1\nsecret").digest()
    total = sum(int(hashlib.sha256(start + key.encode()).hexdigest(), 16) for key in keys)
    rules = FOLDING if folds else CodeFileRules(code_header="code")
    mixed = [*twice, *codes, *twice]

    made = fingerprint(code_sets(folder, mixed, parts), b"secret", folder, rules=rules)

    assert f"1:{len(keys)}:{total % 2**256:064x}" == made


def test_fingerprints_differ_with_the_key_and_the_codes(tmp_path: Path) -> None:
    """Who has not the key can neither make nor compare them."""
    made = {
        fingerprint(code_sets(tmp_path, codes), key, tmp_path)
        for codes in (["A", "B"], ["A"], ["AB"], [])
        for key in (b"one", b"two")
    }
    assert 7 == len(made)  # of no codes there is one


def test_a_prepared_file_is_a_set(tmp_path: Path) -> None:
    """Any source becomes one by way of preparing it."""
    (part,) = prepare(["A", "B", "A"], CodeFileRules(code_header="code"), tmp_path).parts
    other = code_sets(tmp_path, ["B"])
    counts = subtract([TextCodeSet(part.codes)], other, tmp_path / "less.csv", tmp_path)
    assert (1, 1) == (counts.apart, counts.shared)
    assert 0o600 == (tmp_path / "less.csv").stat().st_mode & 0o777


def test_nothing_half_done_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that is there stays as it is; one that cannot be finished goes."""
    sets = code_sets(tmp_path, ["A", "B"])
    (tmp_path / "there.csv").write_text("mine")
    with pytest.raises(LocalError, match=r"there\.csv cannot be written: File exists"):
        subtract(sets, [], tmp_path / "there.csv", tmp_path)
    with pytest.raises(LocalError, match="cannot be made: File exists"):
        compare(sets, [], tmp_path, target=tmp_path)
    assert "mine" == (tmp_path / "there.csv").read_text()
    monkeypatch.setattr("couponhub.codes.sets.many.ManyCodes.each_code", _full)
    with pytest.raises(LocalError, match="No space left"):
        subtract(sets, [], tmp_path / "new.csv", tmp_path)
    with pytest.raises(LocalError, match="No space left"):
        compare(sets, [], tmp_path, target=tmp_path / "folder")
    assert {"there.csv", sets[0].path.name} == {path.name for path in tmp_path.iterdir()}


def _full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")
