"""Names and contents of what lies in Redis, so that whoever reads there learns nothing: keyed hashes, and AES-GCM."""

import hmac
import secrets

from couponhub.state.hashing import HashKey

_NONCE_BYTES = 12
_NAME_BYTES = 16


class Seal:
    """Names things, and seals what is kept under a name. Thread-safe.

    Each name has a key of its own: so few things are sealed with one that its random numbers never meet.

    Args:
        key: That of all who share the state.
    """

    def __init__(self, key: HashKey) -> None:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - the same

        # Here, and not on a thread that might come to it while the process ends, which would abort it.
        self._cipher, self._invalid = AESGCM, InvalidTag
        self._names = key.derived("couponhub shared names")
        self._contents = key.derived("couponhub shared contents")

    def name(self, *parts: bytes) -> str:
        """Return the name of something; who does not hold the key cannot tell of what, even by guessing."""
        # With their lengths: ("a", "bc") is not ("ab", "c").
        whole = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.digest(self._names, whole, "sha256")[:_NAME_BYTES].hex()

    def closed(self, content: bytes, name: str, beside: bytes) -> bytes:
        """Seal something.

        Args:
            content: What.
            name: What it is kept under.
            beside: What must be known, and unchanged, when it is opened.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher(self._key_of(name)).encrypt(nonce, content, beside)

    def opened(self, sealed: bytes, name: str, beside: bytes) -> bytes | None:
        """Return what was sealed; None where it was sealed with another key, under another name, or was changed."""
        try:
            return self._cipher(self._key_of(name)).decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], beside
            )
        except (self._invalid, ValueError):  # the latter: too short to be anything
            return None

    def _key_of(self, name: str) -> bytes:
        return hmac.digest(self._contents, name.encode(), "sha256")
