"""Private folders of this machine, for a state that lies elsewhere: files in the making, and copies of those that are read."""

import os
import secrets
import stat
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from weakref import finalize

from couponhub.errors import LocalError
from couponhub.forking import PerProcess, ProcessLock
from couponhub.paths import user_folder
from couponhub.state.postgresql.local_copies import told_of_disk
from couponhub.state.reaped import Reaped
from couponhub.state.workspaces import reap_workspaces, workspace

INDEX = ".index"
"""The ending of what lies beside a copy."""


class LocalFiles:
    """The folders of one state on this machine. Thread-safe; a forked process has its own.

    What a process has copied here ends with it; what a killed one left is removed by whoever needs a folder next.

    Args:
        home: Tells where they lie; asked when the first is needed.
    """

    def __init__(self, home: Callable[[], Path] | None = None) -> None:
        self._home = home or machine_folder
        self._lock = ProcessLock()
        self._own = PerProcess(_Copies)

    def workspace(self) -> AbstractContextManager[Path]:
        """As `Ledger.workspace`."""
        return workspace(self._home())

    def copy(self, name: str, fetch: Callable[[Path], None]) -> Path:
        """Return the copy of a file, which this process has or fetches now; to be read only.

        Args:
            name: Of the file; it never changes.
            fetch: Makes the copy, at a path where nothing is.

        Raises:
            LocalError: Whatever `fetch` raises, or nothing can be written here.
        """
        path = self._folder() / name
        if not path.exists():
            unfinished = path.with_name(f"{name}.{secrets.token_hex(8)}")
            try:
                fetch(unfinished)
                os.replace(unfinished, path)  # noqa: PTH105 - says better than Path.replace which is which
            finally:
                unfinished.unlink(missing_ok=True)
        return path

    def adopt(self, name: str, path: Path) -> Path:
        """Take a file of a workspace for the copy of one that was put, and return where it then is."""
        with told_of_disk("keeping a copy"):
            copy = self._folder() / name
            path.chmod(0o600)
            os.replace(path, copy)  # noqa: PTH105 - as above
        return copy

    def index_of(self, name: str) -> Path:
        """Return a place beside the copy of a file."""
        return self._folder() / f"{name}{INDEX}"

    def names(self) -> list[str]:
        """Return the files of which this process has whole copies."""
        folder = self._own.get().folder
        found = [] if folder is None else list(folder.glob("*"))
        return [path.name for path in found if not path.suffix]

    def drop(self, *names: str) -> None:
        """Remove copies of this process, and what lies beside them; those that are not there are fine."""
        folder = self._own.get().folder
        if folder is not None:
            for name in names:
                for path in (folder / name, folder / f"{name}{INDEX}"):
                    path.unlink(missing_ok=True)

    def reap(self) -> Reaped:
        """Remove what killed processes left."""
        return reap_workspaces(self._home())

    def close(self) -> None:
        """Remove all copies of this process; a later use makes them anew."""
        own = self._own.get()
        with self._lock:
            own.folder = None
            own.held.close()

    def _folder(self) -> Path:
        own = self._own.get()
        with self._lock:
            if own.folder is None or not own.folder.exists():
                own.held.close()
                own.folder = own.held.enter_context(workspace(self._home()))
            return own.folder


class _Copies:
    """The folder of one process; it ends with the process, however long who uses it lives."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.held = ExitStack()
        finalize(self, self.held.close)


def machine_folder() -> Path:
    """Return the private folder of this user on this machine, which holds codes: it must be nobody else's.

    Raises:
        LocalError: It is, or cannot be made.
    """
    home = user_folder("state")
    folder = Path(tempfile.gettempdir()) / f"couponhub-{os.getuid()}" if home is None else home / "work"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise LocalError(
            f"no files can be written in {folder}: {error.strerror}",
            hint="set XDG_STATE_HOME to a folder that this user may write",
        ) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise LocalError(
            f"{folder} is not this user's alone, and codes would lie there",
            hint="make it so, with chown and chmod 700, or set XDG_STATE_HOME to another folder",
        )
    return folder
