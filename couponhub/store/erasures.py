"""Tells every process with the same store that people were forgotten, so that none goes on remembering them."""

import os
import secrets
from contextlib import suppress

import attrs

from couponhub.errors import LocalError
from couponhub.store.settings import StoreSettings


@attrs.frozen
class Erasures:
    """A private file beside the database that is another after each erasure; it says nothing of whom it was about.

    No table: whoever only looks up must be able to notice without a database that can be opened.

    Args:
        settings: Of the store.
    """

    settings: StoreSettings

    def announce(self) -> None:
        """Let all others know, for good when this returns.

        Raises:
            LocalError: It cannot be written.
        """
        path = self.settings.path.with_suffix(".erasures")
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                file.write(secrets.token_bytes(16))
                os.fsync(file.fileno())
            fresh.replace(path)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise LocalError(f"the store's files cannot be written: {error.strerror}") from error

    def latest(self) -> bytes:
        """What tells one erasure from the next; b"" while there was none, or none can be read."""
        try:
            return self.settings.path.with_suffix(".erasures").read_bytes()
        except (OSError, LocalError):
            return b""
