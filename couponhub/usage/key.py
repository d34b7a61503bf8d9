"""Customers as the index knows them: keyed hashes, from which nobody without the key finds a customer."""

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b, blake2s
from pathlib import Path

import attrs

from couponhub.errors import LocalError
from couponhub.models import Customer, Identifier
from couponhub.usage.cells import same_customer

_DIGEST_BYTES = 16
DIGEST_CHARS = 2 * _DIGEST_BYTES
_KEY_BYTES = 32


@attrs.frozen
class HashKey:
    """The key of the hashes."""

    _secret: bytes = attrs.field(repr=False)

    @classmethod
    def read(cls, path: Path) -> "HashKey":
        """The key in a file.

        Raises:
            LocalError: There is none, or it is none of ours.
        """
        try:
            secret = path.read_bytes()
        except OSError as error:
            raise LocalError(
                f"the key {path} of the usage index cannot be read: {error.strerror}",
                hint="restore it from a backup, or remove the index and import all reports again",
            ) from error
        if len(secret) != _KEY_BYTES:
            raise LocalError(f"{path} holds no key of couponhub's", hint="restore it from a backup")
        return cls(secret)

    @classmethod
    def made(cls, path: Path) -> "HashKey":
        """The key in a file that is made, for its owner alone, if it is not there."""
        if not path.exists():
            # Under another name first: whoever finds the key must find all of it.
            draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
            with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                file.write(secrets.token_bytes(_KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            try:
                with suppress(FileExistsError):
                    os.link(draft, path)
            finally:
                draft.unlink()
        return cls.read(path)

    @property
    def check(self) -> str:
        """Tells this key from others, and nothing of it."""
        return blake2b(b"couponhub usage index", key=self._secret, digest_size=8).hexdigest()

    def of(self, customer: Customer) -> str:
        """The hash of a customer, the same for all spellings of the identifier."""
        kind = customer.identifier
        return self.of_all([same_customer(kind, customer.plain)], kind)[0]

    def of_all(self, values: Sequence[str], kind: Identifier) -> list[str]:
        """The hashes of many identifiers of one kind, as `same_customer` answers them."""
        # A key for each kind, so that one customer's e-mail address is nobody else's number.
        key = blake2s(kind.encode(), key=self._secret).digest()
        return [blake2s(value.encode(), key=key, digest_size=_DIGEST_BYTES).hexdigest() for value in values]

    def fingerprint(self) -> blake2b:
        """What is fed the content of a file and then tells it from others."""
        return blake2b(key=self._secret, digest_size=_DIGEST_BYTES)
