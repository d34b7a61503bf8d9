"""Hashes of many lines at once, which say what may be equal. What is equal, `proof` finds out."""

import hashlib
import secrets
from collections.abc import Callable, Iterator
from mmap import mmap
from typing import Self

import attrs
import numpy as np
from numpy.typing import NDArray

from couponhub.codes.sets.lines import Positions, TextLines

Words = NDArray[np.uint64]
Hashes = Callable[[bytes, TextLines], Words]
"""Gives each line of a text a number of 64 bits, equal ones to equal lines."""

WORD = 8
_FACTORS = 1024
_MASKS = np.array([(1 << 8 * count) - 1 for count in range(WORD)] + [2**64 - 1], np.uint64)
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9))
_HALF, _ODD = np.uint64(32), np.uint64(29)
PADDING = b"\0" * WORD


def words_at(view: Words, starts: Positions, lengths: Positions, number: int) -> Words:
    """Return the word of that number of each line, its first bytes lowest, filled up with zeros behind the line's end.

    Args:
        view: The text as words of eight bytes, one at each of its bytes.
        starts: Where the lines begin.
        lengths: Their bytes, at least one in that word.
        number: From 0.
    """
    words = view[starts + WORD * number]
    if int(lengths.min(initial=WORD * (number + 1))) < WORD * (number + 1):
        words &= _MASKS[np.minimum(lengths - WORD * number, WORD)]
    return words


def view_of(padded: bytes | mmap) -> Words:
    """Return a text that has `PADDING` behind it as words, one at each of its bytes."""
    return np.ndarray((len(padded) - WORD + 1,), "<u8", padded, strides=(1,))


@attrs.frozen(eq=False)
class MultilinearHash:
    """The sum of a line's words, each multiplied by a random factor, and mixed.

    Attributes:
        factors: As many as the longest lines may have words; then they begin again.
    """

    factors: Words = attrs.field(repr=False)

    @classmethod
    def fresh(cls) -> Self:
        """Draw factors for one use: nobody can prepare codes that collide."""
        return cls.seeded(secrets.token_bytes(32))

    @classmethod
    def seeded(cls, seed: bytes) -> Self:
        """Derive the factors from a seed, for hashes that are kept."""
        stream = hashlib.shake_128(seed).digest(WORD * _FACTORS)
        return cls(np.frombuffer(stream, "<u8") | np.uint64(1))

    def __call__(self, text: bytes, lines: TextLines) -> Words:
        """As `Hashes`."""
        hashes = np.zeros(lines.count, np.uint64)
        padded = text + PADDING
        if lines.length is not None:
            for number, words in enumerate(_strided(padded, lines.count, lines.length)):
                hashes += words * self.factors[number % _FACTORS]
        else:
            self._add_mixed(hashes, padded, lines)
        hashes ^= hashes >> _HALF
        hashes *= _MIX[0]
        hashes ^= hashes >> _ODD
        hashes *= _MIX[1]
        hashes ^= hashes >> _HALF
        return hashes

    def _add_mixed(self, hashes: Words, padded: bytes, lines: TextLines) -> None:
        view, starts, lengths = view_of(padded), lines.starts, lines.lengths
        left = np.flatnonzero(lengths)
        number = 0
        while len(left):
            words = words_at(view, starts[left], lengths[left], number)
            words *= self.factors[number % _FACTORS]
            hashes[left] += words
            number += 1
            left = left[lengths[left] > WORD * number]


def _strided(padded: bytes, count: int, length: int) -> Iterator[Words]:
    """The words of lines of one length, one column after the other."""
    for start in range(0, length, WORD):
        words: Words = np.ndarray((count,), "<u8", padded, start, strides=(length + 1,)).astype(np.uint64)
        if length - start < WORD:
            words &= _MASKS[length - start]
        yield words


def first_words(text: bytes, lines: TextLines) -> Words:
    """Return the first eight bytes of each line, filled up with zeros behind its end."""
    padded = text + PADDING
    if lines.length is not None:
        empty = np.zeros(lines.count, np.uint64)
        return next(_strided(padded, lines.count, lines.length), empty)
    words = np.zeros(lines.count, np.uint64)
    lengths = lines.lengths
    filled = np.flatnonzero(lengths)
    words[filled] = words_at(view_of(padded), lines.starts[filled], lengths[filled], 0)
    return words
