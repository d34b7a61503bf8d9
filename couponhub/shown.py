"""Text from elsewhere, made fit to be shown: what a vendor or a file says steers no terminal and hides nothing."""

import re
import unicodedata

_LONGEST = 2000
"""Characters of one text that people are shown; vendors' own fields and sentences are far shorter."""
# Invisible, but no format characters: fillers, variation selectors and blanks that are no blanks.
_UNSEEN = frozenset(
    "\N{COMBINING GRAPHEME JOINER}\N{HANGUL CHOSEONG FILLER}\N{HANGUL JUNGSEONG FILLER}\N{HANGUL FILLER}"
    "\N{HALFWIDTH HANGUL FILLER}\N{BRAILLE PATTERN BLANK}\N{KHMER VOWEL INHERENT AQ}\N{KHMER VOWEL INHERENT AA}"
)
_FORMULA = re.compile(
    "[=+\\-@\t\r\n\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}]"
)
"""Spreadsheets take wide letters, as they are typed in Japan, for the same."""


def shown(text: str, *, keep: str = "") -> str:
    """The text with its control characters, direction marks and whatever else nobody sees written as escapes.

    A terminal obeys the first, and the second make it show text in another order than it stands; a line break would
    begin a line of its own, and a code with an invisible character looks like another code. Blanks stay.

    Args:
        text: What somebody else wrote.
        keep: Characters that stay as they are.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char in keep or is_visible(char) else _escaped(char) for char in text)


def shortened(text: str) -> str:
    """The beginning of a text that is too long for people, with its length; any other as it is."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)"


def no_formula(text: str) -> str:
    """The text as a cell that spreadsheets show and do not work out: one that begins like a formula is led by `'`."""
    return f"'{text}" if _FORMULA.match(text) else text


def encodable(text: str) -> str:
    """The text as UTF-8 can hold it: half a surrogate pair, which JSON can name and nothing can store, as its escape."""
    return text.encode("utf-8", "backslashreplace").decode()


def is_visible(char: str) -> bool:
    """Tell whether this one character can be shown as it is."""
    return char.isprintable() and not is_invisible(char)


def is_invisible(char: str) -> bool:
    """Tell whether nobody sees this one character, blanks aside."""
    if char.isascii():
        return False
    return (
        unicodedata.category(char) == "Cf"
        or char in _UNSEEN
        or "\ufe00" <= char <= "\ufe0f"  # variation selectors
        or "\U000e0100" <= char <= "\U000e01ef"  # more of them
    )


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
