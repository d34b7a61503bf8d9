"""The key of the customers' hashes: the one of the settings, or one in a file for its owner alone."""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import attrs

from couponhub.errors import LocalError
from couponhub.state.hashing import KEY_BYTES, HashKey
from couponhub.state.settings import StoreSettings


@attrs.frozen
class StoreKey:
    """The key of one store, on this machine. Thread-safe, and safe with other processes.

    Args:
        settings: Of the store. A key that they hold is used, and no file is looked at.
        file: Tells where it lies else.
    """

    settings: StoreSettings
    file: Callable[[], Path]

    @property
    def is_configured(self) -> bool:
        """True when the settings hold it."""
        return self.settings.key is not None

    @property
    def place(self) -> str:
        """The place where it stands, for people."""
        return "[store] key" if self.is_configured else str(self.file())

    def read(self) -> HashKey:
        """Return the key.

        Raises:
            LocalError: There is none, or the file holds none of ours.
        """
        if self.settings.key is not None:
            return HashKey(bytes.fromhex(self.settings.key.reveal()))
        path = self.file()
        try:
            secret = path.read_bytes()
        except OSError as error:
            raise LocalError(
                f"the key {path} of the usage index cannot be read: {error.strerror}",
                hint="restore it from a backup, or remove the index and import all reports again",
            ) from error
        if len(secret) != KEY_BYTES:
            raise LocalError(f"{path} holds no key of couponhub's", hint="restore it from a backup")
        return HashKey(secret)

    def make(self) -> HashKey:
        """Make the key if there is none; return the one that is there then.

        Raises:
            LocalError: As of `read`.
            OSError: It cannot be written.
        """
        if not self.is_configured and not self.file().exists():
            _write(self.file())
        return self.read()

    def adopt(self, key: HashKey | None) -> None:
        """Have this machine use a key that another store was made with; None for none.

        Raises:
            LocalError: It has another one.
        """
        if key is None:
            return
        if not self.is_configured and not self.file().exists():
            _write(self.file(), key)
        if self.read().check != key.check:
            raise LocalError(
                f"{self.place} is another key than the one that the store to be copied was made with",
                hint="set [store] key to that one, or leave it out and remove the file",
            )


def _write(path: Path, key: HashKey | None = None) -> None:
    # Under another name first: whoever finds the key must find all of it.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES) if key is None else key.secret())
        file.flush()
        os.fsync(file.fileno())
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
