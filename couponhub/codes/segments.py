"""Sets of codes in segments, each told by a keyed fingerprint: two sets are compared by reading only what differs.

    here, there = segments_of(planned, key, workspace), segments_of(sent, key, workspace)
    odd = differing(here, there)  # () when both hold the same codes
    compare(
        codes_of_segments(planned, odd, key), codes_of_segments(sent, odd, key), workspace, target=folder
    )

Digests are small, and good for as long as the sets do not change: whoever keeps them compares at once.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import attrs

from couponhub.codes.algebra import EXACT
from couponhub.codes.sorting import sorted_here
from couponhub.errors import UsageError
from couponhub.models import CodeFileRules
from couponhub.state import CodeSet

if TYPE_CHECKING:
    from couponhub.codes.sets.segmenting import RunningSums, Segmenter

COUNT = 256
"""Segments: of 100 million codes each holds some 400,000."""
_MOST = 1 << 16
_KEY_OF = b"couponhub set segments 1\n"
_VERSION = 1
_MODULUS = 1 << 128
_TOTAL = "[0-9a-f]{32}"
_LEAST_KEY = 16


@attrs.frozen
class SegmentDigest:
    """The codes of one segment, as they are told.

    Attributes:
        count: Different codes.
        total: The sum of their keyed hashes, modulo 2**128.
    """

    count: int
    total: int


@attrs.frozen(kw_only=True)
class SegmentDigests:
    """A set of codes as the digests of its segments; without the key they say nothing of any code but how many there are.

    Two sets that hold the same codes have the same digests, in whatever order and however often codes stand in them. Two
    that do not have other ones, but for a chance of one in 2**128 in each segment. That holds for codes that an opponent
    has picked too, as long as the key is random and the opponent knows neither the key nor any digest: each code adds its
    SipHash-2-4 of 128 bits. It is no signature: who knows the key can make two sets of the same digest.

    Attributes:
        key_id: Tells which key they were made with, and nothing else about a random one.
        ignores_case: Whether codes were compared without case.
        ignores_blanks: Whether without blanks at their ends.
        segments: In their order; as many as were asked for.
    """

    key_id: str
    ignores_case: bool = False
    ignores_blanks: bool = False
    segments: tuple[SegmentDigest, ...]

    @property
    def count(self) -> int:
        """Different codes in all of them."""
        return sum(one.count for one in self.segments)

    @property
    def fingerprint(self) -> str:
        """The whole set in one line, `s1:COUNT:SUM`: equal for equal sets, whatever the number of segments."""
        total = sum(one.total for one in self.segments) % _MODULUS
        return f"s{_VERSION}:{self.count}:{total:032x}"

    def to_json(self) -> str:
        """Return the digests as a JSON text of one line, to keep them."""
        document = {
            "version": _VERSION,
            "key_id": self.key_id,
            "ignores_case": self.ignores_case,
            "ignores_blanks": self.ignores_blanks,
            "segments": [[one.count, f"{one.total:032x}"] for one in self.segments],
        }
        return json.dumps(document, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the digests that were kept.

        Raises:
            UsageError: The text holds none, or those of a newer couponhub: make them anew.
        """
        try:
            digests = cls(**_read(json.loads(text)))
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError("the digests of segments cannot be read", hint="make them anew") from error
        _check_count(len(digests.segments))
        return digests


def segments_of(
    codes: Iterable[CodeSet],
    key: bytes,
    workspace: Path,
    *,
    count: int = COUNT,
    rules: CodeFileRules = EXACT,
    are_distinct: bool = False,
) -> SegmentDigests:
    """Return the digests of a set, which is read through once, in bounded memory.

    Args:
        codes: The code sets, taken as one.
        key: The secret of those who compare: random, at least 16 bytes.
        workspace: An existing private folder for files on the way.
        count: How many segments: a power of two, at most 65536.
        rules: The vendor's comparison; without it codes are equal by their bytes.
        are_distinct: True when no code stands in them twice, as in what `prepare` has written: then nothing is sorted, nor
            written to the workspace. A code that does all the same counts twice, so that the set is equal to no other.

    Raises:
        UsageError: There cannot be so many segments, or the key is too short.
        LocalError: A set cannot be read, or the disk is full.
    """
    segmenter, key_id = _segmenter(key, count, rules)
    from couponhub.codes.sets.crew import Crew  # noqa: PLC0415 - stands beside NumPy
    from couponhub.codes.sets.many import texts_of  # noqa: PLC0415 - brings NumPy in
    from couponhub.codes.sets.segmenting import RunningSums  # noqa: PLC0415 - brings NumPy in

    sums = RunningSums.of(count)
    if are_distinct:
        with Crew() as crew:
            for each in codes:
                for text in texts_of(each):
                    crew.submit(segmenter.sums_of, text, then=sums.add)
            crew.drain()
        return _digests(sums, key_id, rules)
    with sorted_here(codes, (), workspace, rules) as (many, _):
        many.map_keys(segmenter.sums, sums.add)
    return _digests(sums, key_id, rules)


