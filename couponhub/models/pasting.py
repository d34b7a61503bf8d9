"""Text that was copied out of mails, pages and tables: what clings to it, and how it comes off."""

import unicodedata

from couponhub.shown import is_invisible

_PAIRS = frozenset(
    {'""', "''", "``", "<>", "\u201c\u201d", "\u201e\u201c", "\u201e\u201d", "\u2018\u2019", "\u00ab\u00bb"}
)
TAKE_AS_TEXT = (
    "take it as text from where it came from, before a spreadsheet or a data frame made a number of it"
)
"""The mend of what was a text of digits."""
_SEPARATORS = ",;"


def trimmed(text: str) -> str:
    """Without blanks of any width, and what is invisible, at its ends."""
    if text.isascii():
        return text.strip()
    start, end = 0, len(text)
    while start < end and _is_unseen(text[start]):
        start += 1
    while start < end and _is_unseen(text[end - 1]):
        end -= 1
    return text[start:end]


def unwrapped(text: str) -> str:
    """Without quotes and angle brackets around it, commas and semicolons behind it, and what `trimmed` takes."""
    while True:
        plain = trimmed(trimmed(text).rstrip(_SEPARATORS))
        if len(plain) > 1 and plain[0] + plain[-1] in _PAIRS:
            plain = plain[1:-1]
        if plain == text:
            return plain
        text = plain


def half_width(text: str) -> str:
    """With ASCII in place of its full-width twins, and of the digits of every script."""
    return text if text.isascii() else "".join(map(_half_width, text))


def _half_width(char: str) -> str:
    if "\uff01" <= char <= "\uff5e":
        return chr(ord(char) - 0xFEE0)
    digit = unicodedata.decimal(char, None)
    return char if digit is None else str(digit)


def _is_unseen(char: str) -> bool:
    return char.isspace() or is_invisible(char)
