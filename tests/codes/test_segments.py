"""Sets of codes in segments: equal sets have equal digests, others differ in the segments of what differs, and only there."""

import json
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub.codes import (
    SegmentDigests,
    codes_of_segments,
    compare,
    differing,
    joined,
    segments_of,
)
from couponhub.codes.sets.lines import TextLines
from couponhub.codes.sets.siphash import SipHash
from couponhub.errors import LocalError, UsageError
from couponhub.models import CodeFileRules
from couponhub.state import CodeSet, TextCodeSet
from tests.codes.test_algebra import code_sets, first_of, read
from tests.kit.examples import examples

KEY = bytes(range(32))
EXACT = CodeFileRules(code_header="code")
FOLDING = CodeFileRules(code_header="code", ignores_case=True)
CODES = st.lists(st.text(alphabet='abAB1é,"', min_size=1, max_size=20), max_size=30)


@attrs.frozen
class ListedSet:
    """A code set that is no file."""

    codes: tuple[str, ...]

    def batches(self) -> Iterator[Sequence[str]]:
        """As `CodeSet.batches`."""
        yield self.codes

    def is_kept(self) -> bool:
        """As `CodeSet.is_kept`."""
        return True


def codes_in(code_sets: Sequence[CodeSet]) -> list[str]:
    """All codes of sets, in their order."""
    return [code for one in code_sets for batch in one.batches() for code in batch]


@pytest.mark.parametrize(
    ("length", "digest"),
    [
        (0, "a3817f04ba25a8e66df67214c7550293"),
        (10, "00110dc378146956c95447d3f3d0fbba"),
        (7, "a1f1ebbed8dbc153c0b84aa61ff08239"),
        (8, "3b62a9ba6258f5610f83e264f31497b4"),
        (9, "264499060ad9baabc47f8b02bb6d71ed"),
        (15, "767744e1b3240666fafa56872102083a"),
        (16, "b5e4c357571d692135d021aa7860b2be"),
        (17, "b2150ebe3b02f249ca43f920e84653f3"),
        (33, "6a10a92e3e59b1c0ad7100dd51b155b0"),
    ],
)
def test_the_hash_is_siphash(length: int, digest: str) -> None:
    """It gives what OpenSSL gives for the texts 00, 00 01, 00 01 02 and so on, LF left out, with the key 00 ... 0f."""
    text = bytes(number for number in range(length + 1) if number != 10)[:length]
    line = text + b"\n"
    first, last = SipHash(bytes(range(16)))(line, TextLines.of(line))
    assert digest == first.astype("<u8").tobytes().hex() + last.astype("<u8").tobytes().hex()


@settings(deadline=None, max_examples=examples(60))
@given(st.lists(st.binary(max_size=40).map(lambda text: text.replace(b"\n", b"")), max_size=20))
def test_many_lines_are_hashed_as_each_alone_is(lines: list[bytes]) -> None:
    """Of whatever lengths, in one block."""
    hashed = SipHash(KEY[:16])
    text = b"".join(line + b"\n" for line in lines)
    first, last = hashed(text, TextLines.of(text))
    for number, line in enumerate(lines):
        alone = hashed(line + b"\n", TextLines.of(line + b"\n"))
        assert [(first[number], last[number])] == list(zip(*alone, strict=True))


def test_a_key_has_16_bytes() -> None:
    """Another one is a fault of whoever derives it."""
    with pytest.raises(ValueError, match="16 bytes"):
        SipHash(b"short")


@settings(deadline=None, max_examples=examples(60))
@given(some=CODES, others=CODES, folds=st.booleans(), bits=st.integers(0, 5), parts=st.integers(1, 3))
def test_they_tell_what_plain_sets_tell(
    tmp_path_factory: pytest.TempPathFactory,
    *,
    some: list[str],
    others: list[str],
    folds: bool,
    bits: int,
    parts: int,
) -> None:
    """Equal exactly where the sets are; comparing the segments that differ finds just what differs."""
    folder, count = tmp_path_factory.mktemp("segments"), 1 << bits
    rules = FOLDING if folds else EXACT
    mine, theirs = first_of(some, folds=folds), first_of(others, folds=folds)
    first, second = code_sets(folder, some, parts), code_sets(folder, others)
    here, there = (segments_of(sets, KEY, folder, count=count, rules=rules) for sets in (first, second))
    assert (len(mine), len(theirs)) == (here.count, there.count)
    assert (mine.keys() == theirs.keys()) is (here == there) is (here.fingerprint == there.fingerprint)

    odd = differing(here, there)
    one, other = (codes_of_segments(sets, odd, KEY, count=count, rules=rules) for sets in (first, second))
    found = compare(one, other, folder, target=folder / "odd", rules=rules)
    missing, extra = (
        {code.upper() if folds else code for code in read(folder / "odd" / name)}
        for name in ("first.csv", "second.csv")
    )
    assert (mine.keys() - theirs.keys(), theirs.keys() - mine.keys()) == (missing, extra)
    assert (mine.keys() == theirs.keys()) is found.are_equal is (not odd)
    everything = codes_of_segments(first, range(count), KEY, count=count, rules=rules)
    assert codes_in(first) == codes_in(everything)


