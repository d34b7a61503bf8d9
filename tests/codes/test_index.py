"""What was sent before is looked up in indexes, which say nothing else than the sets themselves."""

import os
import time
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import attrs
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from couponhub.codes import PreparedCodes, prepare
from couponhub.codes.sets import index, many, probing
from couponhub.codes.sets.hashing import MultilinearHash, Words
from couponhub.codes.sets.lines import TextLines
from couponhub.errors import LocalError
from couponhub.models import CodeFileRules
from couponhub.state import TextCodeSet
from tests.codes.test_many import reading
from tests.kit.examples import examples

EXACT = CodeFileRules(code_header="code")
FOLDING = CodeFileRules(code_header="code", ignores_case=True, ignores_blanks=True)
CODES = st.lists(
    st.text(alphabet="aAbB1", min_size=1, max_size=3)
    | st.sampled_from(["É", "E\u0301", " A", "ABCDEFGHIJ", "K", "\u212a"]),
    max_size=30,
)


def weak(text: bytes, lines: TextLines) -> Words:
    """A hash by which many codes are equal."""
    return MultilinearHash.seeded(b"")(text, lines) & np.uint64(0x8000_0000_0000_0000)


def kept(folder: Path, name: str, codes: Sequence[str]) -> TextCodeSet:
    """A code set beside which an index may lie."""
    path = folder / f"{name}.txt"
    path.write_text("".join(f"{code}\n" for code in codes), encoding="utf-8")
    return TextCodeSet(path, folder / f"{name}.index")


def prepared(
    folder: Path, codes: Sequence[str], rules: CodeFileRules, sent: Sequence[TextCodeSet]
) -> tuple[object, ...]:
    """All that tells one result from another."""
    folder.mkdir()
    done: PreparedCodes = prepare(codes, rules, folder, sent=sent)
    return attrs.evolve(done, parts=()), [part.codes.read_bytes() for part in done.parts]


@settings(deadline=None, max_examples=examples(80))
@given(
    codes=CODES.filter(bool),
    sent=st.lists(CODES, max_size=3),
    rules=st.sampled_from([EXACT, FOLDING]),
    is_weak=st.booleans(),
    is_searched=st.booleans(),
)
@example(codes=["K"], sent=[["\u212a"]], rules=EXACT, is_weak=False, is_searched=False)
def test_an_index_says_what_the_set_says(
    tmp_path_factory: pytest.TempPathFactory,
    *,
    codes: list[str],
    sent: list[list[str]],
    rules: CodeFileRules,
    is_weak: bool,
    is_searched: bool,
) -> None:
    """Made, and then opened; searched, or read once; also where hashes collide."""
    folder = tmp_path_factory.mktemp("index")
    sets = [kept(folder, str(number), one) for number, one in enumerate(sent)]
    with reading(many=False, block=100):
        expected = prepared(folder / "few", codes, rules, sets)
    with reading(many=True, block=100), pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "LEAST", 1)
        patch.setattr(many, "_SHARE", 0)
        patch.setattr(probing, "_AT_ONCE", 7)
        patch.setattr(probing, "_FEW", 0 if is_searched else 1000)
        if is_weak:
            patch.setattr(index, "HASHES", weak)
            patch.setattr(many, "HASHES", weak)
        assert expected == prepared(folder / "made", codes, rules, sets)
        made = {path: path.stat().st_ino for path in folder.glob("*.index")}
        if unicodedata.is_normalized("NFC", "".join(codes)):  # else how they look decides, and all is sorted
            assert len(made) == sum(map(bool, sent))
        assert expected == prepared(folder / "opened", codes, rules, sets)
        assert made == {path: path.stat().st_ino for path in folder.glob("*.index")}


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TextCodeSet:
    """A set with an index."""
    monkeypatch.setattr(index, "LEAST", 1)
    monkeypatch.setattr(many, "_SHARE", 0)
    code_set = kept(tmp_path, "set", ["A1", "B2"])
    assert 1 == skipped(tmp_path, code_set)
    return code_set


def skipped(folder: Path, code_set: TextCodeSet, rules: CodeFileRules = EXACT) -> int:
    """How many of two codes were sent before."""
    work = folder / f"work{time.monotonic_ns()}"
    work.mkdir()
    with reading(many=True, block=100):
        return prepare(["A1", "b2"], rules, work, sent=[code_set]).skipped


def test_an_index_is_private(large: TextCodeSet) -> None:
    """It tells of codes."""
    assert large.index is not None
    assert 0o600 == large.index.stat().st_mode & 0o777


def test_an_index_of_other_rules_is_made_anew(tmp_path: Path, large: TextCodeSet) -> None:
    """One that was made with case says nothing to a vendor that ignores it."""
    assert 2 == skipped(tmp_path, large, FOLDING)
    assert 1 == skipped(tmp_path, large)


@pytest.mark.parametrize("spoil", ["cut", "header", "other set", "nothing"])
def test_a_spoilt_index_is_made_anew(tmp_path: Path, large: TextCodeSet, spoil: str) -> None:
    """Whatever happened to it, the set has the last word."""
    assert large.index is not None
    whole = large.index.read_bytes()
    if spoil == "other set":
        large.path.write_text("X1\nb2\nX3\n", encoding="utf-8")
        os.utime(large.path, (1, 1))
    else:
        large.index.write_bytes({"cut": whole[:-8], "header": b"x" * len(whole), "nothing": b""}[spoil])
    assert 1 == skipped(tmp_path, large)
    assert large.index.read_bytes() != whole if spoil == "other set" else large.index.read_bytes() == whole


def test_where_no_index_can_be_kept_the_set_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a folder that is only to be read."""
    monkeypatch.setattr(index, "LEAST", 1)
    monkeypatch.setattr(many, "_SHARE", 0)
    code_set = attrs.evolve(kept(tmp_path, "set", ["A1"]), index=tmp_path / "nowhere" / "index")
    assert 1 == skipped(tmp_path, code_set)
    assert not list(tmp_path.rglob("*.index"))


def test_a_set_that_is_gone_is_an_error(tmp_path: Path, large: TextCodeSet) -> None:
    """Nothing is concluded from an index alone."""
    large.path.unlink()
    with pytest.raises(LocalError, match="cannot be read"):
        skipped(tmp_path, large)
