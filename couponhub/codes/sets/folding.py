"""Many codes at once as a vendor compares them, and as people see them."""

import re
import unicodedata

import attrs

from couponhub.state import comparable

_BLANK = re.compile(rb"[\t\v\f\r\x1c-\x1f ]")
"""The characters that `str.strip` takes off, as far as it is ASCII and no LF."""


@attrs.frozen(kw_only=True)
class Folding:
    """The bytes that a vendor does not tell apart; see `comparable`."""

    ignores_case: bool = False
    ignores_blanks: bool = False

    @property
    def folds(self) -> bool:
        """True where two codes that are spelled otherwise may be one."""
        return self.ignores_case or self.ignores_blanks

    def keys(self, text: bytes) -> bytes:
        """Return lines of codes as they are compared; the very same object where that is how they are spelled.

        Args:
            text: UTF-8, each line with its LF.
        """
        if not self.folds:
            return text
        folded = self._ascii(text) if text.isascii() else self._any(text)
        return text if folded == text else folded

    def _ascii(self, text: bytes) -> bytes:
        if self.ignores_case:
            text = text.upper()
        return self._any(text) if self.ignores_blanks and _BLANK.search(text) else text

    def _any(self, text: bytes) -> bytes:
        codes = text.decode().removesuffix("\n").split("\n")
        keys = comparable(codes, ignores_case=self.ignores_case, ignores_blanks=self.ignores_blanks)
        return "".join(f"{key}\n" for key in keys).encode()


def composed(text: bytes) -> bytes:
    """Return lines with their accents composed in the one way; the very same object where they are."""
    if text.isascii():
        return text
    spelled = text.decode()
    # A LF goes together with nothing, so that all lines may be looked at in one.
    if unicodedata.is_normalized("NFC", spelled):
        return text
    return unicodedata.normalize("NFC", spelled).encode()
