"""The key of the customers' hashes, in a file for its owner alone."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from couponhub.errors import LocalError
from couponhub.state.hashing import KEY_BYTES, HashKey


def read_key(path: Path) -> HashKey:
    """Read the key in a file.

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
    if len(secret) != KEY_BYTES:
        raise LocalError(f"{path} holds no key of couponhub's", hint="restore it from a backup")
    return HashKey(secret)


def make_key(path: Path) -> HashKey:
    """Make a key in a file if it is not there; return the key that is in it then."""
    if not path.exists():
        # Under another name first: whoever finds the key must find all of it.
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            with suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink()
    return read_key(path)
