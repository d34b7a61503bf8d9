"""Files of one code per line without a header: taken for one only where nothing in them could be a header."""

import re
from collections.abc import Sequence

from couponhub.codes.words import CODE_WORDS, names_no_codes, plain

SAMPLE = 50
"""Lines that are looked at below the first."""
_WORDS = re.compile(r"[^\W\d_]+")
_SEPARATORS = re.compile("[,;|\t]")
_TELEPHONE = re.compile(r"\+?\d(?:[ ()./-]?\d){6,14}")
"""Words that may as well be a customer as a code."""


def is_bare(first: str, below: Sequence[str], code_header: str) -> bool:
    """Tell whether the first line of a file of one column is a code like those below it, and no header.

    A header that is sent as a code is one that nobody can redeem; a code that is taken for a header is lost. So it is
    a code only if it has a digit, is written in the kinds of letters and about as long as the others, and no word in it
    names a column. Numbers that may be telephones are customers where nobody says otherwise.

    Args:
        first: The first line.
        below: Some of the next; with none of them there is nothing to compare with.
        code_header: What the vendor calls the column of codes.
    """
    lines = [first, *below]
    if not below or not any(map(str.isdigit, first)):
        return False
    if any(_SEPARATORS.search(line) or "@" in line or _TELEPHONE.fullmatch(line.strip()) for line in lines):
        return False
    if any(map(str.isspace, first.strip())) and not all(len(line.split()) > 1 for line in below):
        return False
    return not _is_named(first, below, code_header) and _looks_like(first, below)


def _is_named(first: str, below: Sequence[str], code_header: str) -> bool:
    """Tell whether a word in it names a column, unless every code has that word: CODE-1, CODE-2."""
    words = [plain(word) for word in _WORDS.findall(first)]
    others = [set(map(plain, _WORDS.findall(line))) for line in below]
    known = CODE_WORDS | {plain(code_header)}
    return any(
        word in known or names_no_codes(word)
        for word in (*words, "".join(words))
        if not all(word in other for other in others)
    )


def _looks_like(first: str, below: Sequence[str]) -> bool:
    kinds = letter_kinds("".join(below))
    if not letter_kinds(first) <= kinds or "digit" not in kinds:
        return False
    lengths = [len(line.strip()) for line in below]
    # ABC-9 before ABC-10 is shorter, and yet one of them.
    return min(lengths) <= len(first.strip()) <= max(lengths) or _shape(first) in set(map(_shape, below))


def _shape(code: str) -> str:
    return re.sub(r"\d+", "0", code.strip())


def letter_kinds(text: str) -> frozenset[str]:
    """Return the kinds of letters and digits in a text."""
    kinds = {"upper": str.isupper, "lower": str.islower, "digit": str.isdigit}
    return frozenset(name for name, holds in kinds.items() if any(map(holds, text))) | {
        "letter" for char in text if char.isalpha() and char.upper() == char.lower()
    }
