"""The signal that people were forgotten, as a file."""

import os
import secrets
from contextlib import suppress

import attrs

from couponhub.errors import LocalError
from couponhub.state.sqlite.layout import Layout


@attrs.frozen
class FileSignal:
    """An `InvalidationSignal` in a private file beside the database; no table, for reading must need no database.

    Args:
        layout: Where it lies.
    """

    layout: Layout

    def announce(self) -> None:
        """As `InvalidationSignal.announce`."""
        path = self.layout.erasures
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
        """As `InvalidationSignal.latest`."""
        try:
            return self.layout.erasures.read_bytes()
        except (OSError, LocalError):
            return b""