def test_order_duplicates_files_and_engines_say_nothing(tmp_path: Path) -> None:
    """A set in one file, backwards and twice, in several files, and as no file at all."""
    codes = [f"CODE-{number}" for number in range(3000)]
    sets: list[Sequence[CodeSet]] = [
        code_sets(tmp_path, codes),
        code_sets(tmp_path, [*codes[::-1], *codes[:100]]),
        code_sets(tmp_path, codes, 3),
        [ListedSet(tuple(codes))],
    ]
    one, *more = (segments_of(each, KEY, tmp_path) for each in sets)
    assert [one] * 3 == more
    assert [()] * 3 == [differing(one, other) for other in more]
    assert (256, 3000) == (len(one.segments), one.count)
    assert 10 < sum(1 for segment in one.segments if segment.count) <= 256
    assert segments_of(sets[0], KEY, tmp_path, count=16).fingerprint == one.fingerprint
    narrowed = codes_of_segments(sets[3], [0, 7], KEY)
    assert sum(one.segments[number].count for number in (0, 7)) == len(codes_in(narrowed))
    assert all(each.is_kept() for each in narrowed)
    assert narrowed == codes_of_segments(sets[3], [7, 0, 7], KEY)


def test_one_code_more_less_or_other_is_one_segment_or_two(tmp_path: Path) -> None:
    """Only those are read further, and what is found there is just that code."""
    codes = [f"CODE-{number:04}" for number in range(2000)]
    before = segments_of(code_sets(tmp_path, codes), KEY, tmp_path)
    for changed, most in (([*codes, "MORE"], 1), (codes[1:], 1), ([*codes[1:], "OTHER"], 2)):
        sets = code_sets(tmp_path, changed)
        odd = differing(before, segments_of(sets, KEY, tmp_path))
        assert 1 <= len(odd) <= most
        narrowed = codes_of_segments(sets, odd, KEY)
        assert len(codes_in(narrowed)) < 60
        assert set(changed) - set(codes) <= set(codes_in(narrowed))
    swapped = ["ABCDEFGH-IJKLMNOP", "QRSTUVWX-YZABCDEF"], ["ABCDEFGH-YZABCDEF", "QRSTUVWX-IJKLMNOP"]
    assert differing(*(segments_of(code_sets(tmp_path, each), KEY, tmp_path) for each in swapped))


@settings(deadline=None, max_examples=examples(30))
@given(codes=st.sets(st.text(alphabet="ABab1é", min_size=1, max_size=12), max_size=30), folds=st.booleans())
def test_parts_that_are_distinct_are_joined(
    tmp_path_factory: pytest.TempPathFactory, codes: set[str], *, folds: bool
) -> None:
    """The digests of each part, made without sorting, are together those of the whole."""
    folder, rules = tmp_path_factory.mktemp("joined"), FOLDING if folds else EXACT
    distinct = [*first_of(sorted(codes), folds=folds).values()]
    parts = code_sets(folder, distinct, 3)
    whole = segments_of(parts, KEY, folder, rules=rules)
    assert whole == joined(segments_of([part], KEY, folder, rules=rules, are_distinct=True) for part in parts)
    assert whole == segments_of(parts, KEY, folder, rules=rules, are_distinct=True)


