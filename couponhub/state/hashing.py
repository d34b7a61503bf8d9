"""Customers as the usage index knows them: keyed hashes, from which nobody without the key finds a customer."""

from collections.abc import Sequence
from hashlib import blake2b, blake2s

import attrs

from couponhub.models import Identifier

_DIGEST_BYTES = 16
DIGEST_CHARS = 2 * _DIGEST_BYTES
KEY_BYTES = 32
_DERIVED_BYTES = 32


@attrs.frozen
class HashKey:
    """The key of the hashes."""

    _secret: bytes = attrs.field(repr=False)

    @property
    def check(self) -> str:
        """Text that tells this key from others, and nothing of it."""
        return blake2b(b"couponhub usage index", key=self._secret, digest_size=8).hexdigest()

    def secret(self) -> bytes:
        """Return the key itself, to be written into a file for its owner alone."""
        return self._secret

    def derived(self, purpose: str) -> bytes:
        """Return 32 bytes for another purpose, such as sealing values; nobody finds this key from them, nor others'."""
        return blake2b(
            purpose.encode(), key=self._secret, digest_size=_DERIVED_BYTES, person=b"couponhub key"
        ).digest()

    def of_all(self, values: Sequence[str], kind: Identifier) -> list[str]:
        """Return the hashes of many identifiers of one kind, each in the one spelling that all of its customer's have."""
        return self.of_each([value.encode() for value in values], kind)

    def of_each(self, values: Sequence[bytes], kind: Identifier) -> list[str]:
        """As `of_all`, of values in UTF-8."""
        # A key for each kind, so that one customer's e-mail address is nobody else's number.
        key = blake2s(kind.encode(), key=self._secret).digest()
        begun = blake2s(key=key, digest_size=_DIGEST_BYTES)
        hashes = []
        for value in values:
            # A copy of what has taken the key in already: half of the work is that.
            one = begun.copy()
            one.update(value)
            hashes.append(one.hexdigest())
        return hashes

    def fingerprint(self) -> blake2b:
        """Return a hash to be fed the content of a file, which then tells it from others."""
        return blake2b(key=self._secret, digest_size=_DIGEST_BYTES)
