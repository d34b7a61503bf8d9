"""Lines as records of one width, sorted by the page of the index that they belong to."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from couponhub.state.report_lines import PAGE_BITS
from couponhub.usage.bulk.cells import LF, TAB, Bytes

BUCKETS = 256
_IN_BUCKET = PAGE_BITS - 8
"""The bits of a page's number that say which it is of its bucket."""
_NIBBLES = np.zeros(256, np.uint32)
_NIBBLES[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)
_PREFIX = 5
"""Digits of a hash that hold the number of its page."""
_SHIFT = np.uint32(4 * _PREFIX - PAGE_BITS)
Records = NDArray[Any]
"""Lines of one width, filled up with NULs, sorted by page."""


def joined(*columns: Bytes) -> Bytes:
    """Write lines: cells with tabs between them, and a LF behind the last."""
    lines = np.empty((len(columns[0]), sum(column.shape[1] + 1 for column in columns)), np.uint8)
    at = 0
    for column in columns:
        lines[:, at : at + column.shape[1]] = column
        at += column.shape[1] + 1
        lines[:, at - 1] = TAB[0]
    lines[:, -1] = LF[0]
    return lines


def with_ends(cells: Bytes) -> Bytes:
    """Write a LF behind each cell."""
    lines = np.full((len(cells), cells.shape[1] + 1), LF[0], np.uint8)
    lines[:, :-1] = cells
    return lines


def _page_numbers(lines: Bytes) -> NDArray[np.uint32]:
    number = np.zeros(len(lines), np.uint32)
    for at in range(_PREFIX):
        number <<= np.uint32(4)
        number |= _NIBBLES[lines[:, at]]
    return number >> _SHIFT


def sorted_by_page(pieces: Sequence[Bytes]) -> tuple[Records, NDArray[np.int64]]:
    """Sort lines by page; return them, and where those of each bucket begin."""
    lines = _of_one_width(pieces, LF)
    numbers = _page_numbers(lines)
    order = np.argsort(numbers)
    bounds = np.searchsorted(numbers[order] >> np.uint32(_IN_BUCKET), np.arange(BUCKETS + 1))
    return lines.view(f"V{lines.shape[1]}").ravel()[order], bounds


def _of_one_width(pieces: Sequence[Bytes], ending: bytes) -> Bytes:
    """Write lines below each other, with that in place of the LF, with which each piece ends."""
    width = max(piece.shape[1] for piece in pieces) - 1
    lines = np.zeros((sum(map(len, pieces)), width + len(ending)), np.uint8)
    lines[:, width:] = np.frombuffer(ending, np.uint8)
    at = 0
    for piece in pieces:
        lines[at : at + len(piece), : piece.shape[1] - 1] = piece[:, :-1]
        at += len(piece)
    return lines


def paged(bucket: int, pieces: Sequence[Bytes], ending: bytes) -> list[tuple[int, str]]:
    """Return the lines of a bucket, page by page, as of `in_pages`; each piece ends with LF, and gets that ending."""
    lines = _of_one_width(pieces, ending)
    numbers = (_page_numbers(lines) & np.uint32((1 << _IN_BUCKET) - 1)).astype(np.uint16)
    order = np.argsort(numbers, kind="stable")
    text = lines.view(f"V{lines.shape[1]}").ravel()[order].tobytes().replace(b"\0", b"")
    numbers = numbers[order]
    lasts = np.flatnonzero(np.append(numbers[1:] != numbers[:-1], True))
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == LF[0])[lasts] + 1
    first = bucket << _IN_BUCKET
    return [
        (first + number, text[begin:end].decode())
        for number, begin, end in zip(
            numbers[lasts].tolist(), [0, *ends.tolist()], ends.tolist(), strict=False
        )
    ]
