"""The codes of many that have to be looked at one by one, and the counts of the others."""

import re
from typing import Self

import attrs
import numpy as np
from numpy.typing import NDArray

from couponhub.codes.checking import SPREADSHEET_DIGITS, Checks, CodeOddities
from couponhub.codes.ruins import MONTHS, may_hold_ruins
from couponhub.codes.sets.hashing import Words, first_words
from couponhub.codes.sets.lines import LF, Mask, TextLines, bytes_of
from couponhub.models import CodeFileRules

_UPPER, _LOWER, _DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz", b"0123456789"


def _all_but(chars: bytes) -> bytes:
    """A table for `bytes.translate` that marks all bytes but these and LF."""
    return bytes(byte not in chars and byte != LF for byte in range(256))


_ODD = _all_but(_UPPER + _LOWER + _DIGITS + b"-_")
_NO_DIGIT = _all_but(_DIGITS)
_SMALL = bytes(byte in _LOWER for byte in range(256))
_MONTHS = re.compile("|".join(f"-{month}|{month}-" for month in MONTHS).encode())
_CASE = np.uint64(0x2020202020202020)
_SPREAD = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9))
_TABLE_BITS = 16
_SHIFT = np.uint64(64 - _TABLE_BITS)


@attrs.frozen(eq=False)
class Suspicion:
    """Finds the codes that `Checks` may have something to say about. It is never wrong in leaving one out.

    A code of letters, digits and dashes, neither empty nor too long, is sound, unless it is a word, or what a
    spreadsheet makes of a date.

    Attributes:
        words: Those that are no codes, in lower case and without dashes.
        table: Where their first letters and their length lead.
    """

    rules: CodeFileRules
    words: frozenset[bytes]
    table: Mask

    @classmethod
    def of(cls, checks: Checks) -> Self:
        """Make it for the checks of one source."""
        words = frozenset(word.encode() for word in checks.strays.plain_words)
        table = np.zeros(1 << _TABLE_BITS, bool)
        text = b"".join(word + b"\n" for word in words)
        table[_places(text, TextLines.of(text))] = True
        return cls(checks.rules, words, table)

    def suspects(self, text: bytes, lines: TextLines) -> Mask:
        """Mark the lines to be looked at."""
        found = np.zeros(lines.count, bool)
        odd = np.flatnonzero(_marked(text, _ODD))
        found[lines.at(odd)] = True
        self._mark_odd_lengths(found, lines)
        if may_hold_ruins(text.decode("latin-1")):
            _mark_matches(found, _MONTHS, text, lines)
        plain = text.translate(None, b"-_") if b"-" in text or b"_" in text else text
        self._mark_words(found, plain, lines if plain is text else TextLines.of(plain))
        return found

    def count(
        self, text: bytes, lines: TextLines, left_out: Mask, oddities: CodeOddities, *, first_line: int
    ) -> None:
        """Count what is odd with the lines that are not left out, as `Checks` does with theirs."""
        rules = self.rules
        if rules.ignores_case and text.upper() != text:
            small = np.zeros(lines.count, bool)
            small[lines.at(np.flatnonzero(_marked(text, _SMALL)))] = True
            oddities.lower_case += _count(small, left_out)
        if rules.warn_code_length is not None and lines.longest > rules.warn_code_length:
            oddities.long += _count(lines.lengths > rules.warn_code_length, left_out)
        if b"-" in text:
            oddities.formulas += _count(bytes_of(text)[lines.starts] == ord("-"), left_out)
        if lines.longest > SPREADSHEET_DIGITS:
            _count_rounded(text, lines, left_out, oddities, first_line)

    def _mark_odd_lengths(self, found: Mask, lines: TextLines) -> None:
        most = self.rules.max_code_length
        if lines.length is not None:
            found |= not lines.length or (most is not None and lines.length > most)
            return
        lengths = lines.lengths
        found |= lengths == 0
        if most is not None:
            found |= lengths > most

    def _mark_words(self, found: Mask, plain: bytes, lines: TextLines) -> None:
        likely = np.flatnonzero(self.table[_places(plain, lines)])
        if len(likely):
            words = [plain[start:end].lower() in self.words for start, end in lines.spans(likely)]
            found[likely[np.array(words)]] = True


def _places(text: bytes, lines: TextLines) -> NDArray[np.int64]:
    """The places in a table that lines lead to: the same for all that begin alike, whatever their case, and are as long."""
    words: Words = first_words(text, lines) | _CASE
    lengths = lines.lengths if lines.length is None else np.array([lines.length])
    words += lengths.astype(np.uint64) * _SPREAD[0]
    words ^= words >> np.uint64(32)
    words *= _SPREAD[1]
    return (words >> _SHIFT).astype(np.int64)


def _marked(text: bytes, table: bytes) -> Mask:
    return np.frombuffer(text.translate(table), bool)


def _mark_matches(found: Mask, form: re.Pattern[bytes], text: bytes, lines: TextLines) -> None:
    matches = [match.start() for match in form.finditer(text)]
    found[lines.at(np.array(matches, np.int64))] = True


def _count(lines: Mask, left_out: Mask) -> int:
    return int(np.count_nonzero(lines & ~left_out))


def _count_rounded(
    text: bytes, lines: TextLines, left_out: Mask, oddities: CodeOddities, first_line: int
) -> None:
    """Count numbers of more digits than spreadsheets keep, and those of them with zeros from there on."""
    others = np.maximum.reduceat(_marked(text, _NO_DIGIT).view(np.uint8), lines.starts)
    numbers = (others == 0) & (lines.lengths > SPREADSHEET_DIGITS) & ~left_out
    oddities.long_numbers += int(np.count_nonzero(numbers))
    long = np.flatnonzero(numbers)
    zeros = long[bytes_of(text)[lines.starts[long] + SPREADSHEET_DIGITS] == ord("0")]
    for number, (start, end) in zip(zeros.tolist(), lines.spans(zeros), strict=True):
        if not text[start + SPREADSHEET_DIGITS : end].strip(b"0"):
            oddities.rounded += 1
            oddities.rounded_line = oddities.rounded_line or first_line + number
