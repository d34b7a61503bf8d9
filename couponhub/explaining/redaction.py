"""Takes known codes, identifiers and secrets out of whatever is to be shown to strangers."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

_MASK = "***"
_SHORTEST = 4
"""Shorter texts would be found in every word; they are masked where they stand alone."""
_TELLING_DIGITS = 8
"""Of a telephone number, however its beginning is spelled."""


class Redactor:
    """Masks texts, wherever they stand in a document.

    Args:
        known: What must not be shown.
    """

    def __init__(self, known: Iterable[str]) -> None:
        texts = {text for text in known if text.strip()}
        self._whole = {text.casefold() for text in texts}
        parts = {re.escape(text) for text in texts if len(text) >= _SHORTEST}
        for text in texts:
            digits = re.sub(r"\D", "", text)
            if len(digits) >= _TELLING_DIGITS:
                tail = r"\D?".join(digits[-_TELLING_DIGITS:])
                parts.add(rf"\d*{tail}")
            before, _, _ = text.rpartition("@")
            if len(before) >= _SHORTEST:
                parts.add(re.escape(before))
        longest_first = sorted(parts, key=len, reverse=True)
        self._pattern = re.compile("|".join(longest_first) or r"(?!)", re.IGNORECASE)

    def document(self, value: Any) -> Any:
        """The same document with every known text masked, in keys too."""
        match value:
            case str():
                return self.text(value)
            case Mapping():
                return {self.text(str(key)): self.document(inner) for key, inner in value.items()}
            case list() | tuple():
                return [self.document(inner) for inner in value]
            case _:
                return value

    def text(self, text: str) -> str:
        """The same text, masked."""
        return _MASK if text.casefold() in self._whole else self._pattern.sub(_MASK, text)
