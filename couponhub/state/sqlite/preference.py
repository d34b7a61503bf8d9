"""The connections that lookups ask first, in a private file beside the database."""

import json
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import attrs

from couponhub.errors import LocalError, UsageError
from couponhub.state.preference import checked_names
from couponhub.state.sqlite.files import private_folder, sync_folder
from couponhub.state.sqlite.layout import Layout


@attrs.frozen
class FilePreference:
    """A `LookupPreference` in a file; no table, for lookups read it, and must not wait for whoever writes the database.

    Args:
        layout: Where it lies.
    """

    layout: Layout

    def get(self) -> tuple[str, ...]:
        """As `LookupPreference.get`."""
        path = self.layout.preference
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise LocalError(f"{path} cannot be read: {error.strerror}", hint=_mend(path)) from error
        try:
            return checked_names(json.loads(content))
        except (ValueError, UsageError) as error:
            raise LocalError(
                f"{path} does not hold the names of connections as couponhub writes them", hint=_mend(path)
            ) from error

    def set(self, names: Sequence[str]) -> None:
        """As `LookupPreference.set`."""
        content = json.dumps(checked_names(list(names)), ensure_ascii=False)
        path = self.layout.preference
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        try:
            private_folder(path.parent)
            with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                file.write(f"{content}\n".encode())
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
            sync_folder(path.parent)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise LocalError(f"{path} cannot be written: {error.strerror}") from error


def _mend(path: Path) -> str:
    return f"put {path.name} back from a backup, or remove it: then the order of the config counts"
