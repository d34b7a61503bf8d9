"""Traces that spreadsheets, data frames and pasting leave on codes and identifiers, told from what people mean.

A number that a spreadsheet rounded stands for many codes, and an invisible character makes two identifiers of one.
Only what no code and no identifier looks like by itself counts: `1e5`, `007` and ` 12` are left alone.
"""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from operator import itemgetter

from couponhub.shown import is_invisible


class Damage(StrEnum):
    """A way in which software ruins text; the values are words for people, which follow "it is"."""

    ROUNDED = "a rounded number"
    """`1.23457E+11`, `9e+11`, `1,2E15`: stands for many."""
    DECIMAL = "a number with a decimal point"
    """`123456.0`, `123456,00`: a data frame took digits for a measure."""
    FORMULA = "a formula"
    """`="00123"`: a spreadsheet's way to keep zeros in front."""
    APOSTROPHE = "text behind an apostrophe"
    """`'00123`: what is typed into a cell to keep zeros in front."""
    NOTHING = "a word for nothing"
    """`NULL`, `nan`, `N/A`: there was no value."""
    ERROR = "a spreadsheet's error"
    """`#REF!`, `#N/A`."""


_FORMS = {
    Damage.ROUNDED: re.compile(r"[+-]?(?:\d+(?:[.,]\d+)?[eE]\+\d+|\d[.,]\d+[eE]\d{2,})", re.ASCII),
    Damage.DECIMAL: re.compile(r"\d+[.,]0+", re.ASCII),
    Damage.ERROR: re.compile(r"#(?:REF!|N/A|NAME\?|VALUE!|DIV/0!|NULL!|NUM!|SPILL!|CALC!|#+)", re.IGNORECASE),
}
NOTHING_WORDS = frozenset(
    {
        "null",
        "nan",
        "none",
        "nil",
        "n/a",
        "na",
        "<na>",
        "nat",
        "undefined",
        "(null)",
        "\\n",
        "-",
        "n.a.",
    }
)
"""The words of `Damage.NOTHING`, in lower case."""
_BEGINNINGS = frozenset("=' #-") | {form for word in NOTHING_WORDS for form in (word[0], word[0].upper())}
"""Of formulas, of text behind an apostrophe, of errors and of words for nothing."""
_FIRST = itemgetter(slice(1))
_ODD = re.compile(
    r"\n *(?:[='#]|[+-]?\d+(?:[.,]\d|e\+)|(?:-+|"
    + "|".join(map(re.escape, sorted(NOTHING_WORDS)))
    + r") *\n)",
    re.ASCII | re.IGNORECASE,
)


def damage_of(text: str) -> Damage | None:
    """Name what ruined the text, blanks around it aside; None where nothing did, and for empty text."""
    text = text.strip()
    if text[:1] == "=" and len(text) > 1:
        return Damage.FORMULA
    if text[:1] == "'":
        return Damage.APOSTROPHE
    if text.casefold() in NOTHING_WORDS or (text and not text.strip("-")):
        return Damage.NOTHING
    return next((damage for damage, form in _FORMS.items() if form.fullmatch(text)), None)


def any_odd(texts: Sequence[str]) -> bool:
    """Look many texts over for what `damage_of` and `invisible_in` may name.

    Much quicker than they are, and never wrong in saying no; what is odd they have to say of each text. Control
    characters are odd, and so is whatever is not ASCII.
    """
    joined = "".join(texts)
    if not (joined.isascii() and joined.isprintable()):
        return True
    if not ("." in joined or "," in joined or "+" in joined) and not may_begin_damage(map(_FIRST, texts)):
        return False
    return _ODD.search("\n".join(["", *texts, ""])) is not None


def may_begin_damage(firsts: Iterable[str]) -> bool:
    """Tell whether one of these characters begins what `damage_of` may name, where no point, comma or plus stands in it."""
    return not _BEGINNINGS.isdisjoint(firsts)


def invisible_in(text: str) -> bool:
    """Tell whether a character is among it that nobody sees: zero-width, direction or byte-order marks, soft hyphens.

    Blanks do not count, whatever their width: see `str.isspace`.
    """
    return not text.isascii() and any(is_invisible(char) for char in text)
