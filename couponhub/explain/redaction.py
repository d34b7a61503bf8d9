"""Takes known codes, identifiers and secrets out of whatever is to be shown to strangers."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_MASK = "***"
_SHORTEST = 4
"""Shorter texts would be found in every word; they are masked where they stand alone."""
_TELLING_DIGITS = 8
"""Of a telephone number, however its beginning is spelled."""


_DIGITS = frozenset("0123456789")
_NUMBER = re.compile(rf"[0-9](?:[^0-9]?[0-9]){{{_TELLING_DIGITS - 1},}}", re.DOTALL)


class Redactor:
    """Masks texts, wherever they stand in a document and in whatever case.

    It takes a time that grows with the document, hardly with how much is known: an explanation can hold tens of
    thousands of codes, each of which would be looked for everywhere.

    Args:
        known: What must not be shown.
    """

    def __init__(self, known: Iterable[str]) -> None:
        texts = {_lowered(text) for text in known if text.strip()}
        self._whole = texts
        parts = {text for text in texts if len(text) >= _SHORTEST}
        parts |= {before for text in texts if len(before := text.rpartition("@")[0]) >= _SHORTEST}
        self._beginnings = {part[:_SHORTEST] for part in parts}
        self._parts: dict[int, set[str]] = defaultdict(set)
        for part in parts:
            self._parts[len(part)].add(part)
        self._lengths = sorted(self._parts, reverse=True)
        numbers = (re.sub(r"\D", "", text) for text in texts)
        self._tails = {digits[-_TELLING_DIGITS:] for digits in numbers if len(digits) >= _TELLING_DIGITS}

    def document(self, value: Any) -> Any:
        """Return the document with every known text masked, in keys too."""
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
        """Return the text, masked."""
        lowered = _lowered(text)
        if lowered in self._whole:
            return _MASK
        kept: list[str] = []
        end = 0
        for start, stop in _joined(sorted([*self._found(lowered), *self._numbers(lowered)])):
            kept += text[end:start], _MASK
            end = stop
        return "".join([*kept, text[end:]]) if kept else text

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """Return the places of known texts, from where to where."""
        at = 0
        while at + _SHORTEST <= len(text):
            length = 0
            if text[at : at + _SHORTEST] in self._beginnings:
                # The longest of those that begin here: a shorter one would leave the end of it to be seen.
                length = next((one for one in self._lengths if text[at : at + one] in self._parts[one]), 0)
            if length:
                yield at, at + length
            at += length or 1

    def _numbers(self, text: str) -> Iterator[tuple[int, int]]:
        """Return the places of known numbers, with what stands between their digits, and the digits right before them."""
        if not self._tails:
            return
        for run in _NUMBER.finditer(text):
            digits = [at for at in range(*run.span()) if text[at] in _DIGITS]
            shown = "".join(text[at] for at in digits)
            for first in range(len(shown) - _TELLING_DIGITS + 1):
                if shown[first : first + _TELLING_DIGITS] in self._tails:
                    start = digits[first]
                    while start > run.start() and text[start - 1] in _DIGITS:
                        start -= 1
                    yield start, digits[first + _TELLING_DIGITS - 1] + 1


def _lowered(text: str) -> str:
    """The text in lower case, character for character: places in it are places in the text."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(_lower(char) for char in text)


def _lower(char: str) -> str:
    lowered = char.lower()
    return lowered if len(lowered) == 1 else char


def _joined(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Return these places, with those that overlap as one."""
    start = end = -1
    for begins, ends in spans:
        if begins <= end:
            end = max(end, ends)
            continue
        if end > 0:
            yield start, end
        start, end = begins, ends
    if end > 0:
        yield start, end
