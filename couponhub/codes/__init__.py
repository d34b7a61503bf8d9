"""Code files and code sets of any size: read, check, dedupe, subtract what was sent before, split into vendor files, compare.

Nothing here knows a vendor: how its files look comes in as `CodeFileRules`. Memory stays bounded whatever
the size of the source; what does not fit lies in private files (mode 0600) in the caller's workspace.
"""

from couponhub.codes.algebra import (
    SetComparison,
    SetCounts,
    SetDigest,
    compare,
    fingerprint,
    intersect,
    subtract,
)
from couponhub.codes.preparing import PreparedCodes, prepare
from couponhub.codes.row_record import note_doubts
from couponhub.codes.segments import SegmentDigests, codes_of_segments, differing, joined, segments_of
from couponhub.codes.sharing import shared
from couponhub.codes.source import CodeSource, is_file
from couponhub.codes.writing import PreparedFile

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