def joined(digests: Iterable[SegmentDigests]) -> SegmentDigests:
    """Return the digests of several sets taken as one, at once; so those of each part of an upload can be kept.

    Args:
        digests: Of one set or more, of which no two have a code in common; one that two of them have counts twice, so that
            the whole is equal to no set.

    Raises:
        UsageError: There are none, or as of `differing`.
    """
    all_of_them = tuple(digests)
    if not all_of_them:
        raise UsageError("no digests were given, so that there is nothing to join")
    for one in all_of_them:
        _check_alike(all_of_them[0], one)
    segments = zip(*(one.segments for one in all_of_them), strict=True)
    return attrs.evolve(
        all_of_them[0],
        segments=tuple(
            SegmentDigest(sum(one.count for one in each), sum(one.total for one in each) % _MODULUS)
            for each in segments
        ),
    )


def differing(first: SegmentDigests, second: SegmentDigests) -> tuple[int, ...]:
    """Return the numbers of the segments in which two sets differ, from 0; () when both hold the same codes.

    Raises:
        UsageError: They were made with different keys, comparisons or numbers of segments.
    """
    _check_alike(first, second)
    pairs = zip(first.segments, second.segments, strict=True)
    return tuple(number for number, (one, other) in enumerate(pairs) if one != other)


def codes_of_segments(
    codes: Iterable[CodeSet],
    segments: Collection[int],
    key: bytes,
    *,
    count: int = COUNT,
    rules: CodeFileRules = EXACT,
) -> tuple[CodeSet, ...]:
    """Return code sets of which only these segments are seen, as they are spelled; they are read when they are used.

    Whatever works with code sets works with them. Each time one is used its file is skimmed, at a small part of the time
    that sorting its codes takes; codes of other segments go no further.

    Args:
        codes: As of `segments_of`.
        segments: Their numbers; without any there are no sets, and nothing is read.
        key: As of `segments_of`, and so are `count` and `rules`.
        count: The same.
        rules: The same.

    Raises:
        UsageError: There are no such segments, or the key is too short.
    """
    _check_count(count)
    if any(not 0 <= number < count for number in segments):
        raise UsageError(f"segments have numbers from 0 to {count - 1}")
    segmenter, _ = _segmenter(key, count, rules)
    chosen = frozenset(segments)
    return () if not chosen else tuple(_Narrowed(each, segmenter, chosen) for each in codes)


@attrs.frozen
class _Narrowed:
    """A code set of which only some segments are seen."""

    whole: CodeSet
    segmenter: "Segmenter"
    segments: frozenset[int]

    def batches(self) -> Iterator[Sequence[str]]:
        """As `CodeSet.batches`."""
        from couponhub.codes.sets.many import texts_of  # noqa: PLC0415 - brings NumPy in

        for text in texts_of(self.whole):
            if found := self.segmenter.chosen(text, self.segments):
                yield found.decode().removesuffix("\n").split("\n")

    def is_kept(self) -> bool:
        """As `CodeSet.is_kept`."""
        return self.whole.is_kept()


def _read(document: Any) -> dict[str, Any]:
    """Return the fields of digests that were kept; a ValueError, a TypeError or a KeyError where there are none."""
    if document["version"] != _VERSION or not all(
        type(count) is int and count >= 0 and type(total) is str and re.fullmatch(_TOTAL, total)
        for count, total in document["segments"]
    ):
        raise ValueError("no digests of this version")
    if type(document["key_id"]) is not str or not {document["ignores_case"], document["ignores_blanks"]} <= {
        True,
        False,
    }:
        raise TypeError("of another kind")
    return {
        "key_id": document["key_id"],
        "ignores_case": bool(document["ignores_case"]),
        "ignores_blanks": bool(document["ignores_blanks"]),
        "segments": tuple(SegmentDigest(count, int(total, 16)) for count, total in document["segments"]),
    }


def _segmenter(key: bytes, count: int, rules: CodeFileRules) -> tuple["Segmenter", str]:
    """Return what deals codes to segments, and the id of its key."""
    from couponhub.codes.sets.folding import Folding  # noqa: PLC0415 - stands beside NumPy
    from couponhub.codes.sets.segmenting import Segmenter  # noqa: PLC0415 - brings NumPy in

    _check_count(count)
    if len(key) < _LEAST_KEY:
        raise UsageError(
            f"the key of segments has {len(key)} bytes", hint=f"take {_LEAST_KEY} random ones, or more"
        )
    derived = hashlib.sha512(_KEY_OF + key).digest()
    folding = Folding(ignores_case=rules.ignores_case, ignores_blanks=rules.ignores_blanks)
    segmenter = Segmenter(seed=derived[16:48], key=derived[:16], count=count, folding=folding)
    return segmenter, derived[48:].hex()


def _digests(sums: "RunningSums", key_id: str, rules: CodeFileRules) -> SegmentDigests:
    return SegmentDigests(
        key_id=key_id,
        ignores_case=rules.ignores_case,
        ignores_blanks=rules.ignores_blanks,
        segments=tuple(SegmentDigest(number, total) for number, total in sums.totals()),
    )


def _check_alike(first: SegmentDigests, second: SegmentDigests) -> None:
    made = [(one.key_id, one.ignores_case, one.ignores_blanks, len(one.segments)) for one in (first, second)]
    if made[0] != made[1]:
        raise UsageError(
            "digests that were made with different keys, vendors' comparisons or numbers of segments say nothing together",
            hint="make both anew in the same way",
        )


def _check_count(count: int) -> None:
    if not 1 <= count <= _MOST or count & (count - 1):
        raise UsageError(f"the number of segments is a power of two, at most {_MOST}")