def test_a_code_that_is_in_two_parts_is_no_equal_set(tmp_path: Path) -> None:
    """It counts twice where it was promised to stand once, and is found by looking at its segment."""
    once, twice = code_sets(tmp_path, ["A", "B"]), code_sets(tmp_path, ["A", "B", "A"])
    right = segments_of(once, KEY, tmp_path)
    part = segments_of(code_sets(tmp_path, ["A"]), KEY, tmp_path)
    for wrong in (segments_of(twice, KEY, tmp_path, are_distinct=True), joined([right, part])):
        (odd,) = differing(right, wrong)
        assert {"A"} <= set(codes_in(codes_of_segments(twice, [odd], KEY)))
    with pytest.raises(UsageError, match="nothing to join"):
        joined([])
    with pytest.raises(UsageError, match="say nothing together"):
        joined([right, segments_of(once, KEY, tmp_path, count=2)])


def test_digests_of_different_keys_say_nothing_together(tmp_path: Path) -> None:
    """Neither do those of other comparisons or of other numbers of segments: they are refused, not called different."""
    sets = code_sets(tmp_path, ["A", "b"])
    made = segments_of(sets, KEY, tmp_path)
    again = segments_of(sets, KEY, tmp_path)
    assert () == differing(made, again)
    for other in (
        segments_of(sets, secrets.token_bytes(16), tmp_path),
        segments_of(sets, KEY, tmp_path, rules=FOLDING),
        segments_of(sets, KEY, tmp_path, count=128),
    ):
        with pytest.raises(UsageError, match="say nothing together"):
            differing(made, other)


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    """As it was written, in a few kilobytes, and nothing in it is a code or the key."""
    made = segments_of(code_sets(tmp_path, ["SECRET-CODE", "é"]), KEY, tmp_path, rules=FOLDING)
    kept = made.to_json()
    assert made == SegmentDigests.from_json(kept)
    assert len(kept) < 20_000
    assert "SECRET" not in kept.upper()
    assert KEY.hex()[:32] not in kept
    empty = segments_of((), KEY, tmp_path)
    assert (0, empty) == (empty.count, SegmentDigests.from_json(empty.to_json()))


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"segments": []},
        {"segments": [[1, "00"]]},
        {"segments": [[-1, "0" * 32]]},
        {"segments": [[True, "0" * 32]]},
        {"segments": [[1, "0" * 32]] * 3},
        {"segments": 7},
        {"key_id": None},
        {"ignores_case": "no"},
        {"ignores_blanks": []},
    ],
)
def test_digests_that_were_spoilt_are_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    """Nothing is compared with what is only half there."""
    document = json.loads(segments_of((), KEY, tmp_path).to_json())
    with pytest.raises(UsageError):
        SegmentDigests.from_json(json.dumps({**document, **changes}))
    for text in ("", "[]", "null", json.dumps(document)[:-9]):
        with pytest.raises(UsageError, match="cannot be read"):
            SegmentDigests.from_json(text)


def test_what_cannot_be_meant_is_refused(tmp_path: Path) -> None:
    """Numbers of segments, segments that are not there, keys that are none, and sets that cannot be read."""
    sets = code_sets(tmp_path, ["A"])
    for count in (0, -1, 3, 1 << 17):
        with pytest.raises(UsageError, match="a power of two"):
            segments_of(sets, KEY, tmp_path, count=count)
        with pytest.raises(UsageError, match="a power of two"):
            codes_of_segments(sets, [0], KEY, count=count)
    for number in (-1, 256):
        with pytest.raises(UsageError, match="from 0 to 255"):
            codes_of_segments(sets, [number], KEY)
    with pytest.raises(UsageError, match="4 bytes"):
        segments_of(sets, b"weak", tmp_path)
    with pytest.raises(LocalError, match="cannot be read"):
        segments_of([TextCodeSet(tmp_path / "gone")], KEY, tmp_path)
    assert () == codes_of_segments([TextCodeSet(tmp_path / "gone")], [], KEY)


def test_sums_do_not_run_over(tmp_path: Path) -> None:
    """Many codes in one segment: the sum is that of their hashes, modulo 2**128."""
    codes = [f"{number:x}" for number in range(20_000)]
    (one,) = segments_of(code_sets(tmp_path, codes), KEY, tmp_path, count=1).segments
    total = 0
    for at in range(0, len(codes), 1000):
        parts = segments_of(code_sets(tmp_path, codes[at : at + 1000]), KEY, tmp_path, count=1).segments
        total += parts[0].total
    assert (20_000, total % 2**128) == (one.count, one.total)
    assert total >= 2**128
    assert np.iinfo(np.uint64).max < one.total
