"""Code files and code sets of any size: read, check, dedupe, subtract what was sent before, split into vendor files, compare.

Nothing here knows a vendor: how its files look comes in as `CodeFileRules`. Memory stays bounded whatever
the size of the source; what does not fit lies in private files (mode 0600) in the caller's workspace.
"""

from typing import TYPE_CHECKING

from couponhub._lazy import lazy_exports

if TYPE_CHECKING:
    from couponhub.codes.algebra import (
        SetComparison,
        SetDigest,
        compare,
        fingerprint,
        intersect,
        subtract,
    )
    from couponhub.codes.preparing import PreparedCodes, prepare
    from couponhub.codes.row_record import note_doubts
    from couponhub.codes.segments import (
        SegmentDigests,
        codes_of_segments,
        differing,
        joined,
        segments_of,
    )
    from couponhub.codes.sharing import shared
    from couponhub.codes.sorting import SetCounts
    from couponhub.codes.source import CodeSource, is_file
    from couponhub.codes.writing import PreparedFile

_HOMES = {
    "CodeSource": "couponhub.codes.source",
    "PreparedCodes": "couponhub.codes.preparing",
    "PreparedFile": "couponhub.codes.writing",
    "SegmentDigests": "couponhub.codes.segments",
    "SetComparison": "couponhub.codes.algebra",
    "SetCounts": "couponhub.codes.sorting",
    "SetDigest": "couponhub.codes.algebra",
    "codes_of_segments": "couponhub.codes.segments",
    "compare": "couponhub.codes.algebra",
    "differing": "couponhub.codes.segments",
    "fingerprint": "couponhub.codes.algebra",
    "intersect": "couponhub.codes.algebra",
    "is_file": "couponhub.codes.source",
    "joined": "couponhub.codes.segments",
    "note_doubts": "couponhub.codes.row_record",
    "prepare": "couponhub.codes.preparing",
    "segments_of": "couponhub.codes.segments",
    "shared": "couponhub.codes.sharing",
    "subtract": "couponhub.codes.algebra",
}

__all__ = [
    "CodeSource",
    "PreparedCodes",
    "PreparedFile",
    "SegmentDigests",
    "SetComparison",
    "SetCounts",
    "SetDigest",
    "codes_of_segments",
    "compare",
    "differing",
    "fingerprint",
    "intersect",
    "is_file",
    "joined",
    "note_doubts",
    "prepare",
    "segments_of",
    "shared",
    "subtract",
]

__getattr__ = lazy_exports(__name__, _HOMES)


def __dir__() -> list[str]:
    return [*__all__]
