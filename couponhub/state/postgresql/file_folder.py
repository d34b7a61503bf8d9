"""Stored files in a folder that all machines see."""

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path

from couponhub.errors import LocalError
from couponhub.state.postgresql.local_copies import new_file, pieces_of
from couponhub.state.sqlite.files import private_folder, sync_folder

_FOLDER = "files"
_UNFINISHED = ".part"
_PIECE = 1 << 20


class FolderFiles:
    """`StoredFiles` below `files/` of a folder and the state's own name there, for its owner alone.

    Not through the library for object stores, which makes files readable for all and leaves them to the system's memory.

    Args:
        folder: An absolute path; made with the first file.
        home: Tells the state's name.
    """

    def __init__(self, folder: Path, home: Callable[[], str]) -> None:
        self._place = folder
        self._home = home

    @property
    def place(self) -> str:
        """As `StoredFiles.place`."""
        return str(self._place)

    def put(self, name: str, path: Path) -> None:
        """As `StoredFiles.put`."""
        try:
            private_folder(self._folder)
            unfinished = self._folder / f"{secrets.token_hex(16)}{_UNFINISHED}"
            try:
                with new_file(unfinished) as write:
                    for piece in pieces_of(path):
                        write(piece)
                with unfinished.open("rb+") as file:
                    os.fsync(file.fileno())
                os.link(
                    unfinished, self._folder / name
                )  # raises when the name is taken, as a rename would not
                sync_folder(self._folder)
            finally:
                unfinished.unlink(missing_ok=True)
        except OSError as error:
            raise self._fault("written", error) from error

    def fetch(self, name: str, path: Path) -> bool:
        """As `StoredFiles.fetch`."""
        try:
            with (self._folder / name).open("rb") as file, new_file(path) as write:
                while piece := file.read(_PIECE):
                    write(piece)
        except FileNotFoundError as error:
            if not self._folder.is_dir():  # a share that is not mounted has lost nothing
                raise self._fault("read", error) from error
            return False
        except OSError as error:
            raise self._fault("read", error) from error
        return True

    def ages(self) -> Iterator[tuple[str, float]]:
        """As `StoredFiles.ages`."""
        try:
            with os.scandir(self._folder) as found:
                times = [(one.name, one.stat().st_mtime) for one in found]
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._fault("read", error) from error
        now = max((time for _, time in times), default=0.0)
        yield from ((name, now - time) for name, time in times)

    def remove(self, names: Iterable[str]) -> None:
        """As `StoredFiles.remove`."""
        try:
            for name in names:
                (self._folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise self._fault("removed", error) from error

    @cached_property
    def _folder(self) -> Path:
        return self._place / _FOLDER / self._home()

    def _fault(self, done: str, error: OSError) -> LocalError:
        return LocalError(
            f"files of the store in {self.place} cannot be {done}: {error.strerror}",
            hint="mount the folder of [store] files on this machine, writable for this user, with space in it",
        )
