"""The engine for many codes says the same as a plain set, whatever the blocks and whatever the hashes."""

import gc
import os
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub.codes.dedupe import DUPLICATE, KEPT, SENT
from couponhub.codes.sets.crew import Crew
from couponhub.codes.sets.hashing import Hashes, MultilinearHash, Words
from couponhub.codes.sets.lines import TextLines
from couponhub.codes.sets.sieve import Sieve, Sifted
from tests.kit.examples import examples

# Around the words of eight bytes, and of one length as often as not.
CODES = st.sampled_from(
    ["A", "B", "a", "", "ABCDEFGH", "ABCDEFG", "ABCDEFGHI", "ABCDEFGHJ", "é", "\0", "A\0"]
) | st.text(alphabet="aAbBß1", min_size=2, max_size=20)
BLOCKS = st.lists(
    st.lists(CODES, max_size=30) | st.lists(st.text("AB", min_size=3, max_size=3), max_size=30), max_size=6
)


def weak(text: bytes, lines: TextLines) -> Words:
    """A hash by which most codes are equal."""
    return MultilinearHash.seeded(b"")(text, lines) & np.uint64(0xC000_0000_0020_0000)


def none(_text: bytes, lines: TextLines) -> Words:
    """A hash by which all codes are equal."""
    return np.zeros(lines.count, np.uint64)


def text_of(codes: Sequence[str]) -> bytes:
    """The codes as lines."""
    return "".join(f"{code}\n" for code in codes).encode()


def sifted(
    folder: Path,
    blocks: Sequence[Sequence[str]],
    sent: Sequence[Sequence[str]],
    hashes: Hashes | None,
    *,
    folds: bool,
    least: int = 4096,
) -> Sifted:
    """What the sieve says, with codes compared in upper case or as they are."""
    with pytest.MonkeyPatch.context() as patch, Sieve(folder, hashes) as sieve, Crew() as crew:
        patch.setattr("couponhub.codes.sets.thinning._LEAST", least)
        for block in sent:
            sieve.subtract(sieve.deal(text_of(block).upper() if folds else text_of(block)))
        for block in blocks:
            text = text_of(block)
            sieve.add(
                sieve.deal(text.decode().upper().encode(), thins=False) if folds else sieve.deal(text),
                codes=text if folds else None,
            )
        return sieve.sift(crew)


@settings(deadline=None, max_examples=examples(160))
@given(
    blocks=BLOCKS,
    sent=BLOCKS,
    hashes=st.sampled_from([None, None, weak, none]),
    folds=st.booleans(),
    least=st.sampled_from([1, 4096]),
)
def test_it_says_what_a_plain_set_says(
    tmp_path_factory: pytest.TempPathFactory,
    *,
    blocks: list[list[str]],
    sent: list[list[str]],
    hashes: Hashes | None,
    folds: bool,
    least: int,
) -> None:
    """Which lines are the first of their kind, which were sent, which are spelled otherwise; also where every hash is the same."""
    gone = {code.encode().upper() if folds else code.encode() for block in sent for code in block}
    first: dict[bytes, str] = {}
    fates, twins = [], 0
    for code in (code for block in blocks for code in block):
        key = code.upper().encode() if folds else code.encode()
        fates.append(DUPLICATE if key in first else SENT if key in gone else KEPT)
        twins += first.setdefault(key, code) != code

    found = sifted(tmp_path_factory.mktemp("sieve"), blocks, sent, hashes, folds=folds, least=least)

    assert fates == found.fates.tolist()
    counts = Counter(fates)
    assert (counts[DUPLICATE], counts[SENT], twins) == (found.duplicates, found.skipped, found.twins)


def test_many_buckets_and_blocks_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sorted in many goes, by several threads, the result is that of one."""
    monkeypatch.setattr("couponhub.codes.sets.sieve._AT_ONCE", 500)
    numbers = [at * 7919 % 9000 for at in range(30_000)]
    blocks = [[f"C{number:05}" for number in numbers[at : at + 2500]] for at in range(0, 30_000, 2500)]

    found = sifted(tmp_path, blocks, [[f"C{number:05}" for number in range(4000)]], None, folds=False)

    assert (21_000, 4000) == (found.duplicates, found.skipped)
    assert [DUPLICATE] * 21_000 == found.fates[9000:].tolist()


@settings(deadline=None, max_examples=examples(60))
@given(codes=st.lists(CODES, max_size=40), keep=st.data())
def test_lines_are_found_chosen_and_hashed_alike(codes: list[str], keep: st.DataObject) -> None:
    """Whether lines have one length or many, what is said of them is the same."""
    text = text_of(codes)
    lines = TextLines.of(text)
    marks = keep.draw(st.lists(st.booleans(), min_size=len(codes), max_size=len(codes)))

    assert len(codes) == lines.count
    assert [len(code.encode()) for code in codes] == lines.lengths.tolist()
    assert lines.longest == max((len(code.encode()) for code in codes), default=0)
    chosen = [code for code, mark in zip(codes, marks, strict=True) if mark]
    assert text_of(chosen) == lines.chosen(text, np.array(marks, bool))
    ends = [lines.end_of(count) for count in range(len(codes) + 1)]
    assert all(text[start:end].count(b"\n") == 1 for start, end in pairwise(ends))
    for after, size in ((0, len(text)), (len(codes) // 2, len(text) // 4), (len(codes), 5)):
        fitting = sum(0 < end - ends[after] <= size for end in ends[after:])
        assert fitting == lines.fitting(size, after)
    hashes = MultilinearHash.seeded(b"x")
    alone = [hashes(text_of([code]), TextLines.of(text_of([code])))[0] for code in codes]
    assert alone == hashes(text, lines).tolist()


def test_a_block_of_one_code_leaves_one_record(tmp_path: Path) -> None:
    """So that a file of nothing but one code takes no more memory than any other."""
    with Sieve(tmp_path) as sieve, Crew() as crew:
        dealt = sieve.deal(b"TEST\n" * 50_000 + b"X\n")
        sieve.add(dealt)
        sieve.add(dealt)
        assert 2 == len(dealt.records)
        assert 100_000 == sieve.sift(crew).duplicates


def test_files_are_private_and_closed(tmp_path: Path) -> None:
    """What lies in the folder while a sieve works is for its owner alone, and is no longer open afterwards."""
    with Sieve(tmp_path) as sieve, Crew() as crew:
        sieve.add(sieve.deal(b"A\nB\nA\n"))
        sieve.sift(crew)
        assert {0o600} == {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    gc.collect()
    assert not [link for link in Path("/proc/self/fd").iterdir() if str(tmp_path) in os.path.realpath(link)]


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """What cannot be written is an error of the disk, not a wrong answer."""
    with Sieve(tmp_path) as sieve, Path("/dev/full").open("r+b", buffering=0) as full:
        os.dup2(full.fileno(), sieve._spool._file.fileno())
        with pytest.raises(OSError, match="No space left"):
            sieve.add(sieve.deal(b"A\n"))


def test_the_first_error_of_a_thread_ends_the_work() -> None:
    """Results come in order; what fails is raised where the results are taken."""
    taken: list[int] = []
    with Crew() as crew:
        for divisor in (1, 2, 0, 4):
            crew.submit(divmod, 4, divisor, then=lambda pair: taken.append(pair[0]))
        with pytest.raises(ZeroDivisionError):
            crew.drain()
    assert [4, 2] == taken
